// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import Testing

@testable import MusterRecord

@Suite struct RunFoldTests {
    @Test func `what was done, changed and left is told step by step`() throws {
        let record = try RunScript.succeeded().files().record
        #expect(record.outcome == .succeeded)
        #expect(record.steps.map(\.result) == [.verified, .shown, .verified, .alreadySo, .verified, .shown])
        #expect(record.deviations == [])
        #expect(record.steps[2].changes.first?.from == KeySwap.sharedKey)
        #expect(record.steps[2].requests.map(\.id) == ["0d3b77f4-9c6e-4a1e-8f55-5a3c1f0e2d11"])
        #expect(record.steps[2].rollback?.contains(KeySwap.sharedKey) == true)
        #expect(record.steps[3].rollback == nil)
        #expect(record.leftBehind.map(\.certainty) == [.verified, .verified, .verified])
        #expect(record.measures.first?.met == true)
        #expect(record.measures.first?.waitedForPeopleMilliseconds == 552_000)
        #expect(record.waitedForPeopleMilliseconds == 556_200)
    }

    @Test func `an effect that a read-back did not find is not left behind`() throws {
        let record = try RunScript.failedAfterRetry().files().record
        #expect(record.outcome == .failed)
        #expect(record.steps[2].effect == nil && record.steps[2].rollback == nil)
        #expect(record.steps[2].failure?.means?.hasPrefix("The server's identity") == true)
        #expect(record.steps[2].attempts.map(\.failures.count) == [1, 1])
        #expect(record.deviations.map(\.kind) == [.notDone, .retried])
        #expect(record.measures.first?.unknown == "verify-protectors was not done")
        #expect(record.leftBehind.map(\.step) == ["register-secondary-key-on-primary"])
    }

    @Test func `an effect in doubt is said and has its way back`() throws {
        let record = try RunScript.inDoubt().files().record
        #expect(record.steps[2].result == .inDoubt)
        #expect(record.steps[2].rollback?.contains(KeySwap.sharedKey) == true)
        #expect(record.leftBehind.last?.certainty == .inDoubt)
        #expect(record.deviations.first?.kind == .inDoubt)
    }

    @Test(arguments: [(KeySwap.sharedKey, [String?]()), (KeySwap.primaryKey, [KeySwap.primaryKey])])
    func `what a later step has put back is not left behind`(last: String, left: [String?]) throws {
        var script = try RunScript.begun()
        try script.setProtector("protector-on-secondary", "servers/one", KeySwap.secondaryKey)
        try script.setProtector("protector-on-primary", "servers/one", last)
        #expect(try script.files().record.leftBehind.map(\.value) == left)
    }

    static let backOrNot = [
        (
            KeySwap.sharedKey,
            "What it changed was put back by [protector-on-primary](#step-5), shown by a read of its own.",
            "nothing: what was changed has been put back"
        ),
        (
            KeySwap.primaryKey, "How to put it back by hand stands in its section.",
            "`one/encryptionProtector` ="
        ),
    ]

    @Test(arguments: backOrNot)
    func `a person is told to put back only what no later step has put back`(
        last: String, says: String, left: String
    ) throws {
        var script = try RunScript.begun()
        let id = "protector-on-secondary"
        try script.beginProtector(id, "servers/one", KeySwap.secondaryKey, attempt: 1)
        let failure = StepFailure(kind: .permanent, code: "500", message: "No answer")
        try script.add(.stepFailed(StepFailed(step: id, failure: failure, effect: .applied)))
        try script.setProtector("protector-on-primary", "servers/one", last)
        try script.add(.runFinished(RunFinished(outcome: .failed, why: "Step \"\(id)\" failed: No answer")))
        let page = try script.page()
        #expect(page.contains("[\(id)](#step-3) failed. `500`: No answer. \(says)\n"))
        #expect(page.contains("| State left behind | \(left)"))
        #expect(page.contains("put it back by hand stands") != page.contains("was put back by"))
    }

