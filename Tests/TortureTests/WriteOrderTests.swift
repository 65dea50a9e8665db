// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterModel
import MusterTestSupport
import Testing

/// What the kernel was really asked for, in order: an effect is allowed, and a result shown, only after the sync of the
/// journal's line that tells of it.
@Suite(.timeLimit(.minutes(60)))
struct WriteOrderTests {
    /// Events that may be shown before they are synced: a look that is lost is made again.
    private static let mayBeLost: Set = [
        "step-started", "step-checked", "step-observed", "step-applied", "step-verified", "progress", "evidence",
        "plugin-log", "clock-jumped", "undo-started", "undo-checked", "undo-claimed",
    ]

    /// One call of the engine, as strace tells it.
    private enum Call {
        case journal([JSON])
        case synced
        case shown(String)
        case shownEvents([JSON])
        /// A plugin may begin its effect.
        case proceed
    }

    /// Calls of the engine's process, without those that tell nothing of the order. A line counts as shown with its first
    /// byte.
    private func calls(in log: String) throws -> [Call] {
        var calls: [Call] = []
        var open = (at: 0, text: "")
        for call in try eachCall(in: log) {
            calls.append(call)
            guard case .shown(let text) = call else { continue }
            if open.text.isEmpty { open.at = calls.count - 1 }
            open.text += text
            guard let end = open.text.lastIndex(of: "\n") else { continue }
            calls[open.at] = .shownEvents(try Self.events(String(open.text[..<end])))
            open = (calls.count - 1, String(open.text[open.text.index(after: end)...]))
        }
        return calls
    }

    private func eachCall(in log: String) throws -> [Call] {
        try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").compactMap { line in
            let call = line.prefix { $0 != "(" }
            guard let target = line.firstMatch(of: /\((\d+)<([^>]*)>/) else { return nil }
            let isJournal = Self.decoded(target.2).hasSuffix("/journal.jsonl")
            if call == "fdatasync" || call == "fsync" { return isJournal ? .synced : nil }
            guard call == "write" || call == "pwrite64", line.contains(") = ") else { return nil }
            let text = Self.unescaped(line)
            if isJournal { return .journal(try Self.events(text)) }
            if target.1 == "1" { return .shown(text) }
            return text.contains("\"proceed\":true") ? .proceed : nil
        }
    }

    /// The text between the quotes.
    private static func unescaped(_ line: Substring) -> String {
        guard let from = line.firstIndex(of: "\""), let to = line.lastIndex(of: "\"") else { return "" }
        return decoded(line[line.index(after: from)..<to])
    }

    /// What strace wrote with a `\x` sequence for each byte.
    private static func decoded(_ text: Substring) -> String {
        String(decoding: text.split(separator: "\\x").compactMap { UInt8($0, radix: 16) }, as: UTF8.self)
    }

    private static func events(_ text: String) throws -> [JSON] {
        try text.split(separator: "\n").map { try JSON.parse(String($0)) }.filter { $0["seq"] != nil }
    }

    private func check(_ calls: [Call], _ findings: inout Findings) -> (proceeds: Int, shown: Int) {
        var written = -1 as Int64
        var synced = -1 as Int64
        var begun = 0
        var (proceeds, shown) = (0, 0)
        for call in calls {
            switch call {
            case .journal(let events):
                written = events.last?["seq"]?.int ?? written
                begun += events.count { $0["kind"] == "step-begun" }
            case .synced: synced = written
            case .proceed:
                proceeds += 1
                if synced < written { findings.lose("an effect was allowed before the sync of line \(written)") }
                if proceeds > begun { findings.double("an effect was allowed whose beginning was not written") }
            case .shown: break
            case .shownEvents(let events):
                for event in events where !Self.mayBeLost.contains(event["kind"]?.string ?? "") {
                    shown += 1
                    if event["seq"]?.int ?? 0 > synced {
                        findings.lose("\(event["kind"]?.string ?? "") was shown before its sync")
                    }
                }
            }
        }
        return (proceeds, shown)
    }

    @Test func `no effect is allowed and nothing is shown before its line in the journal is on the disk`() throws {
        let template = try Trial.template()
        var findings = Findings()
        let drills = CampaignScale.pick(full: 100, sample: 2)
        for _ in 1...drills {
            var trial = try Trial(template)
            let wrapper = [
                "/usr/bin/strace", "-o", trial.log, "-y", "-xx", "-s", "1000000", "-e",
                "trace=write,pwrite64,fsync,fdatasync",
            ]
            #expect(try trial.end(try trial.start(under: wrapper)).status == 0)
            let seen = check(try calls(in: trial.log), &findings)
            findings.points += seen.proceeds + seen.shown
            // What is checked is really there.
            #expect(seen.proceeds == Trial.steps + 1)
            #expect(seen.shown >= 3 * (Trial.steps + 1))
        }
        try findings.report("order of writes, syncs, and what is allowed or shown", atLeast: 30)
    }
}
