// SPDX-License-Identifier: Apache-2.0

import Foundation
import MusterMachine
import MusterModel
import MusterSigning
import MusterTestSupport
import Testing

@testable import MusterRecord

/// Records of whole runs with approvals, a review and a seal, damaged at random: whoever verifies one from a stranger gets findings.
/// A crash would end the whole run of tests.
@Suite(.timeLimit(.minutes(30))) struct RecordFuzzTests {
    private typealias Files = [String: [UInt8]]

    private let seed =
        ProcessInfo.processInfo.environment["MUSTER_SEED"].flatMap { UInt64($0) } ?? .random(in: 1...999_999_999)

    // MARK: What is damaged

    private static func statement(_ script: RunScript) throws -> [UInt8] {
        try ApprovalStatement(
            id: String(repeating: "a", count: 32), subject: .plan, decision: .approve, plan: try script.plan.digest(),
            gate: nil, runbook: script.plan.runbook.name, environment: script.plan.environment.name,
            kind: script.plan.kind,
            change: nil, window: nil, issued: script.wall, expires: script.wall.advanced(by: .seconds(3600)),
            says: "It may run", comment: "Seen", approver: "anu"
        ).bytes()
    }

    private static func records() throws -> [Files] {
        try GoldenRecordTests.runs.map { _, script in
            var told = try script()
            let text = String(decoding: try statement(told), as: UTF8.self)
            let approval = ApprovalRecorded(
                step: nil, approver: "anu", decision: .approve, id: String(repeating: "a", count: 32), statement: text,
                signature: "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n")
            let entries = try JournalReading(told.journal).entries
            guard case .runCreated(let created) = entries[0].event else { return [:] }
            var sooner = try RunScript(plan: told.plan, rules: created.rules)
            try sooner.add(.approvalRecorded(approval))
            for entry in entries.dropFirst() { try sooner.add(entry.event) }
            told = sooner
            var files = try told.stored()
            let record = try told.files().record
            let review = ReviewRecord(
                run: record.run, number: 1, reviewer: "Rita <rita@example.org>", at: record.asOf, verdict: .accepted,
                reason: "Seen", findings: [], plan: record.plan, journal: record.journal, previous: nil, engine: "0.3.0"
            )
            // Nobody reviews a run that is not over.
            if record.outcome.isOver {
                files["\(ReviewFiles.path(of: review))/\(ReviewFiles.record)"] = try JSON(encoding: review)
                    .prettyBytes()
            }
            files[RecordSeal.sums] = RecordSeal.sums(of: files)
            return files
        }
    }

    private static let pieces: [[UInt8]] = [
        "\n", "\0", "{", "}", "[", "\"", ",", "null", "-1", "9223372036854775807", "1e308", "\u{202E}", "../../x",
        "{}\n",
        String(repeating: "[", count: 300), String(repeating: "A", count: 5000), "\\u0000", "<script>", "| | |\n",
    ].map { Array($0.utf8) }

    private static func damage(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
        let at = random.number(0...bytes.count)
        let end = min(bytes.count, at + random.number(1...100))
        switch random.number(0...6) {
        case 0, 1: if at < bytes.count { bytes[at] ^= 1 << UInt8(random.number(0...7)) }
        case 2: bytes.removeSubrange(at...)
        case 3: bytes.insert(contentsOf: random.pick(pieces), at: at)
        case 4: bytes.removeSubrange(at..<end)
        case 5: bytes.insert(contentsOf: bytes[at..<end], at: random.number(0...bytes.count))
        default:
            var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
            lines.swapAt(random.number(0...lines.count - 1), random.number(0...lines.count - 1))
            bytes = Array(lines.joined(separator: [0x0A]))
        }
    }

    private static func damage(_ files: inout Files, _ random: inout SeededRandom) {
        let path = random.pick(files.keys.sorted())
        switch random.number(0...9) {
        // That a seal or a review is gone altogether is told from the catalog and from git, not from the record's own files.
        case 0: if path != RecordSeal.sums, !ReviewFiles.isReview(path) { files[path] = nil }
        case 1:
            files[random.pick(["x", "evidence/x/y.json", "reviews/x", "reviews/0001-x/y", "approvals/02-x.json"])] =
                files[path]
        case 2:
            let other = random.pick(files.keys.sorted())
            (files[path], files[other]) = (files[other], files[path])
        default:
            for _ in 0..<random.number(1...4) { damage(&files[path]!, &random) }
        }
    }

    // MARK: Verifying

    private func findings(_ files: Files) -> [Diagnostic] {
        verifyRecord(files, run: nil, engine: "0.3.0", render: renderTemplate) + verifyReviews(files)
    }

    /// Other words of a review without a signature: that they are not what was written is told from git, which never sees one altered.
    private static func isWholeReview(_ bytes: [UInt8]?, _ path: String) -> Bool {
        guard ReviewFiles.isReview(path), let bytes, let review: ReviewRecord = try? JSON.parse(bytes).decode() else {
            return false
        }
        return (try? JSON(encoding: review).prettyBytes()) == bytes
    }

    @Test func `a damaged record is never verified, and verifying it ends`() throws {
        let records = try Self.records()
        for files in records { #expect(findings(files).filter { $0.severity == .error } == []) }
        let count = CampaignScale.pick(full: 5000, sample: 30)
        var random = SeededRandom(seed: seed)
        var (missed, over, damaged) = ([String](), 0, 0)
        while damaged < count {
            let whole = random.pick(records)
            var files = whole
            Self.damage(&files, &random)
            guard files != whole else { continue }
            damaged += 1
            let told = findings(files)
            let changed = files.keys.filter { files[$0] != whole[$0] }
            if told.isEmpty, !changed.allSatisfy({ Self.isWholeReview(files[$0], $0) }) {
                missed.append(changed.joined(separator: ", "))
            }
            let lines = files.values.reduce(0) { $0 + $1.count { $0 == 0x0A } }
            if told.count > lines + 10 * files.count
                || told.contains(where: { $0.summary.count > Diagnostic.sentenceMax })
            {
                over += 1
            }
        }
        try report("damaged records", count, missed, over)
    }

    @Test func `a damaged file of a record is read as what it was, or not at all`() throws {
        let files = try Self.records().flatMap { $0 }.filter { $0.key.hasSuffix(".json") }
            .sorted { ($0.key, $0.value.count) < ($1.key, $1.value.count) }.filter { $0.value.count < 12_000 }
        let count = CampaignScale.pick(full: 100_000, sample: 1000)
        var random = SeededRandom(seed: seed)
        var (wrong, over) = ([String](), 0)
        for _ in 0..<count {
            var (path, bytes) = random.pick(files)
            for _ in 0..<random.number(1...3) { Self.damage(&bytes, &random) }
            do throws(JSONParseError) {
                let json = try JSON.parse(bytes)
                if json.canonicalBytes().count > 6 * bytes.count + 64 { over += 1 }
                if !Self.isReadAlike(json, bytes, path) { wrong.append(path) }
            } catch {
                if !(0...bytes.count).contains(error.byteOffset) { wrong.append("\(path): \(error)") }
                if error.reason.count > 2 * bytes.count + 200 { over += 1 }
            }
        }
        try report("damaged files of records", count, wrong, over)
    }

    /// What is decoded of a file says nothing that its bytes did not say.
    private static func isReadAlike(_ json: JSON, _ bytes: [UInt8], _ path: String) -> Bool {
        // One that cannot be decoded is told of as such.
        if path.hasPrefix("approvals/"), let read = ApprovalStatement(bytes) { return (try? read.bytes()) == bytes }
        if path.hasPrefix("reviews/"), let read: ReviewRecord = try? json.decode() {
            return (try? JSON(encoding: read))?.object != nil
        }
        switch path {
        case "plan.json": _ = try? json.decode(Plan.self)
        case "record.json": _ = try? json.decode(RunRecord.self)
        default: _ = try? json.decode(LeakNote.self)
        }
        return true
    }

    private func report(_ kind: String, _ count: Int, _ wrong: [String], _ over: Int) throws {
        print(
            "\(kind): \(count) cases, 0 crashes, taken for sound \(wrong.count), over the limits \(over), MUSTER_SEED=\(seed)"
        )
        try CampaignLog.add(
            kind: kind, points: count, lost: 0, doubled: 0, notResumable: over, wrongEnd: wrong.count, seed: seed)
        #expect(wrong.isEmpty && over == 0, "MUSTER_SEED=\(seed) \(wrong.prefix(5))")
    }

    // MARK: Signatures

    @Test func `a damaged signature holds only where it still is the same signature`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "muster-fuzz-\(UUID().uuidString)").path()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let making = try Process.run(
            URL(filePath: "/usr/bin/ssh-keygen"),
            arguments: ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", "\(folder)/key"])
        making.waitUntilExit()
        let tool = SSHKeygen()
        let pair = try tool.publicKey(of: "\(folder)/key")
        let sums = Array("00  x\n".utf8)
        let good = Array(try tool.sign(sums, key: "\(folder)/key", namespace: RecordSeal.namespace).utf8)
        var random = SeededRandom(seed: seed)
        var wrong: [String] = []
        let count = CampaignScale.pick(full: 2000, sample: 40)
        for _ in 0..<count {
            var bytes = good
            for _ in 0..<random.number(1...3) { Self.damage(&bytes, &random) }
            let text = String(decoding: bytes, as: UTF8.self)
            let verdict = try tool.verdict(
                on: text, over: sums, person: "ada", signers: Array("ada \(pair.type) \(pair.base64)\n".utf8),
                namespace: RecordSeal.namespace, at: Timestamp("2026-11-21T14:03:02Z")!)
            if verdict == .good, Self.body(text) != Self.body(String(decoding: good, as: UTF8.self)) {
                wrong.append(text)
            }
        }
        try report("damaged signatures", count, wrong, 0)
    }

    /// What the armour holds, up to its end: blanks and what follows it mean nothing. Nor does the format's version behind the magic word,
    /// which is not signed: `ssh-keygen` takes each that is not newer than its own (OpenSSH's PROTOCOL.sshsig).
    private static func body(_ text: String) -> Data? {
        let lines = text.split(whereSeparator: \.isNewline).drop { !$0.hasPrefix("-----BEGIN") }.dropFirst()
            .prefix { !$0.hasPrefix("-----END") }
        guard let body = Data(base64Encoded: lines.joined(), options: .ignoreUnknownCharacters) else { return nil }
        return body.prefix(6) + body.dropFirst(10)
    }
}
