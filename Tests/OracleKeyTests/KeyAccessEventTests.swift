// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import MusterModel
import MusterPlugin
import Testing

@testable import CloudSimulator
@testable import OracleDRSetup

struct KeyAccessEventTests {
    private func inputs(_ lab: SurroundingsLab, _ more: [String: JSON] = [:]) -> JSON {
        let base: [String: JSON] = [
            "vault": .string(SurroundingsLab.vault), "key": "sales",
            "members": .array(SurroundingsLab.nodes.map { .string(lab.principal(of: $0)) }),
            "operations": ["KeyUnwrap", "KeyDecrypt"], "patience": "30m",
        ]
        return .object(base.merging(more) { $1 })
    }

    @Test func `uses are shown once the log has them`() async throws {
        let lab = try await SurroundingsLab()
        lab.useKey()
        lab.useKey()
        let step = try lab.harness(KeyAccessEvents.self)
        let report = try await step.report(inputs(lab))
        #expect(report.postconditions.map(\.verdict) == [.met])
        #expect(report.outputs == .init(uses: 4))
        #expect(step.progress.first?.contains("waiting for the audit log") == true)
        #expect(lab.clouds.effects.isEmpty)
    }

    @Test func `an identity that never used the key is named when the patience ends`() async throws {
        let lab = try await SurroundingsLab()
        lab.useKey([SurroundingsLab.nodes[0]])
        lab.useKey([SurroundingsLab.nodes[1]], operation: "KeyGet")
        let report = try await lab.harness(KeyAccessEvents.self).report(inputs(lab))
        #expect(report.outputs == nil)
        #expect(report.postconditions.map(\.verdict) == [.unmet])
        #expect(report.postconditions.first?.says.contains(lab.principal(of: SurroundingsLab.nodes[1])) == true)
        #expect(report.postconditions.first?.says.contains(lab.principal(of: SurroundingsLab.nodes[0])) == false)
        #expect(lab.time.now.duration(since: ManualTime.start) == .seconds(1800))
    }

    @Test func `uses before the run, or of another key, do not count`() async throws {
        let lab = try await SurroundingsLab()
        lab.useKey()
        lab.time.advance(.seconds(3600))
        let later = try await lab.harness(KeyAccessEvents.self, run: "20260310-124500-test-000000").report(inputs(lab))
        #expect(later.outputs == nil)
        let other = try await lab.harness(KeyAccessEvents.self).report(inputs(lab, ["key": "hr"]))
        #expect(other.outputs == nil)
        let since: JSON = "2026-03-10T11:30:00Z"
        let named = try await lab.harness(KeyAccessEvents.self, run: "20260310-124500-test-000000").report(
            inputs(lab, ["since": since]))
        #expect(named.outputs == .init(uses: 2))
    }

    @Test func `a refused use is no use, and says so`() async throws {
        let lab = try await SurroundingsLab()
        lab.useKey([SurroundingsLab.nodes[0]])
        lab.clouds.changeAzure { azure in
            azure.state.surroundings.keyUses = azure.state.surroundings.keyUses.map { use in
                var refused = use
                refused.status = 403
                return refused
            }
        }
        let report = try await lab.harness(KeyAccessEvents.self).report(inputs(lab))
        #expect(report.postconditions.first?.says.contains("was answered 403 to KeyUnwrap") == true)
    }

    @Test func `a log that nobody keeps, or that goes to storage alone, is found before the run`() async throws {
        for diagnostics in [[:], ["tde-keys": [:]], ["tde-keys": ["workspace": "logs", "enabled": false]]] as [JSON] {
            let lab = try await SurroundingsLab { $0[path: "diagnostics"] = diagnostics }
            let conditions = try await lab.harness(KeyAccessEvents.self, run: nil).check(inputs(lab))
            #expect(conditions.map(\.verdict) == [.unmet, .unverifiable])
        }
        let lab = try await SurroundingsLab()
        let conditions = try await lab.harness(KeyAccessEvents.self, run: nil).check(inputs(lab))
        #expect(conditions.map(\.verdict) == [.met, .met])
    }

    @Test func `a log that may not be asked is unverifiable`() async throws {
        let lab = try await SurroundingsLab {
            $0[path: "client", "denied-actions"] = ["Microsoft.OperationalInsights/workspaces/query/read"]
        }
        let conditions = try await lab.harness(KeyAccessEvents.self, run: nil).check(inputs(lab))
        #expect(conditions.map(\.verdict) == [.met, .unverifiable])
    }

    @Test func `without an identity nothing can be shown`() async throws {
        let lab = try await SurroundingsLab()
        await #expect(throws: StepError.self) {
            _ = try await lab.harness(KeyAccessEvents.self).report(inputs(lab, ["members": []]))
        }
    }

    @Test func `a run that does not tell when it began asks about no other time in its place`() async throws {
        let lab = try await SurroundingsLab()
        lab.useKey()
        let step = try lab.harness(KeyAccessEvents.self, run: "drill-7")
        let error = await thrown { try await step.report(inputs(lab)) }
        #expect(error?.code == "oracle-dr-setup.since" && error?.message.contains("drill-7") == true)
        #expect(try await step.report(inputs(lab, ["since": "2026-03-10T11:30:00Z"])).outputs == .init(uses: 2))
    }

    @Test func `a run tells when it began`() {
        #expect(KeyAccessEvents.started("20260310-120000-a-b-0a0a0a") == Timestamp("2026-03-10T12:00:00Z"))
        #expect(KeyAccessEvents.started("step-7") == nil)
    }
}