    @Test func `failures in a list end without a full stop`() throws {
        var script = try RunScript.begun()
        let failure = StepFailure(kind: .retryable, code: "429", message: "The server is busy.")
        for attempt in 1...2 {
            try script.start("verify-protectors", attempt: attempt)
            try script.add(
                .attemptFailed(
                    AttemptFailed(step: "verify-protectors", attempt: attempt, failure: failure, retryAt: nil)))
        }
        #expect(
            try script.files().record.deviations.map(\.says) == [
                "Took 2 attempts of 3 allowed (429: The server is busy; 429: The server is busy)"
            ])
    }

    @Test func `why a run failed stands before all else on its page`() throws {
        let lines = try RunScript.failedAfterRetry().page().split(separator: "\n")
        #expect(
            lines[0].hasPrefix("# Drill") && lines[1].hasPrefix("**Why:** Step \"protector-on-secondary\" failed: "))
    }

    @Test func `a wall clock that jumps makes no duration negative`() throws {
        var script = try RunScript.begun()
        try script.start("verify-protectors")
        script.jump(milliseconds: -3_600_000)
        try script.add(.clockJumped(ClockJumped(milliseconds: -3_600_000)))
        script.pass(milliseconds: 5000)
        try script.add(.stepDone(StepDone(step: "verify-protectors", how: .shown, outputs: [:])))
        let record = try script.files().record
        #expect(record.steps[5].tookMilliseconds == 5000)
        #expect(record.tookMilliseconds == 9200)
        #expect(record.deviations.map(\.kind) == [.clockJumped])
    }

    @Test func `across a boot the wall clock counts, and never backwards`() throws {
        for (jump, expected) in [(60_000, 60_000), (-60_000, 0)] {
            var script = try RunScript.begun()
            try script.start("verify-protectors")
            script.reboot()
            script.jump(milliseconds: Int64(jump))
            try script.add(.stepDone(StepDone(step: "verify-protectors", how: .shown, outputs: [:])))
            #expect(try script.files().record.steps[5].tookMilliseconds == Int64(expected))
        }
    }

    @Test func `a run under way says so, and the person it waits for counts`() throws {
        var script = try RunScript.begun()
        try script.start("confirm-window")
        script.pass(milliseconds: 30_000)
        try script.add(.pluginLog(PluginLog(plugin: "failover-group-key-swap", stream: "stderr", text: "hello")))
        let record = try script.files().record
        #expect(record.outcome == .running)
        #expect(record.steps[1].result == .running)
        #expect(record.steps[1].tookMilliseconds == 30_000)
        #expect(record.waitedForPeopleMilliseconds == 34_200)
        #expect(record.steps[0].result == .pending)
    }

    @Test func `a failure that the runbook goes on after, and what was not shown, are deviations`() throws {
        var plan = KeySwap.plan()
        plan.steps[0].onFailure = .continue
        plan.commit = nil
        var script = try RunScript.begun(plan)
        let id = plan.steps[0].id
        try script.start(id)
        let failure = StepFailure(kind: .permanent, code: "403", message: "Forbidden")
        try script.add(.stepFailed(StepFailed(step: id, failure: failure, effect: .none)))
        try script.start("protector-on-primary")
        let open = ConditionResult(id: "protector-is-key", verdict: .unverifiable, says: "No right to read it")
        try script.add(.stepVerified(StepVerified(step: "protector-on-primary", attempt: 1, postconditions: [open])))
        try script.add(.stepDone(StepDone(step: "protector-on-primary", how: .unverified, outputs: [:])))
        try script.add(.stepSkipped(StepSkipped(step: "verify-protectors", reason: .condition, detail: "false")))
        #expect(try script.files().record.deviations.map(\.kind) == [.failureIgnored, .unverified, .uncommitted])
    }

    @Test func `evidence of the same name keeps apart, and a result links to the last before it`() throws {
        let record = try RunScript.failedAfterRetry().files().record
        #expect(
            record.steps[2].evidence.map(\.file).map { $0.split(separator: "/").last } == [
                "keys.json", "request.json", "keys-2.json", "request-2.json",
            ])
        #expect(record.steps[2].preconditions[1].evidence == ["evidence/protector-on-secondary/keys-2.json"])
    }

    @Test func `a journal without a run's creation has no record`() throws {
        let error = #expect(throws: MusterError.self) {
            try RecordFiles(plan: KeySwap.plan(), journal: [], render: renderTemplate)
        }
        #expect(error?.code == "record.no-run")
    }

    @Test func `overlapping waits count once`() {
        func moment(_ seconds: Int64) -> Moment {
            Moment(at: Timestamp(milliseconds: 0), elapsed: seconds * 1_000_000_000)
        }
        var waiting = WaitingTime()
        waiting.add(from: moment(10), to: moment(20))
        waiting.add(from: moment(15), to: moment(30))
        waiting.add(from: moment(40), to: moment(50))
        #expect(waiting.milliseconds(from: moment(0), to: moment(100)) == 30_000)
        #expect(waiting.milliseconds(from: moment(12), to: moment(45)) == 23_000)
    }

    @Test(arguments: [
        ([], []), (["a"], ["a"]), (["a", "b", "a", "a"], ["a, 3 times", "b"]), (["b", "a", "b"], ["b, 2 times", "a"]),
    ])
    func `failures that came again are listed once, with their count`(texts: [String], listed: [String]) {
        #expect(counted(texts) == listed)
    }
}
