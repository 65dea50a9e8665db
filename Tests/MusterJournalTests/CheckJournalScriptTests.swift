// SPDX-License-Identifier: Apache-2.0

import Foundation
import MusterMachine
import MusterModel
import MusterSystem
import Testing

@testable import MusterJournal

/// The independent check that a reviewer without Muster runs: another language, nothing but its standard library.
@Suite struct CheckJournalScriptTests {
    static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "docs/verify/check-journal.py").path()

    private func check(_ journal: [UInt8]) throws -> (status: ChildProcess.Termination?, output: String) {
        let folder = try TemporaryFolder()
        let path = folder.path + "/journal.jsonl"
        try Data(journal).write(to: URL(filePath: path))
        let (status, output, _) = try check(path)
        return (status, output)
    }

    private func check(_ path: String) throws -> (status: ChildProcess.Termination?, output: String, errors: String) {
        let process = try ChildProcess(path: "/usr/bin/python3", arguments: [Self.script, path], environment: [:])
        process.closeInput()
        var output: [UInt8] = []
        while process.output >= 0 {
            _ = waitUntilReady([PollTarget(reading: process.output)], timeout: nil)
            if case .bytes(let bytes) = process.readOutput() { output += bytes }
        }
        var errors: [UInt8] = []
        while process.errors >= 0 {
            _ = waitUntilReady([PollTarget(reading: process.errors)], timeout: nil)
            if case .bytes(let bytes) = process.readErrors() { errors += bytes }
        }
        let texts = [output, errors].map { String(decoding: $0, as: UTF8.self) }
        return (process.reap(blocking: true), texts[0], texts[1])
    }

    @Test func `a journal that the writer wrote passes, with the same last digest`() throws {
        let folder = try TemporaryFolder()
        let writer = try JournalWriter.create(folder: folder.path + "/run", limits: .none)
        for number in 0..<20 { try writer.append([progress(number), progress(number)], at: instant(Int64(number))) }
        try writer.sync()
        let (status, output) = try check(try JournalReader().bytes(writer.path))
        #expect(status == .exited(0))
        #expect(output == "40 entries, last line \(writer.lastLineDigest)\n")
    }

    @Test func `it finds what the reader finds`() throws {
        let lines = JournalReadingTests.lines
        let good = JournalReadingTests.journal(lines)
        var changed = good
        changed[good.count / 2] ^= 0x01
        let bad = [
            JournalReadingTests.journal([lines[0], lines[2], lines[3]]),
            JournalReadingTests.journal([lines[1], lines[0]]),
            Array(good.dropLast(3)), changed, Array("[]\n".utf8), Array("no JSON\n".utf8),
        ]
        for journal in bad { #expect(try check(journal).status == .exited(1)) }
    }

    @Test func `what is no file is told in one line`() throws {
        let folder = try TemporaryFolder()
        for path in [folder.path, folder.path + "/none"] {
            let (status, _, errors) = try check(path)
            #expect(status == .exited(1))
            #expect(errors.hasPrefix("\(path): cannot be read: ") && errors.split(separator: "\n").count == 1)
        }
    }
}
