// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import Testing

@testable import MusterRecord

/// What a record tells of pauses, decisions, crashes and rollbacks.
@Suite struct InterventionRecordTests {
    private func record(_ run: RunDriver) throws -> RunRecord { try run.script.files().record }

    private func step(_ id: String, _ record: RunRecord) throws -> StepRecord {
        try #require(record.steps.first { $0.id == id })
    }

    // MARK: Waiting

    @Test func `a step that waits names the choices, and the run waits`() throws {
        var run = try RunDriver.failing()
        var waiting = try #require(try record(run).waiting)
        #expect(try record(run).outcome == .waiting)
        #expect(waiting.map(\.step) == [KeySwap.protectPrimary] && waiting[0].trouble == .failed)
        #expect(waiting[0].choices == [.retry, .skip, .done, .abandon])
        #expect(waiting[0].says.contains("permissions"))
        run = try RunDriver.doubting()
        waiting = try #require(try record(run).waiting)
        #expect(waiting[0].trouble == .inDoubt && waiting[0].choices == [.retry, .undo, .done, .abandon])
    }

    @Test func `a run at rest is paused, and its rest counts as waiting for people`() throws {
        var run = try RunDriver()
        try run.go(before: "step-begun", of: KeySwap.protectSecondary)
        try run.pause("Wait for the nightly batch")
        let waited = try record(run).waitedForPeopleMilliseconds
        #expect(try record(run).outcome == .paused)
        #expect(try run.script.page().contains("muster resume \(RunScript.run.text)"))
        try run.resume(after: 1_800_000)
        #expect(try record(run).outcome == .running)
        #expect(try record(run).waitedForPeopleMilliseconds == waited + 1_800_000)
        #expect(try record(run).resumes?.map(\.after) == [.paused])
        #expect(try record(run).steps.allSatisfy { $0.cutOffs.isEmpty })
    }

    @Test func `the time until a decision counts as waiting for people`() throws {
        let run = try RunDriver.retried()
        let manual: Int64 = 4200 + 552_000
        #expect(try record(run).waitedForPeopleMilliseconds == manual + 95_000)
    }

    // MARK: Decisions

    @Test func `a decision stands with its person and reason, and deviates`() throws {
        let record = try record(.skipped())
        let step = try step(KeySwap.protectPrimary, record)
        #expect(step.result == .skipped && step.skipped == .decision && step.decisions?.map(\.choice) == [.skip])
        let deviation = try #require(record.deviations.first)
        #expect(deviation.kind == .skipped && deviation.person == RunDriver.ada)
        #expect(deviation.reason == "The primary keeps the shared key until Monday, CHG0042180")
        #expect(record.interventions?.map(\.kind) == [.decided])
    }

    @Test func `what a person vouches for is claimed, and no objective's proof`() throws {
        let step = try step(KeySwap.protectPrimary, record(.declared()))
        #expect(step.result == .declared && step.effect == .claimed && step.failure == nil)
    }

    @Test func `a step that is tried again is no failure any more`() throws {
        let step = try step(KeySwap.protectPrimary, record(.retried()))
        #expect(step.result == .verified && step.why == nil && step.attempts.count == 2)
    }

    // MARK: Crashes

    @Test func `an attempt that its engine left is cut off, and its effect read back`() throws {
        let record = try record(.crashed())
        let step = try step(KeySwap.protectSecondary, record)
        let cut = try #require(step.attempts.first?.cutOffs?.first)
        #expect(cut.hadBegun && cut.resumedAt == record.resumes?.first?.at)
        #expect(step.attempts[0].failures.map(\.code) == ["engine.cut-off"] && step.result == .verified)
        #expect(record.resumes?.first?.silentMilliseconds == 240_000)
        #expect(record.deviations.map(\.kind) == [.cutOff])
    }

    @Test func `another boot's clock does not count, however high it stands`() throws {
        var run = try RunDriver()
        try run.go(before: "step-checked", of: KeySwap.protectSecondary)
        let before = try record(run).tookMilliseconds
        run.leapBootClock()
        try run.resume(after: 60_000, host: "bastion-3", boot: "c2a5", isClockHigher: true)
        #expect(try record(run).tookMilliseconds == before + 60_000)
    }

    @Test func `a take-over says from whom, why, and up to where the journal was known`() throws {
        let record = try record(.takenOver())
        let deviation = try #require(record.deviations.first)
        #expect(deviation.kind == .takenOver && deviation.steps.contains(KeySwap.registerPrimary))
        #expect(deviation.says.hasPrefix("Taken over from bastion-2 to bastion-3 at "))
        let known = try #require(record.resumes?.first?.takeOver?.knownUpTo)
        #expect(deviation.says.contains("up to line \(known + 1);"))
        #expect(record.leases?.map(\.what) == [.taken, .takenOver])
    }

    @Test(
        arguments: [
            (LeaseChanged.What.lost, Deviation.Kind.leaseLost), (.without, .withoutLease), (.late, .leaseLate),
            (.takenOver, .leaseTakenOver), (.taken, nil), (.renewed, nil),
        ] as [(LeaseChanged.What, Deviation.Kind?)])
    func `a lease that was not held deviates`(what: LeaseChanged.What, kind: Deviation.Kind?) throws {
        var run = try RunDriver()
        try run.add(.leaseChanged(LeaseChanged(what: what, lock: "group", epoch: 2, says: "The remote is silent")))
        try run.go()
        #expect(try record(run).deviations.map(\.kind) == [kind].compactMap(\.self))
    }

    @Test func `a page is made of whatever number a hostile journal gives an attempt`() throws {
        var run = try record(.retried())
        let at = try #require(run.steps.firstIndex { $0.id == KeySwap.protectPrimary })
        run.steps[at].attempts[0].number = .max
        run.steps[at].attempts[0].retryAt = nil
        #expect(ReadmePage(record: run, plan: try RunDriver.retried().script.plan).text.contains("\(Int.max)"))
    }
}
