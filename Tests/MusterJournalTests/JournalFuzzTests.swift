// SPDX-License-Identifier: Apache-2.0

import Foundation
import MusterMachine
import MusterModel
import MusterTestSupport
import Testing

/// Journals of real runs, damaged at random. A crash would end the whole run of tests.
@Suite(.timeLimit(.minutes(30))) struct JournalFuzzTests {
    private struct Journal {
        var bytes: [UInt8]
        var entries: [JournalEntry]
    }

    /// The beginnings of journals that releases wrote: so many lines that a case stays small.
    private static func corpus() throws -> [Journal] {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let folder = tests.appending(path: "MusterRecordTests/Histories/v1")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path()).sorted()
        return try names.enumerated().map { number, name in
            let whole = Array(try Data(contentsOf: folder.appending(path: "\(name)/journal.jsonl")))
            let lines = whole.split(separator: 0x0A).prefix(3 + number % 5)
            let bytes = lines.flatMap { $0 + [0x0A] }
            return Journal(bytes: bytes, entries: try JournalReading(bytes).entries)
        }
    }

    private static let pieces: [[UInt8]] = [
        "\n", "\0", "{", "}", "\"", "{}\n", "null\n", "\r\n", String(repeating: "[", count: 300),
        String(repeating: "\0", count: 512),
        "9223372036854775807", "-1", "\\u0000", "\u{202E}", "\u{FEFF}", String(repeating: "x", count: 5000),
        ",\"seq\":0",
    ].map { Array($0.utf8) }

    private static func damage(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
        let at = random.number(0...bytes.count)
        let end = min(bytes.count, at + random.number(1...200))
        switch random.number(0...7) {
        case 0, 1: if at < bytes.count { bytes[at] ^= 1 << UInt8(random.number(0...7)) }
        case 2: bytes.removeSubrange(at...)
        case 3: bytes.insert(contentsOf: random.pick(pieces), at: at)
        case 4: bytes.removeSubrange(at..<end)
        case 5: for index in at..<end { bytes[index] = 0 }
        default:
            var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
            let (one, other) = (random.number(0...lines.count - 1), random.number(0...lines.count - 1))
            if random.chance(50) { lines.swapAt(one, other) } else { lines.insert(lines[one], at: other) }
            bytes = Array(lines.joined(separator: [0x0A]))
        }
    }

    private struct Tally {
        var faults = 0
        var torn = 0
        var wrong: [String] = []
        var overLimits = 0
    }

    /// A fault with its place, or the beginning of what was written; only the very last entry has nothing behind it that vouches
    /// for it but the record.
    private static func judge(_ bytes: [UInt8], _ journal: Journal, _ tally: inout Tally) {
        let lines = bytes.count { $0 == 0x0A }
        do throws(JournalFault) {
            let reading = try JournalReading(bytes)
            if !reading.tornTail.isEmpty { tally.torn += 1 }
            let vouched = reading.entries.dropLast()
            if !journal.entries.starts(with: vouched) || reading.entries.count > journal.entries.count
                || reading.intactBytes + reading.tornTail.count != bytes.count
            {
                tally.wrong.append("taken: \(String(decoding: bytes.prefix(500), as: UTF8.self))")
            }
            if reading.entries.count > lines { tally.overLimits += 1 }
        } catch {
            tally.faults += 1
            if !(1...lines + 1).contains(error.line) || !(0...bytes.count).contains(error.byte) {
                tally.wrong.append("fault without a place: \(error)")
            }
            if error.reason.count > 2 * Diagnostic.sentenceMax { tally.overLimits += 1 }
        }
    }

    @Test func `a damaged journal is a fault with its place, or the beginning of what was written`() throws {
        let seed =
            ProcessInfo.processInfo.environment["MUSTER_SEED"].flatMap { UInt64($0) } ?? .random(in: 1...999_999_999)
        let count = CampaignScale.pick(full: 100_000, sample: 700)
        let corpus = try Self.corpus()
        var random = SeededRandom(seed: seed)
        var tally = Tally()
        for _ in 0..<count {
            let journal = random.pick(corpus)
            var bytes = journal.bytes
            for _ in 0..<random.number(1...3) { Self.damage(&bytes, &random) }
            Self.judge(bytes, journal, &tally)
        }
        print(
            "damaged journals: \(count) cases, \(tally.faults) faults, \(tally.torn) torn ends, 0 crashes, taken wrongly "
                + "\(tally.wrong.count), over the limits \(tally.overLimits), MUSTER_SEED=\(seed)")
        try CampaignLog.add(
            kind: "damaged journals", points: count, lost: 0, doubled: 0, notResumable: tally.overLimits,
            wrongEnd: tally.wrong.count, seed: seed)
        #expect(tally.wrong.isEmpty && tally.overLimits == 0, "MUSTER_SEED=\(seed) \(tally.wrong.prefix(3))")
        #expect(tally.faults > count / 2)
    }

    @Test(arguments: ["[", "{\"a\":", "x"]) func `a giant or bottomless line is a fault of its line`(piece: String)
        throws
    {
        let first = try #require(try Self.corpus().first)
        let giant = first.bytes + Array(String(repeating: piece, count: (17 << 20) / piece.utf8.count).utf8) + [0x0A]
        let fault = #expect(throws: JournalFault.self) { try JournalReading(giant) }
        #expect(fault?.line == first.entries.count + 1 && fault?.byte == first.bytes.count)
        #expect((fault?.reason.count ?? 0) < 1000)
    }
}
