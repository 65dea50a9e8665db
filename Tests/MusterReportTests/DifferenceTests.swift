// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import Testing

@testable import MusterRecord
@testable import MusterReport

@Suite struct DifferenceTests {
    private func side(_ name: String) throws -> (record: RunRecord, plan: Plan) {
        let report = try StoredRun.report(name)
        return (report.record, report.plan)
    }

    @Test func `a run is the same as itself`() throws {
        for name in try StoredRun.names {
            let side = try side(name)
            #expect(RunDifference(side, side).isSame, "\(name)")
        }
    }

    @Test func `two runs read as reviewed`() throws {
        let difference = RunDifference(try side("decided-retry"), try side("rollback-stuck"))
        let text = DifferenceText(difference, width: 100).lines.map { $0.text + "\n" }.joined()
        try StoredRun.golden("decided-retry-rollback-stuck.diff.txt", text)
    }

    @Test(arguments: [20, 40, 80, 100, 200])
    func `no line is longer than the terminal is wide`(width: Int) throws {
        var other = try side("rollback-stuck")
        other.record.why = String(repeating: "x", count: 700) + " \u{1B}[31m\nand more"
        let lines = DifferenceText(RunDifference(try side("decided-retry"), other), width: width).lines
        #expect(lines.allSatisfy { $0.text.count <= max(40, width) })
        #expect(lines.allSatisfy { !$0.text.unicodeScalars.contains { $0.value < 0x20 } })
        #expect(lines.map { $0.text.filter { $0 == "x" }.count }.reduce(0, +) >= 700)
    }

    /// What is changed in a copy of a run, and the section and name under which it is told.
    private static let edits: [(String, String, @Sendable (inout RunRecord) -> Void)] = [
        ("run", "kind", { $0.kind = .change }), ("run", "host", { $0.host = "elsewhere" }),
        ("run", "change", { $0.change = nil }), ("run", "catalog's commit", { $0.commit = nil }),
        ("run", "outcome", { $0.outcome = .cancelled }), ("inputs", "extra", { $0.inputs["extra"] = 1 }),
        ("environment", "name", { $0.environment.name = "prod" }),
        ("plugins", "failover-group-key-swap", { $0.plugins[0].executable = Digest(of: [1]) }),
        ("outcomes of steps", "confirm-window", { $0.steps[1].result = .failed }),
        ("durations", "the whole run", { $0.tookMilliseconds += 900_000 }),
        ("measures", "swap-time", { $0.measures[0].met = false }),
        (
            "deviations", "clock-jumped",
            { $0.deviations.append(.init(kind: .clockJumped, steps: [], says: "It jumped")) }
        ),
        (
            "decisions", "confirm-window",
            {
                $0.steps[1].decisions = [
                    DecisionRecord(at: $0.createdAt, person: "Ada", choice: .retry, reason: "seen")
                ]
            }
        ),
    ]

    @Test(arguments: edits.indices) func `what is changed is told, and nothing else`(index: Int) throws {
        let (section, what, edit) = Self.edits[index]
        let side = try side("decided-retry")
        var other = side
        edit(&other.record)
        let told = RunDifference(side, other).sections.flatMap { section in
            section.rows.map { "\(section.title): \($0.what)" }
        }
        #expect(told == ["\(section): \(what)"])
    }

    @Test(arguments: [(Int64(0), Int64(999), true), (0, 1001, false), (60_000, 66_000, true), (60_000, 66_001, false)])
    func `times that are about the same are the same`(first: Int64, second: Int64, isSame: Bool) {
        #expect(RunDifference.isAbout(first, second) == isSame)
    }

    @Test(arguments: [Int64.max, .min]) func `a record with any time in it is reported and compared`(time: Int64) throws
    {
        var (hostile, other) = (try side("rollback-stuck"), try side("rollback-stuck"))
        hostile.record.tookMilliseconds = time
        other.record.tookMilliseconds = time == .max ? .min : .max
        for at in hostile.record.steps.indices {
            hostile.record.steps[at].tookMilliseconds = time
            for undo in (hostile.record.steps[at].undos ?? []).indices {
                hostile.record.steps[at].undos?[undo].tookMilliseconds = time
            }
        }
        #expect(!RunDifference(hostile, other).isSame)
        let report = try Report(
            record: try JSON(encoding: hostile.record).canonicalBytes(),
            plan: try JSON(encoding: hostile.plan).canonicalBytes(), page: [], reviews: [])
        #expect(HTMLReport(report).text.contains("</footer>"))
    }
}
