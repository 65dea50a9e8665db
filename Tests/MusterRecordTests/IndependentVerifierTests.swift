// SPDX-License-Identifier: Apache-2.0

import Foundation
import MusterMachine
import MusterModel
import MusterSigning
import MusterTestSupport
import Testing

@testable import MusterRecord

/// Muster's own proof and the script in `docs/verify`, which shares no code with it, come to the same verdict on sealed records.
@Suite(.timeLimit(.minutes(30))) struct IndependentVerifierTests {
    private typealias Files = [String: [UInt8]]

    private static let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path()

    private let folder: String
    private let signers: [UInt8]
    private let tool = SSHKeygen()
    private var key: String { "\(folder)/key" }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "muster-verifier-\(UUID().uuidString)").path()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        _ = try Self.run("/usr/bin/ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", "\(folder)/key"])
        let made = try tool.publicKey(of: "\(folder)/key")
        signers = Array("ada \(made.type) \(made.base64)\n".utf8)
        try Data(signers).write(to: URL(filePath: "\(folder)/signers"))
    }

    private static func run(_ path: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        return text
    }

    private func sealed(_ files: Files) throws -> Files {
        var files = files
        let sums = RecordSeal.sums(of: files)
        files[RecordSeal.sums] = sums
        files[RecordSeal.signature] = Array(
            try tool.sign(sums, key: key, namespace: RecordSeal.namespace).utf8)
        return files
    }

    /// Records of whole runs, and of their beginnings.
    private func good(_ count: Int) throws -> [Files] {
        var all: [Files] = []
        for (_, script) in GoldenRecordTests.runs {
            let script = try script()
            let lines = script.journal.split(separator: 0x0A)
            for length in stride(from: lines.count, to: 0, by: -1) {
                guard all.count < count else { return all }
                var shorter = script
                shorter.cut(to: lines.prefix(length).flatMap { $0 + [0x0A] })
                all.append(try sealed(try shorter.stored()))
            }
        }
        return all
    }

    // MARK: The two verdicts

    private func musterFinds(_ files: Files) throws -> Bool {
        if !verifyRecord(files, run: nil, engine: "0.3.0", render: renderTemplate).filter({ $0.severity == .error })
            .isEmpty
        {
            return true
        }
        let signature = String(decoding: files[RecordSeal.signature] ?? [], as: UTF8.self)
        let verdict = try tool.verdict(
            on: signature, over: files[RecordSeal.sums] ?? [], person: "ada", signers: signers,
            namespace: RecordSeal.namespace, at: Timestamp("2026-11-21T14:03:02.511Z")!)
        return verdict != .good
    }

    private func scriptFinds(_ records: [Files]) throws -> [Bool] {
        var folders: [String] = []
        for (number, files) in records.enumerated() {
            let place = "\(folder)/records-\(number)"
            folders.append(place)
            for (path, bytes) in files {
                let url = URL(filePath: "\(place)/\(path)")
                try FileManager.default.createDirectory(
                    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(bytes).write(to: url)
            }
        }
        let script = "\(Self.project)docs/verify/verify-record.py"
        let lines = try Self.run("/usr/bin/python3", [script, "--sealed", "--signers", "\(folder)/signers"] + folders)
            .split(
                separator: "\n")
        #expect(lines.count == records.count)
        for place in folders { try FileManager.default.removeItem(atPath: place) }
        return lines.map { !$0.contains(": verified (") }
    }

    private func compare(_ records: [Files], areBad: Bool, _ kind: String, seed: UInt64 = 0) throws {
        let script = try scriptFinds(records)
        var (missed, apart) = (0, 0)
        for (number, files) in records.enumerated() {
            let muster = try musterFinds(files)
            if muster != areBad || script[number] != areBad { missed += 1 }
            if muster != script[number] { apart += 1 }
        }
        print(
            "\(kind): \(records.count) records, judged wrongly \(missed), judged differently \(apart), MUSTER_SEED=\(seed)"
        )
        try CampaignLog.add(
            kind: kind, points: records.count, lost: missed, doubled: 0, notResumable: 0, wrongEnd: apart, seed: seed)
        #expect(missed == 0 && apart == 0)
    }

    // MARK: Records

    @Test func `the script is short enough to be read whole`() throws {
        let text = try String(contentsOfFile: "\(Self.project)docs/verify/verify-record.py", encoding: .utf8)
        #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count < 200)
    }

    @Test func `good records are good to both`() throws {
        let records = try good(200)
        #expect(records.count == 200)
        try compare(records, areBad: false, "good records, judged by two verifiers")
    }

    @Test func `a changed byte anywhere in a record is found by both`() throws {
        var random = SystemRandomNumberGenerator()
        let records = try good(20)
        let bad = (0..<CampaignScale.pick(full: 1000, sample: 150)).map { number in
            var files = records[number % records.count]
            // The signature's own armour may be written in more than one way.
            let path = files.keys.filter { $0 != RecordSeal.signature }.sorted().randomElement(using: &random)!
            let index = Int.random(in: files[path]!.indices, using: &random)
            files[path]![index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            return files
        }
        try compare(bad, areBad: true, "changed bytes of a sealed record")
    }

    @Test func `a record made anew from another journal, with a good chain and good sums, is found by both`() throws {
        let records = try (0..<100).map { number in
            let script = try GoldenRecordTests.runs[number % GoldenRecordTests.runs.count].script()
            let original = try sealed(try script.stored())
            var other = script
            try other.rewrite(reason: "Another story \(number)")
            var forged = try other.stored()
            forged[RecordSeal.sums] = RecordSeal.sums(of: forged)
            forged[RecordSeal.signature] = original[RecordSeal.signature]
            return forged
        }
        try compare(records, areBad: true, "records made anew without the key")
    }

    @Test func `a file that is missing, and one too many, is found by both`() throws {
        let record = try good(1)[0]
        var bad: [Files] = record.keys.sorted().map { path in
            var files = record
            files[path] = nil
            return files
        }
        for path in ["evidence/a/planted.json", "approvals/01-anu.json", "note.txt", "definitions/planted.yaml"] {
            var files = record
            files[path] = Array("{}".utf8)
            bad.append(files)
        }
        var bare = record
        for path in [RecordSeal.sums, RecordSeal.signature] { bare[path] = nil }
        bad.append(bare)
        var moved = record
        let definition = try #require(record.keys.sorted().first { $0.hasPrefix("definitions/runbooks/") })
        (moved[definition], moved["definitions/runbooks/elsewhere.yaml"]) = (nil, record[definition])
        bad.append(moved)
        try compare(bad, areBad: true, "files missing or added")
    }
}

extension RunScript {
    /// The run as it was told up to here.
    mutating func cut(to journal: [UInt8]) { replaceJournal(journal) }

    /// Tells the same run with another time in each line, chained anew.
    mutating func rewrite(reason: String) throws {
        var previous = JournalEntry.firstPrevious
        var text: [UInt8] = []
        for line in journal.split(separator: 0x0A) {
            guard case .object(var entry) = try JSON.parse(Array(line)) else { continue }
            entry["prev"] = .string(previous)
            if entry["kind"] == "run-created" { entry["operator"] = .string(reason) }
            let changed = JSON.object(entry).canonicalBytes()
            previous = Digest(of: changed).hex
            text += changed + [0x0A]
        }
        replaceJournal(text)
    }
}
