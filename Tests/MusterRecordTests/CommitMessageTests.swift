// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import Testing

@testable import MusterRecord

@Suite struct CommitMessageTests {
    @Test func `the end of a run`() throws {
        let record = try RunScript.failedAfterRetry().files().record
        let lines = commitMessage(for: record, at: .finished).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.first == "failover-group-key-swap: drill failed with 2 deviations")
        #expect(
            lines.suffix(7) == [
                "", "Run: 20261121-140302-failover-group-key-swap-3fa9c1", "Outcome: failed", "Change: CHG0042177",
                "Plan-Digest: \(record.plan)", "Kind: drill", "",
            ])
    }

    @Test func `one step, several steps, the beginning`() throws {
        let record = try RunScript.succeeded().files().record
        let one = commitMessage(for: record, at: .steps(["protector-on-primary"]))
        #expect(one.hasPrefix("failover-group-key-swap: protector-on-primary verified\n\n"))
        #expect(one.contains("\nStep: protector-on-primary\n"))
        let two = commitMessage(for: record, at: .steps(["protector-on-primary", "verify-protectors"]))
        #expect(
            two.hasPrefix(
                "failover-group-key-swap: 2 steps, up to verify-protectors\n\n- protector-on-primary: verified\n"))
        #expect(commitMessage(for: record, at: .created).hasPrefix("failover-group-key-swap: drill planned in lab\n\n"))
    }

    @Test func `a line break in the data makes no trailer`() throws {
        var plan = KeySwap.plan()
        plan.change = "CHG1\nOutcome: succeeded"
        let record = try RunScript.begun(plan).files().record
        let trailers = commitMessage(for: record, at: .created).split(separator: "\n").filter {
            $0.hasPrefix("Outcome:")
        }
        #expect(trailers == ["Outcome: running"])
    }
}
