// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import MusterTestSupport
import Testing

@testable import MusterJournal

/// Cuts the power at random moments, with sectors of 512 bytes lost, kept or torn, also while a journal is being
/// mended.
@Suite struct PowerLossTests {
    @Test(arguments: 0..<1000) func `what was synced survives, and the rest is a beginning of what was written`(
        seed: Int
    ) throws {
        var random = SeededRandom(seed: UInt64(seed))
        var disk = SimulatedDisk()
        var written: [JournalEntry] = []
        var acknowledged = 0
        let writer = try JournalWriter.create(folder: "/run", files: disk, limits: .none)
        try fill(writer, &written, &acknowledged, using: &random)
        for _ in 0..<3 {
            let loss = SimulatedDisk.Loss.allCases.randomElement(using: &random)!
            disk = disk.afterPowerLoss(loss, using: &random)
            let (reopened, reading) = try JournalWriter.reopen(folder: "/run", files: disk, limits: .none)
            #expect(reading.entries.count >= acknowledged, "seed \(seed)")
            #expect(reading.entries == Array(written.prefix(reading.entries.count)), "seed \(seed)")
            written = reading.entries
            acknowledged = written.count
            try fill(reopened, &written, &acknowledged, using: &random)
        }
    }

    private func fill(
        _ writer: JournalWriter, _ written: inout [JournalEntry], _ acknowledged: inout Int,
        using random: inout SeededRandom
    ) throws {
        for turn in 0..<Int.random(in: 1...8, using: &random) {
            let events = (0..<Int.random(in: 1...3, using: &random)).map {
                progress($0, bytes: Int.random(in: 0...900, using: &random))
            }
            written += try writer.append(events, at: instant(Int64(turn)))
            if Bool.random(using: &random) {
                try writer.sync()
                acknowledged = written.count
            }
        }
    }
}
