// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// A journal's bytes, read and checked: the chain of `prev`, `seq` without gaps, every line an entry
/// (`docs/formats/journal-v1.md`).
///
/// What a power loss leaves behind the last synced line is no fault but a ``tornTail``. A line is torn when its
/// newline is missing, or when it holds NUL bytes, which stand where a disk never wrote a sector and never in an
/// entry, and no more follows than a writer keeps unsynced. Everything else that does not fit is a fault: an entry was
/// changed or lost.
package struct JournalReading: Sendable {
    /// Most bytes that a writer leaves unsynced, unless a single line is longer.
    package static let unsyncedBytesMax = 64 << 10

    package var entries: [JournalEntry] = []
    /// Length of the part that ``entries`` were read from.
    package var intactBytes = 0
    /// What follows the intact part; empty as a rule.
    package var tornTail: [UInt8] = []
    /// SHA-256 in hex of the last intact line, `prev` of a next one.
    package var lastLineDigest = JournalEntry.firstPrevious

    package init(_ bytes: [UInt8]) throws(JournalFault) {
        while intactBytes < bytes.count {
            let end = lineEnd(in: bytes, from: intactBytes)
            let line = bytes[intactBytes..<(end ?? bytes.count)]
            do throws(JournalFault) {
                guard end != nil else { throw JournalFault(line: 0, byte: 0, reason: "The line has no newline") }
                try take(line)
            } catch let fault {
                guard Self.isTorn(line, end: end, of: bytes) else { throw fault.placed(entries.count + 1, intactBytes) }
                tornTail = Array(bytes[intactBytes...])
                return
            }
        }
    }

    /// Whether a reading may find a torn tail. That it cannot is seen without one: a journal is long, and this much cheaper.
    package static func mayBeTorn(_ bytes: [UInt8]) -> Bool { bytes.last != 0x0A || bytes.contains(0) }

    private mutating func take(_ line: ArraySlice<UInt8>) throws(JournalFault) {
        let entry: JournalEntry
        do {
            entry = try JournalEntry(line: line)
        } catch {
            // What cannot be read may be long, and is quoted in part.
            let why = ((error as? JSONParseError)?.description ?? describeDecodingError(error)).prefix(500)
            throw JournalFault(line: 0, byte: 0, reason: "The line is not an entry (\(why))")
        }
        guard entry.previous == lastLineDigest else {
            throw JournalFault(
                line: 0, byte: 0, reason: "prev is not the SHA-256 of the line before; one of the two was changed")
        }
        guard entry.sequence == Int64(entries.count) else {
            throw JournalFault(line: 0, byte: 0, reason: "seq is \(entry.sequence), expected \(entries.count)")
        }
        guard entry.boot >= 0 else { throw JournalFault(line: 0, byte: 0, reason: "mono is negative") }
        entries.append(entry)
        lastLineDigest = Digest(of: line).hex
        intactBytes = line.endIndex + 1
    }

    private static func isTorn(_ line: ArraySlice<UInt8>, end: Int?, of bytes: [UInt8]) -> Bool {
        guard let end else { return true }
        let isLastLine = end + 1 == bytes.count
        return line.contains(0) && (isLastLine || bytes.count - line.startIndex <= unsyncedBytesMax)
    }
}

/// The first place where a journal is not what was written.
package struct JournalFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// Counts from 1.
    package var line: Int
    /// Where the line begins, from 0.
    package var byte: Int
    package var reason: String

    package var description: String { "line \(line) (byte \(byte)): \(reason)" }

    fileprivate func placed(_ line: Int, _ byte: Int) -> JournalFault {
        JournalFault(line: line, byte: byte, reason: reason)
    }
}

/// The position of the next newline. Over raw memory, because journals are long and this looks at each of their bytes.
private func lineEnd(in bytes: [UInt8], from start: Int) -> Int? {
    bytes.withUnsafeBytes { buffer in
        var at = start
        while at < buffer.count {
            if buffer[at] == 0x0A { return at }
            at += 1
        }
        return nil
    }
}
