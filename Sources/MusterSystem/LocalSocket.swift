// SPDX-License-Identifier: Apache-2.0

internal import CMusterSystem
internal import Glibc
package import MusterModel

/// Listens on a socket in the file system, where only its own user may connect: a line comes in, a line goes out.
///
/// Not thread-safe: one poll loop uses it.
package final class LocalListener {
    /// Longest line that is read.
    private static let lineBytesMax = 64 << 10
    /// Most visitors at once; a further one waits in the kernel's queue.
    private static let visitorsMax = 16
    /// How long a visitor may take to say what it wants, in nanoseconds.
    private static let patience: Int64 = 5_000_000_000

    private let descriptor: Int32
    private let folder: FolderHandle
    private let name: String
    private var visitors: [Int32: [UInt8]] = [:]
    /// When each visitor is shown out, in nanoseconds of the boot clock.
    private var leaveAt: [Int32: Int64] = [:]
    /// After an error of the system nobody is let in for a while, so that the loop does not spin.
    private var admitsFrom: Int64 = 0

    /// - Parameter path: of the socket; what stands there of a process that ended is replaced.
    package init(path: String) throws(MusterError) {
        (folder, name) = try FolderHandle.open(path)
        unlinkat(folder.descriptor, name, 0)
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(O_CLOEXEC) | Int32(O_NONBLOCK), 0)
        guard descriptor >= 0 else { throw localSocketError("opened", path) }
        let oldMask = umask(0o177)
        defer { umask(oldMask) }
        guard folder.withAddress(of: name, { bind(descriptor, $0, $1) }) == 0, listen(descriptor, 8) == 0 else {
            // The descriptor is closed by deinit.
            throw errno == EADDRINUSE ? inTheWay(path) : localSocketError("bound", path)
        }
    }

    /// A socket of a process that ended was taken away; what is still there is none that a run made.
    private func inTheWay(_ path: String) -> MusterError {
        MusterError(
            code: "system.no-socket", "The socket \(path) cannot be made: something else has its place.",
            help: "Put aside what is there, and try again.", status: .runFailed)
    }

    deinit { close() }

    private var isClosed = false

    package func close() {
        guard !isClosed else { return }
        isClosed = true
        for visitor in visitors.keys { Glibc.close(visitor) }
        visitors = [:]
        unlinkat(folder.descriptor, name, 0)
        Glibc.close(descriptor)
    }

    package var pollTargets: [PollTarget] {
        if isClosed { return [] }
        let mayAdmit = visitors.count < Self.visitorsMax && admitsFrom <= readClocks().boot
        let own = mayAdmit ? [PollTarget(reading: descriptor)] : []
        return own + visitors.keys.map { PollTarget(reading: $0) }
    }

    /// The lines that have come, each with its visitor, who waits for ``answer(_:_:)``. Never waits.
    package func receive() -> [(visitor: Int, line: [UInt8])] {
        if isClosed { return [] }
        let now = readClocks().boot
        for (visitor, end) in leaveAt where end <= now && visitors[visitor] != nil { showOut(visitor) }
        admit(now)
        var lines: [(Int, [UInt8])] = []
        for visitor in visitors.keys {
            guard let line = read(visitor) else { continue }
            lines.append((Int(visitor), line))
        }
        return lines
    }

    /// Sends the line and says good-bye. A visitor that is gone misses it.
    package func answer(_ visitor: Int, _ line: [UInt8]) {
        let visitor = Int32(visitor)
        guard visitors.removeValue(forKey: visitor) != nil else { return }
        leaveAt[visitor] = nil
        let bytes = line + [UInt8(ascii: "\n")]
        _ = bytes.withUnsafeBytes { send(visitor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        Glibc.close(visitor)
    }

    private func admit(_ now: Int64) {
        guard admitsFrom <= now else { return }
        while visitors.count < Self.visitorsMax {
            let visitor = muster_accept_own_user(descriptor)
            if visitor == -1 {
                if errno != EAGAIN, errno != EINTR { admitsFrom = now + 1_000_000_000 }
                return
            }
            guard visitor >= 0 else { continue }
            visitors[visitor] = []
            leaveAt[visitor] = now + Self.patience
        }
    }

    private func showOut(_ visitor: Int32) {
        visitors[visitor] = nil
        leaveAt[visitor] = nil
        Glibc.close(visitor)
    }

    /// A whole line; nil while it is not there yet. Who sends none, or one too long, is shown out.
    private func read(_ visitor: Int32) -> [UInt8]? {
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(visitor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { return nil }
            guard count > 0, visitors[visitor]!.count + count <= Self.lineBytesMax else {
                showOut(visitor)
                return nil
            }
            visitors[visitor]! += chunk[..<count]
            if let end = visitors[visitor]!.firstIndex(of: UInt8(ascii: "\n")) {
                // Who has gone, or shut its side, has withdrawn what it asked.
                var byte: UInt8 = 0
                guard recv(visitor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) != 0 else {
                    showOut(visitor)
                    return nil
                }
                // Whoever has asked may wait for the answer as long as it takes.
                leaveAt[visitor] = nil
                return Array(visitors[visitor]![..<end])
            }
        }
    }
}

func localSocketError(_ what: String, _ path: String) -> MusterError {
    MusterError(
        code: "system.no-socket", "The socket \(path) cannot be \(what): \(String(cString: strerror(errno))).",
        help: "Put MUSTER_HOME on a disk of this machine that takes sockets.", status: .runFailed)
}

/// A folder kept open: the address of a socket has room for 107 bytes, and the way by the open folder is always short.
final class FolderHandle {
    let descriptor: Int32
    private init(_ descriptor: Int32) { self.descriptor = descriptor }
    deinit { close(descriptor) }

    static func open(_ path: String) throws(MusterError) -> (FolderHandle, String) {
        let cut = path.lastIndex(of: "/") ?? path.startIndex
        let folder = Glibc.open(String(path[..<cut]), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw localSocketError("reached", path) }
        return (FolderHandle(folder), String(path[path.index(after: cut)...]))
    }

    func withAddress<Value>(of name: String, _ use: (UnsafePointer<sockaddr>, socklen_t) -> Value) -> Value {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array("/proc/self/fd/\(descriptor)/\(name)".utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes.prefix($0.count - 1)) }
        return withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                use($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
