// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterModel

/// The parent's end of the pipe: a few lines at the start, then silence until the parent is gone.
struct StandardInput: Sendable {
    /// The longest line that is read, in bytes.
    static let limit = 1 << 20

    /// The next line without its end; nil at the end of the input.
    func line() throws(MusterError) -> [UInt8]? {
        var line: [UInt8] = []
        while let byte = next() {
            if byte == UInt8(ascii: "\n") { return line }
            line.append(byte)
            guard line.count <= Self.limit else {
                throw MusterError(
                    code: "simulator.input-too-long", "A line on stdin is longer than \(Self.limit) bytes",
                    help: "Give the scenario as a file.")
            }
        }
        return line.isEmpty ? nil : line
    }

    /// Returns when the input has ended. It blocks a thread, so it is given one of its own.
    func waitForEnd() async {
        await withCheckedContinuation { continuation in
            let waiting = ThreadWork { [self] in
                while next() != nil {}
                continuation.resume()
            }
            waiting.start()
        }
    }

    private func next() -> UInt8? {
        var byte: UInt8 = 0
        while true {
            switch read(STDIN_FILENO, &byte, 1) {
            case 1: return byte
            case -1 where errno == EINTR: continue
            default: return nil
            }
        }
    }
}

/// Runs a closure once on a new detached thread.
private final class ThreadWork: Sendable {
    private let work: @Sendable () -> Void

    init(_ work: @escaping @Sendable () -> Void) { self.work = work }

    func start() {
        let this = Unmanaged.passRetained(self).toOpaque()
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<ThreadWork>.fromOpaque(argument).takeRetainedValue().work()
                return nil
            }, this)
        precondition(status == 0, "no thread could be made to watch stdin: error \(status)")
        pthread_detach(thread)
    }
}
