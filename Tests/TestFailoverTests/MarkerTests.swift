// SPDX-License-Identifier: Apache-2.0

import CloudSimulator
import CloudSteps
import MusterModel
import MusterPlugin
import MusterSQL
import Testing

@testable import AzureClient
@testable import TestFailover

struct MarkerTests {
    private func compare(_ lab: Lab, _ written: WriteMarkers.Outputs) throws -> [String: JSON] {
        lab.with([
            "table": "dbo.muster_markers", "series": .string(written.series),
            "markers": try JSON(encoding: written.markers),
        ])
    }

    @Test func `a planned failover loses no marker`() async throws {
        let lab = try await Lab()
        let step = try lab.harness(WriteMarkers.self)
        #expect(try await step.check(lab.markers()).notMet.isEmpty)
        let written = try await step.apply(lab.markers())
        #expect(written.markers.map(\.number) == [1, 2, 3, 4, 5])
        #expect(written.lastMarkerAt == SimulatedCloud.start.advanced(by: .seconds(4)))
        #expect(written.series == "20260310-120000-test-000000/step")
        #expect(try await step.verify(lab.markers()).notMet.isEmpty)
        try await lab.failOver()
        let report = try await lab.harness(CompareMarkers.self).report(try compare(lab, written))
        #expect(report.outputs == .init(dataLoss: Span(.zero), lostMarkers: 0))
    }

    @Test func `a forced failover's loss is told by the acknowledgements`() async throws {
        let lab = try await Lab { $0.durations.dataLoss = .milliseconds(1500) }
        let written = try await lab.harness(WriteMarkers.self).apply(lab.markers())
        _ = try await lab.harness(ForcedFailover.self).apply(lab.forced())
        let report = try await lab.harness(CompareMarkers.self).report(try compare(lab, written))
        #expect(report.postconditions.notMet.isEmpty)
        #expect(report.outputs == .init(dataLoss: Span(.seconds(2)), lostMarkers: 2))
        #expect(report.postconditions["markers-read"]?.says.contains("At least") == true)
    }

    @Test func `the former primary, which still holds what is lost, is not believed`() async throws {
        let lab = try await Lab(faults: ["dns-delay"]) { $0.durations.dataLoss = .milliseconds(1500) }
        let written = try await lab.harness(WriteMarkers.self).apply(lab.markers())
        _ = try await lab.harness(ForcedFailover.self).apply(lab.forced())
        #expect(lab.cloud.state.strandedMarkers.map(\.marker) == [4, 5])
        let step = try lab.harness(CompareMarkers.self)
        let report = try await step.report(try compare(lab, written))
        #expect(report.outputs == .init(dataLoss: Span(.seconds(2)), lostMarkers: 2))
        #expect(step.progress.contains { $0.contains("leads to a copy of tdedatabase that is READ_ONLY") })
    }

    @Test func `a listener that stays with the former primary gives no figure`() async throws {
        let lab = try await Lab(faults: ["dns-delay:delay=1h"])
        let written = try await lab.harness(WriteMarkers.self).apply(lab.markers())
        _ = try await lab.harness(ForcedFailover.self).apply(lab.forced())
        let report = try await lab.harness(CompareMarkers.self).report(try compare(lab, written))
        #expect(report.postconditions.notMet == ["markers-read"])
        #expect(report.outputs == nil)
        #expect(report.postconditions["markers-read"]?.says.contains("READ_ONLY") == true)
        let more = try await lab.harness(WriteMarkers.self, run: "20260310-120000-more-000000").check(lab.markers())
        #expect(more.notMet == ["table-readable"])
    }

    @Test func `when no marker survives the loss is not known`() async throws {
        let lab = try await Lab { $0.durations.dataLoss = .seconds(600) }
        let written = try await lab.harness(WriteMarkers.self).apply(lab.markers())
        _ = try await lab.harness(ForcedFailover.self).apply(lab.forced())
        let report = try await lab.harness(CompareMarkers.self).report(try compare(lab, written))
        #expect(report.postconditions.notMet == ["markers-read"])
        #expect(report.outputs == nil)
    }

