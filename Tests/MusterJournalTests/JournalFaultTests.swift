// SPDX-License-Identifier: Apache-2.0

import Glibc
import MusterMachine
import MusterModel
import MusterTestSupport
import Testing

@testable import MusterJournal

/// Every call of the file system fails once, and from then on, with every error that a disk knows.
@Suite struct JournalFaultTests {
    static let errors: [Int32] = [EIO, ENOSPC, EDQUOT, EROFS, EMFILE, ENFILE]

    /// A run of a journal: the entries that were acknowledged, or nil when it could not be opened; whether all went
    /// well.
    private func drive(_ files: any DurableFileSystem) -> (acknowledged: Int, error: MusterError?) {
        var acknowledged = 0
        do throws(MusterError) {
            let writer = try JournalWriter.create(folder: "/run", files: files)
            for number in 0..<6 {
                try writer.append([progress(number), progress(number)], at: instant(Int64(number)))
                try writer.sync()
                acknowledged += 2
            }
            return (acknowledged, nil)
        } catch {
            return (acknowledged, error)
        }
    }

    @Test(arguments: errors, [false, true]) func `no failed call is taken for a success`(errno: Int32, forEver: Bool)
        throws
    {
        var call = 1
        while true {
            let disk = SimulatedDisk()
            let files = FailingFileSystem(disk, failingCall: call, errno: errno, forEver: forEver)
            let (acknowledged, error) = drive(files)
            guard files.failures > 0 else { break }
            let failed = try #require(error, "call \(call) failed and nobody said so")
            #expect(failed.code.hasPrefix("journal.") && failed.help != nil)
            #expect(failed.summary.contains("errno \(errno)") || failed.code == "journal.low-disk")
            var random = SeededRandom(seed: UInt64(call))
            let image = disk.afterPowerLoss(.everything, using: &random)
            if acknowledged > 0 {
                let reading = try JournalWriter.reopen(folder: "/run", files: image, limits: .none).reading
                #expect(reading.entries.count >= acknowledged)
            }
            call += 1
        }
        #expect(call > 18)
    }

    @Test func `after a failed sync nothing is written, not even by a second try`() throws {
        let probe = FailingFileSystem(SimulatedDisk())
        _ = drive(probe)
        let disk = SimulatedDisk()
        // The last call of a clean drive is a sync.
        let files = FailingFileSystem(disk, failingCall: probe.calls, errno: EIO)
        let writer = try JournalWriter.create(folder: "/run", files: files)
        for number in 0..<6 {
            try writer.append([progress(number), progress(number)], at: instant(Int64(number)))
            if number < 5 { try writer.sync() }
        }
        #expect(throws: MusterError.self) { try writer.sync() }
        let calls = files.calls
        for _ in 0..<3 {
            #expect(#expect(throws: MusterError.self) { try writer.sync() }?.code == "journal.failed")
            #expect(
                #expect(throws: MusterError.self) { try writer.append([progress(9)], at: instant(9)) }?.code
                    == "journal.failed")
        }
        #expect(files.calls == calls)
    }

    @Test func `when the disk is full the journal ends with a whole line, and its ballast is given free`() throws {
        for level in stride(from: 0, to: 4000, by: 80) {
            let disk = SimulatedDisk()
            let writer = try JournalWriter.create(folder: "/run", files: disk)
            disk.room = level
            var appended = 0
            let error = #expect(throws: MusterError.self) {
                while true {
                    try writer.append([progress(appended)], at: instant(Int64(appended)))
                    try writer.sync()
                    appended += 1
                }
            }
            #expect(error?.code == "journal.disk-full")
            #expect(throws: MusterError.self) { try writer.append([progress(0)], at: instant(99)) }
            var random = SeededRandom(seed: 1)
            let image = disk.afterPowerLoss(.everything, using: &random)
            let reading = try JournalReader(files: image).read("/run/journal.jsonl")
            #expect(reading.entries.count == appended && reading.tornTail.isEmpty)
            #expect(throws: FileFailure.self) { try image.read("/run/journal.ballast") }
        }
    }
}
