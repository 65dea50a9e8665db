// SPDX-License-Identifier: Apache-2.0

internal import CGit2
internal import Glibc
internal import MusterModel
internal import MusterSystem

extension Repository {
    private static let sourcePrefix = "MUSTER_SENDING_"
    /// A file that a killed process left; no push lives as long.
    private static let sourceAge: Int64 = 3600

    /// Runs the work with a name for the commit, as libgit2 pushes names only.
    ///
    /// The name is a file beside `HEAD`, like git's own `FETCH_HEAD`: no branch, no reflog, no lock, and gone afterwards.
    func withSource<Value>(of commit: ObjectID, _ work: (String) throws -> Value) throws -> Value {
        let folder = String(cString: git_repository_path(handle))
        removeOldSources(in: folder)
        // Letters and underscores only, or libgit2 takes it for no name. Unique over processes, and over machines nearly.
        let unique = "\(letters(UInt64(getpid())))_\(letters(UInt64(readClocks().boot)))"
        let name = Self.sourcePrefix + unique
        let path = folder + name
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw cannotWrite(path, errno) }
        defer { unlink(path) }  // one that stays is removed by a later process
        let bytes = Array("\(commit)\n".utf8)
        let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        let number = errno
        close(descriptor)
        guard written == bytes.count else { throw cannotWrite(path, number) }
        return try work(name)
    }

    private func cannotWrite(_ path: String, _ number: Int32) -> MusterError {
        MusterError(
            code: "git.write-failed", "\(path) cannot be written: \(String(cString: strerror(number))).",
            help: "Check the disk's free space and the rights on \(commonFolder).", status: .stuck)
    }

    private func letters(_ number: UInt64) -> String {
        String(
            String(number, radix: 16).utf8.map { digit in
                let value = digit < UInt8(ascii: "a") ? digit - UInt8(ascii: "0") : digit - UInt8(ascii: "a") + 10
                return Character(Unicode.Scalar(UInt8(ascii: "A") + value))
            })
    }

    private func removeOldSources(in folder: String) {
        for name in namesOfFiles(in: folder, prefix: Self.sourcePrefix) {
            var information = stat()
            if lstat(folder + name, &information) == 0, time(nil) - information.st_mtim.tv_sec > Self.sourceAge {
                unlink(folder + name)
            }
        }
    }
}

/// Names of a folder's files that begin so, sorted; none when it cannot be read.
func namesOfFiles(in folder: String, prefix: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name.hasPrefix(prefix) { names.append(name) }
    }
    return names.sorted()
}
