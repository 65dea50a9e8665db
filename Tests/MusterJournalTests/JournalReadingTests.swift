// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import MusterTestSupport
import Testing

@testable import MusterJournal

@Suite struct JournalReadingTests {
    static let lines: [[UInt8]] = {
        var previous = JournalEntry.firstPrevious
        return (0..<5).map { number in
            let entry = JournalEntry(
                sequence: Int64(number), at: instant(Int64(number)).wall, boot: Int64(number), previous: previous,
                event: progress(number))
            let line = (try? entry.line()) ?? []
            previous = Digest(of: line).hex
            return line
        }
    }()

    static func journal(_ lines: [[UInt8]]) -> [UInt8] { Array(lines.joined(separator: [0x0A])) + [0x0A] }

    @Test func `an empty journal has no entries`() throws {
        let reading = try JournalReading([])
        #expect(reading.entries.isEmpty)
        #expect(reading.lastLineDigest == JournalEntry.firstPrevious)
    }

    @Test(arguments: [
        ("a line is left out", [0, 1, 3, 4], 3), ("two lines change places", [0, 2, 1, 3, 4], 2),
        ("a line stands twice", [0, 1, 1, 2], 3), ("the first line is gone", [1, 2, 3], 1),
    ]) func `a changed order is a fault at its line`(name: String, order: [Int], line: Int) throws {
        let fault = #expect(throws: JournalFault.self) {
            try JournalReading(Self.journal(order.map { Self.lines[$0] }))
        }
        #expect(fault?.line == line, "\(name)")
        #expect(fault?.byte == Self.journal(order.prefix(line - 1).map { Self.lines[$0] }).count - (line == 1 ? 1 : 0))
    }

    @Test func `every changed byte is found`() throws {
        let journal = Self.journal(Self.lines)
        let good = try JournalReading(journal)
        for index in journal.indices {
            var changed = journal
            changed[index] ^= 0x01
            guard let reading = try? JournalReading(changed) else { continue }  // A fault is the answer wanted.
            #expect(reading.lastLineDigest != good.lastLineDigest || !reading.tornTail.isEmpty, "byte \(index)")
        }
    }

    @Test func `only the tail may be torn`() throws {
        var journal = Self.journal(Self.lines)
        let lineStart = Self.journal(Array(Self.lines.prefix(3))).count
        for index in lineStart + 20..<lineStart + 40 { journal[index] = 0 }
        let reading = try JournalReading(journal)
        #expect(reading.entries.count == 3)
        #expect(reading.tornTail == Array(journal[lineStart...]))
    }

    @Test func `a hole with more behind it than stays unsynced is a fault`() throws {
        var journal = Self.journal(Self.lines)
        for index in 20..<40 { journal[index] = 0 }
        journal += [UInt8](repeating: UInt8(ascii: "x"), count: JournalReading.unsyncedBytesMax) + [0x0A]
        #expect(#expect(throws: JournalFault.self) { try JournalReading(journal) }?.line == 1)
    }

    @Test(arguments: 0..<500) func `no bytes make the reader trap`(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        var bytes = Self.journal(Self.lines)
        for _ in 0..<Int.random(in: 1...30, using: &random) {
            let index = Int.random(in: bytes.indices, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.remove(at: index)
            default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
            }
        }
        let reading = try? JournalReading(bytes)  // Either answer is right; that there is one is the point.
        #expect((reading?.entries.count ?? 0) <= Self.lines.count)
    }

    @Test func `a missing journal is told apart from an unreadable one`() throws {
        let error = #expect(throws: MusterError.self) {
            try JournalReader(files: SimulatedDisk()).read("/run/journal.jsonl")
        }
        #expect(error?.code == "journal.not-found")
    }
}
