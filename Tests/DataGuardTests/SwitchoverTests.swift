// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import MusterModel
import MusterPlugin
import OracleCloudClient
import OracleSteps
import Testing

@testable import CloudSimulator
@testable import TestFailover

struct SwitchoverTests {
    private let wanted = Change(
        "data-guard/SALES/primary", from: "SALES_FRA (eu-frankfurt-1)", to: "SALES_AMS (eu-amsterdam-1)")

    @Test func `a healthy standby takes over and is taken back`() async throws {
        let lab = try await Lab()
        let step = try lab.harness(DataGuardSwitchover.self)
        #expect(try await step.check(switchover()).notMet == [])
        #expect(try await step.observe(switchover()) == .needed([wanted]))
        let outputs = try await step.apply(switchover())
        #expect(outputs.previousPrimary.text == primary)
        #expect(outputs.replicationBefore == "apply lag 2 seconds, transport lag 0 seconds")
        #expect(outputs.replicationAfter == "apply lag 0 seconds, transport lag 0 seconds")
        #expect(try await step.verify(switchover()).notMet == [])
        guard case .satisfied = try await step.observe(switchover()) else { Issue.record("not satisfied"); return }
        let undo = try #require(try step.begun().last)
        #expect(undo.byHand.contains("switchover to 'SALES_FRA'"))
        #expect(undo.operation?.workRequest != nil)
        try await step.undo(switchover(), with: undo)
        #expect(try await step.observe(switchover()) == .needed([wanted]))
        #expect(lab.cloud.effects == ["data-guard.switchover SALES_AMS", "data-guard.switchover SALES_FRA"])
    }

    @Test func `the way back is refused where a side is not shown to reach its key`() async throws {
        let lab = try await Lab()
        let step = try lab.harness(DataGuardSwitchover.self)
        _ = try await step.apply(switchover())
        #expect(try await step.checkUndo(switchover()).notMet == [])
        lab.cloud.change { state in
            state.alter("SALES_FRA") { $0.keys.registered = "ocid1.oracledbazurekey.oc1.eu-frankfurt-1.lost" }
        }
        #expect(try await step.checkUndo(switchover()).notMet == ["undo-keys-reached"])
    }

    @Test func `nothing is sent to a database that is primary already`() async throws {
        let lab = try await Lab()
        let step = try lab.harness(DataGuardSwitchover.self)
        let there = switchover(to: primary)
        #expect(try await step.check(there).notMet == [])
        guard case .satisfied = try await step.observe(there) else { Issue.record("not satisfied"); return }
        _ = try await step.apply(there)
        #expect(try step.begun().isEmpty)
        #expect(lab.cloud.effects.isEmpty)
    }

    static let lacks: [(String, String, @Sendable (inout OracleState) -> Void)] = [
        (
            "databases-available", "SALES_FRA (eu-frankfurt-1) is UPDATING",
            { $0.alter("SALES_FRA") { $0.lifecycleState = "UPDATING" } }
        ),
        (
            "lag-within", "Apply lag of SALES_AMS (eu-amsterdam-1) is 31 s, over 30 s",
            { $0.alter("SALES_AMS") { $0.applyLag = "31 seconds" } }
        ),
        ("lag-within", "not known: soon", { $0.alter("SALES_AMS") { $0.transportLag = "soon" } }),
        ("lag-within", "were read 20 min ago", { $0.figuresAge = .seconds(1200) }),
        (
            "ready-for-switchover", "is WARNING for a switchover",
            { $0.alter("SALES_AMS") { $0.readiness = "WARNING" } }
        ),
        ("protection-sound", "MAXIMUM_PROTECTION with ASYNC", { $0.protectionMode = "MAXIMUM_PROTECTION" }),
        (
            "keys-reached", "The way of SALES_FRA (eu-frankfurt-1) to its key",
            { $0.alter("SALES_FRA") { $0.keys.registered = "ocid1.oracledbazurekey.oc1.eu-frankfurt-1.lost" } }
        ),
        ("target-standby", "is SNAPSHOT_STANDBY", { $0.alter("SALES_AMS") { $0.role = "SNAPSHOT_STANDBY" } }),
        ("one-primary", "No database of the group is PRIMARY", { $0.alter("SALES_FRA") { $0.role = "STANDBY" } }),
        ("in-group", "is in no Data Guard group", { $0.databases.removeAll { $0.uniqueName == "SALES_FRA" } }),
    ]

    @Test(arguments: lacks)
    func `a missing condition is named before any effect`(
        id: String, says: String, change: @Sendable (inout OracleState) -> Void
    ) async throws {
        let lab = try await Lab(change: change)
        let found = try await lab.harness(DataGuardSwitchover.self).check(switchover())
        #expect(found[id]?.verdict != .met)
        #expect(found[id]?.says.contains(says) == true, "\(found[id]?.says ?? "not answered")")
    }

    @Test func `no password is a condition, and nothing is sent without one`() async throws {
        let lab = try await Lab(without: ["database-admin-password"])
        let step = try lab.harness(DataGuardSwitchover.self)
        #expect(try await step.check(switchover()).notMet == ["password-given"])
        #expect(await stepError { try await step.apply(switchover()) }?.code == "oracle.no-password")
        #expect(lab.cloud.effects.isEmpty)
    }

