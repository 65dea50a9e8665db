// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import MusterSystem
import Testing

/// Every fault that the simulator knows ends a rehearsal in a clear state, and never in a false success.
struct FaultTests {
    /// Faults of the other cloud, which this drill never meets; others do.
    private static let elsewhere: Set<String> = [
        "lag-over-limit", "switchover-half-completes", "work-request-fails-late", "connector-token-expired",
        "node-not-enrolled", "work-request-needs-attention",
    ]

    /// The faults, as the simulator itself names them: a new one is met here without anybody's doing.
    private static func faults() throws -> [String] {
        let result = try RunningCommand(product("muster-cloud-simulator"), ["--list-faults"], environment: [:]).finish()
        let names = result.output.split(separator: "\n").filter { !$0.hasPrefix(" ") }.map(String.init)
        guard names.count > 10 else { throw FixtureFailure(description: "no list of faults: \(result)") }
        return names.filter { !elsewhere.contains($0) }
    }

    /// Exit statuses of faults whose end is certain; the others may pass or fail, as retries and clocks have it.
    private static let certain: [String: Int32] = [
        "throttle": 0, "connection-lost-after-effect": 0, "connection-lost-before-effect": 0, "token-expired": 0,
        "stuck-operation": 5,
        "missing-role": 1, "server-identity-without-rights": 3, "key-disabled": 3, "key-deleted": 3,
        "purge-protection-missing": 3,
        "replication-broken": 3, "secondary-without-key": 1, "planned-failover-timeout": 1, "left-suspended": 1,
        "failover-drops-connections": 0, "dns-delay": 0,
    ]

    /// Faults that no waiting overcomes: more patience would only make the same end come later.
    private static let lasting: Set<String> = ["stuck-operation", "left-suspended", "key-disabled-mid-drill"]

    @Test(arguments: try faults())
    func `a fault ends a rehearsal in a clear state`(fault: String) throws {
        let catalog = try Catalog(.shipped)
        let lasts = Self.lasting.contains(fault)
        try catalog.replace(
            "backoff: 5s..2m }", by: "backoff: 100ms..1s }\n    timeout: \(lasts ? 3 : 6)s",
            in: "runbooks/\(KeySwap.runbook).yaml")
        try catalog.replace(
            "backoff: 5s..1m }", by: "backoff: 100ms..200ms }", in: "runbooks/\(KeySwap.runbook).yaml")
        try catalog.commit("Less patience")
        let result = try catalog.muster(
            "rehearse", KeySwap.runbook, "--fault", fault, "--speed", "500", "--input", "patience=\(lasts ? 1 : 5)s",
            "--input", "markerInterval=10ms", "--input", "probeInterval=50ms")
        let status = try #require(result.status, "\(result)")
        if let certain = Self.certain[fault] { #expect(status == certain, "\(result)") }
        switch status {
        case 0: try catalog.onlyRun.expectSwapped()
        case 1: try expectEnd("failed", "✗ failed", result, catalog)
        case 5: try expectEnd("stuck", "? stuck", result, catalog)
        case 3: try expectRefused(result, catalog)
        default: Issue.record("no clear end: \(result)")
        }
        #expect(result.output.contains("✓ succeeded") == (status == 0))
    }

    private func expectEnd(_ outcome: String, _ headline: String, _ result: CommandResult, _ catalog: Catalog) throws {
        #expect(result.output.contains(headline))
        let run = try catalog.onlyRun
        #expect(try run.outcome == outcome)
        #expect(result.output.contains("Step \""), "no reason is given: \(result)")
        #expect(try catalog.muster("verify", "last").status == 0)
        #expect(try catalog.muster("status").status == result.status)
        #expect(try run.result(of: "encryption-after") != "shown")
    }

    private func expectRefused(_ result: CommandResult, _ catalog: Catalog) throws {
        #expect(result.errors.contains("[precondition."), "\(result)")
        #expect(result.errors.contains("[plan.refused]"))
        #expect(catalog.runFolders.isEmpty)
        #expect(try !catalog.refs.contains("muster/"))
    }
}
