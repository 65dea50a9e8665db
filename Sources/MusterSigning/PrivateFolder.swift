// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterModel
internal import MusterSystem

/// A folder that only this user can read, gone with this object.
final class PrivateFolder {
    private let path: String
    private var files: [String] = []

    init() throws(MusterError) {
        let base = Host.variable("TMPDIR").flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "/tmp"
        Self.clean(base)
        var template = Array("\(base)/\(Self.prefix)XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Self.failure(base) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        for file in files { unlink(file) }
        rmdir(path)
    }

    func write(_ name: String, _ bytes: [UInt8]) throws(MusterError) -> String {
        let file = "\(path)/\(name)"
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure(file) }
        defer { close(descriptor) }
        files.append(file)
        var from = 0
        while from < bytes.count {
            let count = bytes[from...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress!, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure(file) }
            from += count
        }
        return file
    }

    // MARK: What was left behind

    private static let prefix = "muster-signing-"
    private static let names = ["allowed-signers", "signature"]
    /// No check of a signature takes as long.
    private static let lifeMost = 3_600

    /// Takes away what a process of this user left behind that was killed.
    static func clean(_ base: String) {
        for name in folderNames(base) where name.hasPrefix(prefix) {
            let path = "\(base)/\(name)"
            var status = stat()
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(),
                time(nil) - status.st_mtim.tv_sec > lifeMost
            else { continue }
            for file in names { unlink("\(path)/\(file)") }
            rmdir(path)
        }
    }

    private static func failure(_ path: String) -> MusterError {
        MusterError(
            code: "signing.unavailable", "\(path) could not be written: \(String(cString: strerror(errno))).",
            help: "Look at the disk's space and the rights on the folder for temporary files.",
            status: .preconditionUnmet)
    }
}
