// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import MusterMachine
import MusterModel
import MusterTestSupport
import Testing

@testable import MusterJournal

@Suite struct JournalWriterTests {
    @Test func `what is appended is read back, in order and chained`() throws {
        let folder = try TemporaryFolder()
        let writer = try JournalWriter.create(folder: folder.path + "/runs/one", limits: .none)
        let first = try writer.append([progress(0), progress(1)], at: instant(0))
        let second = try writer.append([progress(2)], at: instant(1))
        try writer.sync()
        let reading = try JournalReader().read(writer.path)
        #expect(reading.entries == first + second)
        #expect(reading.entries.map(\.sequence) == [0, 1, 2])
        #expect(reading.lastLineDigest == writer.lastLineDigest)
        #expect(reading.intactBytes == writer.size)
        #expect(reading.tornTail.isEmpty)
    }

    @Test func `short writes and interrupting signals lose nothing`() throws {
        let files = FailingFileSystem(SimulatedDisk())
        files.shortWrites = true
        let writer = try JournalWriter.create(folder: "/run", files: files, limits: .none)
        for number in 0..<50 { try writer.append([progress(number, bytes: number * 11)], at: instant(Int64(number))) }
        try writer.sync()
        #expect(try JournalReader(files: files).read(writer.path).entries.count == 50)
    }

    @Test func `a second writer is refused while the first holds the journal, and let in after it`() throws {
        let folder = try TemporaryFolder()
        let first = try JournalWriter.create(folder: folder.path, limits: .none)
        let error = #expect(throws: MusterError.self) { try JournalWriter.reopen(folder: folder.path, limits: .none) }
        #expect(error?.code == "journal.locked")
        first.close()
        #expect(try JournalWriter.reopen(folder: folder.path, limits: .none).reading.entries.isEmpty)
    }

    @Test func `a run is not started twice`() throws {
        let disk = SimulatedDisk()
        _ = try JournalWriter.create(folder: "/run", files: disk, limits: .none)
        let error = #expect(throws: MusterError.self) {
            try JournalWriter.create(folder: "/run", files: disk, limits: .none)
        }
        #expect(error?.code == "journal.exists")
    }

    @Test func `a start on a nearly full disk is refused before anything is made`() throws {
        let disk = SimulatedDisk()
        disk.room = 63 << 20
        let error = #expect(throws: MusterError.self) { try JournalWriter.create(folder: "/run", files: disk) }
        #expect(error?.code == "journal.low-disk" && error?.status == .preconditionUnmet)
        #expect(disk.files.isEmpty)
    }

    @Test func `a reopened journal goes on where it ended`() throws {
        let disk = SimulatedDisk()
        let first = try JournalWriter.create(folder: "/run", files: disk, limits: .none)
        try first.append([progress(0), progress(1)], at: instant(0))
        try first.sync()
        first.close()
        let (second, reading) = try JournalWriter.reopen(folder: "/run", files: disk, limits: .none)
        #expect(reading.entries.count == 2)
        try second.append([progress(2)], at: instant(5))
        try second.sync()
        #expect(try JournalReader(files: disk).read(second.path).entries.map(\.sequence) == [0, 1, 2])
    }

    @Test func `a torn last line is set aside and said`() throws {
        let disk = SimulatedDisk()
        let first = try JournalWriter.create(folder: "/run", files: disk, limits: .none)
        try first.append([progress(0)], at: instant(0))
        try first.sync()
        let intact = first.size
        let torn = Array(#"{"at":"2026-"#.utf8)
        disk.files[first.path]!.visible += torn
        for number in 1...2 {
            let (writer, reading) = try JournalWriter.reopen(folder: "/run", files: disk, limits: .none)
            #expect(reading.tornTail == torn)
            #expect(writer.size == intact)
            #expect(disk.files["/run/journal.torn-\(number)"]?.durable == torn)
            #expect(disk.files[first.path]?.durable.count == intact)
            disk.files[first.path]!.visible += torn
        }
    }

    @Test func `a closed journal takes nothing more`() throws {
        let writer = try JournalWriter.create(folder: "/run", files: SimulatedDisk(), limits: .none)
        writer.close()
        let error = #expect(throws: MusterError.self) { try writer.append([progress(0)], at: instant(0)) }
        #expect(error?.code == "journal.failed")
    }

    @Test func `no more than the limit stays unsynced`() throws {
        let disk = SimulatedDisk()
        let writer = try JournalWriter.create(folder: "/run", files: disk, limits: .none)
        for number in 0..<100 {
            try writer.append(
                [progress(number, bytes: 2000), progress(number, bytes: 3000)], at: instant(Int64(number)))
            let content = disk.files[writer.path]!
            #expect(content.visible.count - content.durable.count <= JournalReading.unsyncedBytesMax)
        }
    }

    @Test(.timeLimit(.minutes(30)), arguments: ["fifo", "folder", "device"])
    func `what is no regular file is refused by name, and never waited for`(kind: String) throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/journal.jsonl"
        switch kind {
        case "fifo": #expect(mkfifo(path, 0o600) == 0)
        case "folder": try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        default: try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/zero")
        }
        let read = #expect(throws: MusterError.self) { try JournalReader().read(path) }
        #expect(read?.code == "journal.not-a-file")
        let opened = #expect(throws: MusterError.self) {
            try JournalWriter.reopen(folder: folder.path, limits: .none)
        }
        #expect(opened?.code == "journal.not-a-file")
    }
}
