// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterModel

/// Writes a small file that is whole after a crash: beside it first, synced, then renamed.
func writeFile(_ path: String, _ bytes: [UInt8]) throws(MusterError) {
    let temporary = path + ".new"
    func failure(_ what: String) -> MusterError {
        MusterError(
            code: "state.cannot-write", "\(path) could not be written (\(what)): \(String(cString: strerror(errno))).",
            help: "Look at the disk's space and the folder's permissions.", status: .preconditionUnmet)
    }
    // Whoever may put a link there does not choose what is written over.
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw failure("open") }
    defer { close(descriptor) }
    var from = 0
    while from < bytes.count {
        let count = bytes[from...].withUnsafeBytes { write(descriptor, $0.baseAddress!, $0.count) }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw failure("write") }
        from += count
    }
    guard fsync(descriptor) == 0 else { throw failure("sync") }
    guard rename(temporary, path) == 0 else { throw failure("rename") }
    guard syncFolder(parentFolder(path)) else { throw failure("sync of the folder") }
}

/// Makes the folder and those above it, for their owner only; what is there stays. Its name and its parent's are on the disk afterwards,
/// and those of every folder that was made.
func makeFolders(_ folder: String) throws(MusterError) {
    // One that is named from the current folder on is made there.
    var path = folder.hasPrefix("/") ? "/" : ""
    var parents = [parentFolder(folder), parentFolder(parentFolder(folder))]
    for name in folder.split(separator: "/") {
        path += name
        if mkdir(path, 0o700) == 0 { parents.append(parentFolder(path)) }
        path += "/"
    }
    for parent in Set(parents) where !syncFolder(parent) {
        throw MusterError(
            code: "state.cannot-write", "The folder \(folder) could not be made: \(String(cString: strerror(errno))).",
            help: "Look at the disk's space and the permissions of \(parent).", status: .preconditionUnmet)
    }
}

/// What was made, renamed or removed in the folder is on the disk afterwards.
func syncFolder(_ path: String) -> Bool {
    let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return false }
    defer { close(folder) }
    return fsync(folder) == 0
}

private func parentFolder(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}
