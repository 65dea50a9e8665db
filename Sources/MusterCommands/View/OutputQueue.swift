// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterModel
internal import MusterSystem

/// Standard output while a run lives: what nobody reads is kept back, and never holds the run up.
///
/// A stopped terminal (Ctrl-S), a pager or a full pipe would else halt a failover between two effects. The descriptor may be
/// shared with others, so it is not made non-blocking; it is only written when it takes a piece without waiting.
final class OutputQueue: PollService {
    /// Most that is kept back; beyond it the oldest text is dropped, and that is said.
    private static let bytesMax = 16 << 20
    /// How long the end of a run waits for a reader that takes nothing, in nanoseconds.
    private static let patience: Int64 = 5_000_000_000

    private var waiting: [UInt8] = []
    private var from = 0
    private var dropped = 0
    /// What a pipe (a page, of which `PIPE_BUF` is one) or a terminal takes without waiting once it is ready.
    private let piece: Int

    init(isTerminal: Bool) { piece = isTerminal ? 256 : 4096 }

    func send(_ text: String) {
        waiting += text.utf8
        flush()
        if waiting.count - from > Self.bytesMax {
            dropped += waiting.count - from
            waiting = Array("\n(\(dropped) bytes were dropped: nobody read them; the journal has all)\n".utf8)
            from = 0
        }
    }

    var pollTargets: [PollTarget] { from < waiting.count ? [PollTarget(writing: STDOUT_FILENO)] : [] }
    var wakeAt: Int64? { nil }
    func service() { flush() }

    /// Writes the rest, as long as somebody reads.
    func drain() {
        var deadline = readClocks().boot + Self.patience
        while from < waiting.count, readClocks().boot < deadline {
            let before = from
            _ = waitUntilReady(pollTargets, timeout: .milliseconds(200))
            flush()
            if from != before || waiting.isEmpty { deadline = readClocks().boot + Self.patience }
        }
    }

    private func flush() {
        while from < waiting.count, !waitUntilReady([PollTarget(writing: STDOUT_FILENO)], timeout: .zero).isEmpty {
            let end = min(from + piece, waiting.count)
            let count = waiting[from..<end].withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            // A reader that went away must not end a run: what cannot be shown is in the journal.
            from = count > 0 ? from + count : waiting.count
        }
        if from == waiting.count {
            waiting.removeAll(keepingCapacity: true)
            from = 0
        }
    }
}
