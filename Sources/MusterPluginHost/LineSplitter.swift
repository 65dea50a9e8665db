// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Cuts a stream into lines and keeps at most one unfinished line of bounded length.
struct LineSplitter {
    /// Longest line, newline included.
    let lineBytesMax: Int
    private var unfinished: [UInt8] = []
    /// Where ``unfinished`` begins in the stream.
    private(set) var offset = 0

    init(lineBytesMax: Int) { self.lineBytesMax = lineBytesMax }

    /// Whether the stream would end in mid-line.
    var hasUnfinishedLine: Bool { !unfinished.isEmpty }

    /// Calls `take` with each line that is complete, without its newline, and where it began in the stream.
    ///
    /// - Throws: what `take` throws; ``LineTooLong``.
    mutating func append(_ chunk: [UInt8], _ take: ([UInt8], Int) throws -> Void) throws {
        var from = 0
        while let newline = index(ofNewlineIn: chunk, from: from) {
            let line = unfinished + chunk[from..<newline]
            let start = offset
            unfinished = []
            offset += line.count + 1
            from = newline + 1
            guard line.count < lineBytesMax else { throw LineTooLong(offset: start) }
            try take(line, start)
        }
        unfinished += chunk[from...]
        if unfinished.count >= lineBytesMax { throw LineTooLong(offset: offset) }
    }

    struct LineTooLong: Error {
        let offset: Int
    }
}

/// The C library's search: a loop of ours takes seconds for a gigabyte.
func index(ofNewlineIn bytes: [UInt8], from: Int) -> Int? {
    bytes.withUnsafeBytes { buffer in
        guard from < buffer.count, let base = buffer.baseAddress else { return nil }
        return memchr(base + from, 0x0A, buffer.count - from).map { base.distance(to: UnsafeRawPointer($0)) }
    }
}
