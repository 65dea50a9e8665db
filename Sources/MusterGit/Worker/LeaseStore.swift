// SPDX-License-Identifier: Apache-2.0

internal import CGit2
internal import Glibc
internal import MusterModel
internal import MusterSystem

/// A repository of this worker's own for the objects of leases: each look at a lease that changed brings a pack, which would
/// fill the operator's repository over a long drill. It holds nothing that the remote does not have, and goes with its worker.
final class LeaseStore {
    let repository: Repository
    private let folder: String
    private var uses = 0

    /// After so many requests a new one is begun, so that none grows without end.
    private static let usesLimit = 200
    /// One that stands for a worker of another machine, on a disk that both share, is taken for left behind after this time.
    private static let foreignAge: Int64 = 86_400
    private static let prefix = "leases-"

    /// - Parameter parent: `muster/` in the git folder.
    init(in parent: String, _ opening: WorkerOpening) throws {
        mkdir(parent, 0o777)  // when it fails, the next call says why
        Self.removeLeftovers(in: parent)
        let own = "\(Self.prefix)\(getpid())-\(WriterNote.startTime(of: getpid()) ?? 0)-\(Self.place)"
        folder = parent + own
        Self.remove(folder)
        // As little as makes a repository; libgit2 makes the rest when it writes. Packs that come into a folder that was not
        // there when it opened the objects are not seen.
        for path in [folder, folder + "/objects", folder + "/objects/pack", folder + "/refs"]
        where mkdir(path, 0o777) != 0 {
            throw Self.cannotWrite(path)
        }
        try Self.write("ref: refs/heads/none\n", to: folder + "/HEAD")
        try Self.write("[core]\n\trepositoryformatversion = 0\n\tbare = true\n", to: folder + "/config")
        repository = try Repository(
            WorkerOpening(folder: folder, seed: opening.seed, userConfigFiles: [], home: opening.home))
    }

    deinit { Self.remove(folder) }

    /// Counts a use; false when another store should be made.
    func mayBeUsed() -> Bool {
        uses += 1
        return uses <= Self.usesLimit && access(folder + "/HEAD", F_OK) == 0
    }

    /// Tells this machine and boot from others.
    private static var place: String {
        String(Digest(of: "\(Host.name) \(WriterNote.currentBoot())".utf8).hex.prefix(12))
    }

    private static func removeLeftovers(in parent: String) {
        for name in namesOfFiles(in: parent, prefix: prefix) {
            let parts = name.dropFirst(prefix.count).split(separator: "-")
            var information = stat()
            guard parts.count == 3, let process = Int32(parts[0]), let started = UInt64(parts[1]),
                lstat(parent + name, &information) == 0
            else { continue }
            let isDead =
                parts[2] == place
                ? WriterNote.startTime(of: process) != started
                : time(nil) - information.st_mtim.tv_sec > foreignAge
            if isDead { remove(parent + name) }
        }
    }

    /// What can't be removed now is removed by a later worker.
    private static func remove(_ path: String) {
        var information = stat()
        guard lstat(path, &information) == 0 else { return }
        if information.st_mode & S_IFMT == S_IFDIR {
            for name in namesOfFiles(in: path, prefix: "") where name != "." && name != ".." {
                remove("\(path)/\(name)")
            }
        }
        _ = Glibc.remove(path)
    }

    private static func write(_ text: String, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard descriptor >= 0 else { throw cannotWrite(path) }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard bytes.withUnsafeBytes({ Glibc.write(descriptor, $0.baseAddress, $0.count) }) == bytes.count else {
            throw cannotWrite(path)
        }
    }

    private static func cannotWrite(_ path: String) -> MusterError {
        MusterError(
            code: "git.write-failed", "\(path) cannot be written: \(String(cString: strerror(errno))).",
            help: "Check the disk's free space and the rights on the folder.", status: .stuck)
    }
}

/// Names of a folder's entries that begin so, sorted; none when it cannot be read.
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
