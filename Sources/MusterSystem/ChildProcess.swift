// SPDX-License-Identifier: Apache-2.0

internal import CMusterSystem
internal import Glibc
package import MusterModel

/// A child with three pipes, in a process group of its own. Nothing here blocks but ``reap(blocking:)``.
///
/// The environment is exactly what is given: nothing is passed on. Not thread-safe: one owner uses it.
package final class ChildProcess {
    /// How the child ended.
    package enum Termination: Hashable, Sendable, CustomStringConvertible {
        case exited(Int32)
        case signalled(Int32)

        package var description: String {
            switch self {
            case .exited(let status): "exited with status \(status)"
            case .signalled(let signal): "was ended by signal \(signal)"
            }
        }
    }

    package enum ReadResult: Hashable, Sendable {
        case bytes([UInt8])
        case nothingYet
        case endOfFile
    }

    package let processID: Int32
    /// Ends of the pipes on our side, not blocking; -1 once closed.
    package private(set) var input: Int32
    package private(set) var output: Int32
    package private(set) var errors: Int32
    /// Readable once the process has ended, whoever still holds its pipes.
    package let endDescriptor: Int32
    package private(set) var termination: Termination?

    private var unwritten: [UInt8] = []
    private var unwrittenFrom = 0

    /// Starts the program at `path`.
    ///
    /// - Parameters:
    ///   - program: the program's open file, executed instead of whatever is at `path` by now.
    ///   - isConfined: no core dumps, and no rights from set-user-id files.
    /// - Throws: `system.cannot-start` with the path and the reason.
    package init(
        path: String, arguments: [String], environment: [String: String], program: ProgramFile? = nil,
        isConfined: Bool = false
    ) throws(MusterError) {
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = []
        func failure(_ number: Int32) -> MusterError {
            for descriptor in ends { close(descriptor) }
            return MusterError(
                code: "system.cannot-start", "\(path) could not be started: \(String(cString: strerror(number))).")
        }
        for _ in 0..<3 {
            var pair: [Int32] = [-1, -1]
            guard muster_pipe(&pair) == 0 else { throw failure(errno) }
            ends += pair
        }
        var pid: pid_t = 0
        let result = withCStrings([path] + arguments) { argv in
            withCStrings(environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }) { envp in
                path.withCString { path in
                    var start = muster_start(
                        program: program?.descriptor ?? -1, path: path, argv: argv, envp: envp, in: ends[0],
                        out: ends[3],
                        err: ends[5], is_script: program?.isScript == true ? 1 : 0, is_confined: isConfined ? 1 : 0)
                    return muster_spawn(&pid, &start)
                }
            }
        }
        guard result == 0 else { throw failure(result) }
        for descriptor in [ends[0], ends[3], ends[5]] { close(descriptor) }
        for descriptor in [ends[1], ends[2], ends[4]] { _ = fcntl(descriptor, F_SETFL, O_NONBLOCK) }
        processID = pid
        input = ends[1]
        output = ends[2]
        errors = ends[4]
        endDescriptor = muster_pidfd_open(pid)
        guard endDescriptor >= 0 else {
            let reason = String(cString: strerror(errno))
            throw MusterError(code: "system.cannot-start", "\(path) could not be watched after its start: \(reason).")
        }
    }

    deinit {
        if termination == nil {
            signalGroup(SIGKILL)
            _ = reap(blocking: true)
        }
        closeInput()
        for descriptor in [output, errors, endDescriptor] where descriptor >= 0 { close(descriptor) }
    }

    /// Bytes handed over by ``send(_:)`` that the pipe has not taken yet.
    package var unsentCount: Int { unwritten.count - unwrittenFrom }

    /// Queues the bytes and writes what the pipe takes now. False when the child cannot be written to any more.
    package func send(_ bytes: [UInt8]) -> Bool {
        if unwritten.isEmpty { unwritten = bytes } else { unwritten.append(contentsOf: bytes) }
        return flush()
    }

    /// Writes what the pipe takes now; call it when ``input`` is ready for writing. False when the child cannot be written to
    /// any more: what was queued is given up then, and ``input`` closed, so that the child sees the end and nobody waits for
    /// a pipe that is always ready and never takes anything.
    package func flush() -> Bool {
        while unwrittenFrom < unwritten.count {
            let written = unwritten[unwrittenFrom...].withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
            if written < 0 {
                if errno == EINTR { continue }
                if errno == EAGAIN { return true }
                (unwritten, unwrittenFrom) = ([], 0)
                closeInput()
                return false
            }
            unwrittenFrom += written
        }
        unwritten = []
        unwrittenFrom = 0
        return true
    }

    package func closeInput() {
        if input >= 0 { close(input) }
        input = -1
    }

    /// Most bytes of one read, unless it is asked for another limit: what a pipe holds.
    package static let readBytesMax = 65_536

    /// At most `limit` bytes that wait on ``output`` or ``errors``. End of file closes our end.
    package func readOutput(limit: Int = readBytesMax) -> ReadResult { read(&output, limit) }
    package func readErrors(limit: Int = readBytesMax) -> ReadResult { read(&errors, limit) }

    private func read(_ descriptor: inout Int32, _ limit: Int) -> ReadResult {
        guard descriptor >= 0 else { return .endOfFile }
        while true {
            var count = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, initialized in
                count = Glibc.read(descriptor, buffer.baseAddress, limit)
                initialized = max(0, count)
            }
            if count > 0 { return .bytes(bytes) }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { return .nothingYet }
            close(descriptor)
            descriptor = -1
            return .endOfFile
        }
    }

    /// Sends the signal to the child and all that is still in its process group.
    package func signalGroup(_ number: Int32) {
        // Once the child is reaped its number may belong to a stranger.
        if termination == nil { kill(-processID, number) }
    }

    /// How the child ended, or nil while it runs (never nil when `blocking`). Kills what is left of its group.
    package func reap(blocking: Bool) -> Termination? {
        if let termination { return termination }
        // The group is ended before the number is given free: a grandchild may hold the pipes.
        var info = siginfo_t()
        let flags = WEXITED | WNOWAIT | (blocking ? 0 : WNOHANG)
        while waitid(P_PID, id_t(processID), &info, flags) != 0, errno == EINTR {}
        guard info.si_signo != 0 else { return nil }
        kill(-processID, SIGKILL)
        var status: Int32 = 0
        while waitpid(processID, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7F
        termination = signal == 0 ? .exited((status >> 8) & 0xFF) : .signalled(signal)
        return termination
    }
}

private func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeMutableBufferPointer { body(UnsafePointer($0.baseAddress!)) }
}
