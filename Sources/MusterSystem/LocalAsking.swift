// SPDX-License-Identifier: Apache-2.0

internal import CMusterSystem
internal import Glibc
package import MusterModel

/// What came of asking a process on this machine.
package enum LocalAnswer {
    /// Nobody listens there.
    case nobody
    /// The answer, without its newline.
    case answer([UInt8])
    /// Somebody listens, or did, and said nothing in time.
    ///
    /// - process: who; nil where that is not known.
    /// - isWithdrawn: the request will not be read any more; else it was read.
    case silence(process: Int32?, isWithdrawn: Bool)
}

/// Sends a line to whoever listens there and waits for the answer.
///
/// Who gives up withdraws the request: a listener that reads it afterwards finds that nobody waits for it.
///
/// - Parameters:
///   - timeout: the longest wait.
///   - quiet: after so long without an answer `onWaiting` is called, once.
///   - onWaiting: gets the process that listens, nil where that is not known, and says how long to wait in all.
package func askLocally(
    path: String, _ line: [UInt8], timeout: Duration, quiet: Duration, onWaiting: (Int32?) -> Duration
) throws(MusterError) -> LocalAnswer {
    guard access(path, F_OK) == 0 else { return .nobody }
    let (folder, name) = try FolderHandle.open(path)
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(O_CLOEXEC) | Int32(O_NONBLOCK), 0)
    guard descriptor >= 0 else { throw localSocketError("opened", path) }
    defer { close(descriptor) }
    var wait = Wait(timeout: timeout, quiet: quiet)
    while folder.withAddress(of: name, { connect(descriptor, $0, $1) }) != 0 {
        if errno == ECONNREFUSED || errno == ENOENT { return .nobody }
        // Whoever listens lets its visitors queue, and the queue is full.
        guard errno == EAGAIN || errno == EINTR else { throw localSocketError("reached", path) }
        guard wait.goesOn(nil, onWaiting) else { return .silence(process: nil, isWithdrawn: true) }
        _ = waitUntilReady([], timeout: .milliseconds(50))
    }
    let process = muster_listening_process(descriptor)
    let asking = Asking(descriptor: descriptor, process: process > 0 ? process : nil)
    guard asking.send(line + [UInt8(ascii: "\n")]) else { return asking.silence() }
    return asking.answer(&wait, onWaiting)
}

/// How long to wait, and whether it was said that somebody waits.
private struct Wait {
    let start = readClocks().boot
    var timeout: Duration
    var quiet: Duration?

    init(timeout: Duration, quiet: Duration) { (self.timeout, self.quiet) = (timeout, quiet) }

    /// Until the next thing to do, in nanoseconds.
    var left: Int64 { (quiet ?? timeout).milliseconds * 1_000_000 - (readClocks().boot - start) }

    mutating func goesOn(_ process: Int32?, _ onWaiting: (Int32?) -> Duration) -> Bool {
        guard left <= 0 else { return true }
        guard quiet != nil else { return false }
        timeout = onWaiting(process)
        quiet = nil
        return left > 0
    }
}

/// An open connection to a process that was asked.
private struct Asking {
    let descriptor: Int32
    let process: Int32?

    /// A line has room in the socket's buffer, or it is too long for whoever listens as well.
    func send(_ bytes: [UInt8]) -> Bool {
        let sent = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        return sent == bytes.count
    }

    func answer(_ wait: inout Wait, _ onWaiting: (Int32?) -> Duration) -> LocalAnswer {
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while wait.goesOn(process, onWaiting) {
            let ready = waitUntilReady([PollTarget(reading: descriptor)], timeout: .nanoseconds(max(0, wait.left)))
            guard !ready.isEmpty else { continue }
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { break }
            answer += chunk[..<count]
            if let newline = answer.firstIndex(of: UInt8(ascii: "\n")) { return .answer(Array(answer[..<newline])) }
        }
        return silence()
    }

    /// Shuts this side first: from then on nobody reads the request without seeing that it is withdrawn.
    func silence() -> LocalAnswer {
        shutdown(descriptor, Int32(SHUT_WR))
        return .silence(process: process, isWithdrawn: muster_unread_bytes(descriptor) > 0)
    }
}