    @Test(arguments: [
        "connection-lost-after-effect:operation=switchover", "connection-lost-before-effect:operation=switchover",
        "throttle", "unavailable",
    ])
    func `one switchover is made whatever is lost on the way`(fault: String) async throws {
        let lab = try await Lab(faults: [fault])
        let step = try lab.harness(DataGuardSwitchover.self)
        _ = try await step.apply(switchover())
        #expect(try await step.verify(switchover()).notMet == [])
        #expect(lab.cloud.effects == ["data-guard.switchover SALES_AMS"])
    }

    @Test func `an answer that stays lost is in doubt until the state is read`() async throws {
        let lab = try await Lab(faults: ["connection-lost-after-effect:operation=switchover,times=9"])
        let step = try lab.harness(DataGuardSwitchover.self)
        let error = await stepError { try await step.apply(switchover()) }
        #expect(error?.kind == .unknownOutcome)
        guard case .satisfied = try await step.observe(switchover()) else { Issue.record("not satisfied"); return }
        #expect(lab.cloud.effects == ["data-guard.switchover SALES_AMS"])
    }

    @Test func `a switchover that is made in part is said as it is`() async throws {
        let lab = try await Lab(faults: ["switchover-half-completes"])
        let step = try lab.harness(DataGuardSwitchover.self)
        let error = await stepError { try await step.apply(switchover()) }
        #expect(error?.code == "data-guard.half-done" && error?.kind == .unknownOutcome)
        #expect(error?.message.contains("could not be opened as primary") == true)
        #expect(
            error?.message.contains("SALES_AMS (eu-amsterdam-1) is STANDBY, SALES_FRA (eu-frankfurt-1) is STANDBY")
                == true)
        guard case .partial(_, let why) = try await step.observe(switchover()) else {
            Issue.record("not partial"); return
        }
        #expect(why.contains("SALES_FRA (eu-frankfurt-1) is STANDBY"))
        #expect(
            try await lab.harness(DataGuardSwitchover.self).check(switchover(to: primary)).notMet == ["one-primary"])
    }

    @Test func `a work request that fails late leaves a permanent failure and the roles as before`() async throws {
        let lab = try await Lab(faults: ["work-request-fails-late"])
        let step = try lab.harness(DataGuardSwitchover.self)
        let error = await stepError { try await step.apply(switchover()) }
        #expect(error?.code == "data-guard.not-done" && error?.kind == .permanent)
        #expect(lab.time.now.duration(since: ManualTime.start) >= .seconds(3 * 360))
        #expect(try await step.observe(switchover()) == .needed([wanted]))
        // Another attempt is a new request, not the old answer again.
        _ = try await lab.harness(DataGuardSwitchover.self, attempt: 2).apply(switchover())
        #expect(lab.cloud.effects == ["data-guard.switchover SALES_AMS"])
    }

    @Test func `a switchover that never ends is in doubt when the time is over`() async throws {
        let lab = try await Lab(faults: ["stuck-operation"])
        let step = try lab.harness(DataGuardSwitchover.self)
        let error = await stepError { try await step.apply(switchover()) }
        #expect(error?.code == "oracle.still-running" && error?.kind == .unknownOutcome)
        guard case .unknown = try await step.observe(switchover()) else { Issue.record("not unknown"); return }
    }

    @Test func `undo says what keeps it from following what was begun`() async throws {
        let lab = try await Lab(faults: ["stuck-operation"])
        let step = try lab.harness(DataGuardSwitchover.self)
        _ = await stepError { try await step.apply(switchover()) }
        let waiting = await stepError { try await step.undo(switchover()) }
        #expect(waiting?.code == "oracle.still-running" && waiting?.kind == .retryable)
        let other = try await Lab()
        let done = try other.harness(DataGuardSwitchover.self)
        _ = try await done.apply(switchover())
        other.cloud.change { $0.databases.removeAll() }
        let refused = await stepError { try await done.undo(switchover()) }
        #expect(refused?.code == "NotAuthorizedOrNotFound" && refused?.kind == .permanent)
        #expect(refused?.message.contains("could not be followed to its end") == true)
    }

    @Test func `the way back waits for what still goes on`() async throws {
        let lab = try await Lab(faults: ["connection-lost-after-effect:operation=switchover,times=9"])
        _ = await stepError { try await lab.harness(DataGuardSwitchover.self).apply(switchover()) }
        let back = try lab.harness(DataGuardSwitchover.self)
        #expect(try await back.check(switchover(to: primary)).notMet.contains("databases-available"))
        #expect(try await back.check(switchover(to: primary, ["settleWithin": "30m"])).notMet == [])
    }

    @Test func `neither key nor password reaches the evidence`() async throws {
        let lab = try await Lab()
        let step = try lab.harness(DataGuardSwitchover.self)
        _ = try await step.apply(switchover())
        for name in ["requests", "data-guard-after"] {
            let text = try JSON(encoding: step.evidence(name, as: JSON.self)).canonicalText
            #expect(text.count > 2)
            #expect(!text.contains("s3cr3t-sys") && !text.contains("PRIVATE KEY") && !text.contains("Signature"))
        }
    }
}