    @Test func `rows of a broken attempt are written anew, with times that are all known`() async throws {
        let lab = try await Lab()
        lab.databases.loseAnswers { [databases = lab.databases] statement in
            let inserts = databases.asked.count { $0.statement.hasPrefix("INSERT") }
            return statement.hasPrefix("INSERT") && inserts == 3 ? .of(.connectionLost, "08S01", 0, "broke") : nil
        }
        let step = try lab.harness(WriteMarkers.self)
        #expect(await stepError { try await step.apply(lab.markers()) }?.kind == .unknownOutcome)
        guard case .needed = try await step.observe(lab.markers()) else {
            Issue.record("three of five are not as wanted")
            return
        }
        #expect(try await step.apply(lab.markers()).markers.count == 5)
        #expect(lab.cloud.state.markers.count == 5)
        guard case .satisfied(let outputs) = try await step.observe(lab.markers()) else {
            Issue.record("all are there")
            return
        }
        #expect(outputs.markers.count == 5)
    }

    @Test func `undo deletes the run's own rows and no others`() async throws {
        let lab = try await Lab()
        _ = try await lab.harness(WriteMarkers.self, run: "20260310-120000-other-000000").apply(lab.markers())
        let step = try lab.harness(WriteMarkers.self)
        _ = try await step.apply(lab.markers())
        try await step.undo(lab.markers())
        try await step.undo(lab.markers())
        #expect(Set(lab.cloud.state.markers.map(\.run)) == ["20260310-120000-other-000000/step"])
    }

    @Test(arguments: ["t; DROP TABLE x", "a.b.c", "", "1t", "t]", "a b", "a.", "\"t\""])
    func `a table's name that is more than a name goes nowhere`(name: String) async throws {
        #expect(MarkerTable(name) == nil)
        let lab = try await Lab()
        let inputs = lab.markers(["table": .string(name)])
        #expect(try await lab.harness(WriteMarkers.self).check(inputs)["table-named"]?.verdict == .unmet)
        _ = await stepError { try await lab.harness(WriteMarkers.self).apply(inputs) }
        #expect(lab.databases.asked.isEmpty)
    }

    @Test func `a table that is not there is said before anything is written`() async throws {
        let lab = try await Lab()
        lab.databases.fail { _, _ in .of(.statement, "42S02", 208, "Invalid object name 'dbo.muster_markers'.") }
        let conditions = try await lab.harness(WriteMarkers.self).check(lab.markers())
        #expect(conditions.notMet == ["table-readable"])
        #expect(conditions["table-readable"]?.says.contains("Invalid object name") == true)
    }

    @Test func `a database outside the group is refused`() async throws {
        let lab = try await Lab()
        let inputs = lab.markers(["database": "another"])
        #expect(
            await stepError { try await lab.harness(WriteMarkers.self).apply(inputs) }?.code
                == "test-failover.foreign-database")
    }

    @Test func `a marker that nobody acknowledged is no survivor`() {
        let markers = [Marker(number: 1, at: SimulatedCloud.start)]
        #expect(MarkerLoss(newest: 2, of: markers) == .foreign(2))
        #expect(MarkerLoss(newest: 1, of: markers) == .none)
        #expect(MarkerLoss(newest: nil, of: markers) == .all(count: 1, atLeast: .zero))
    }

    @Test(arguments: [(0, "0s"), (250, "250ms"), (64_250, "1m4s250ms"), (3_600_000, "1h")])
    func `a span is exact`(milliseconds: Int64, text: String) {
        #expect(Span(.milliseconds(milliseconds)).text == text)
        #expect(milliseconds == 0 || Duration(durationText: text) == .milliseconds(milliseconds))
    }
}
