// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel

@testable import MusterRecord

/// Runs whose journals are kept for ever under `Histories/v1`, by name. A run that is added here is written there once, with
/// `UPDATE_GOLDEN=1`; what is there is never written anew.
enum Histories {
    typealias Run = (name: String, script: @Sendable () throws -> RunScript)

    static var all: [Run] {
        // The first golden run leaves a look out that the machine asks for.
        GoldenRecordTests.runs.filter { $0.name != "succeeded" }.map { ($0.name, $0.script) } + firstRules + cutOffs
            + undoCutOffs + decisions + rollbacks
    }

    private typealias Fault = RunDriver.Fault
    private static let step = KeySwap.protectSecondary

    private static func run(
        _ name: String, _ faults: [Fault] = [], rules: Int? = RunCreated.currentRules,
        _ rest: @escaping @Sendable (inout RunDriver) throws -> Void = { try $0.go() }
    ) -> Run {
        (
            name,
            {
                var run = try RunDriver(KeySwap.short(), rules: rules)
                run.faults = faults
                try rest(&run)
                return run.script
            }
        )
    }

    private static func fault(_ verb: StepTask.Verb, _ what: Fault.What) -> Fault {
        Fault(step: step, verb: verb, what: what)
    }

    private static func denied(_ verb: StepTask.Verb) -> Fault { fault(verb, .refused(RunDriver.denied)) }
    private static let lost = fault(.apply, .failed(RunDriver.lost))

    // MARK: Muster 0.1 and 0.2

    private static let firstRules: [Run] = [
        run("rules-1-succeeded", rules: nil),
        run(
            "rules-1-precondition-unmet", [fault(.check, .unmet("No")), fault(.check, .unmet("Still not"))], rules: nil),
        run("rules-1-precondition-met-later", [fault(.check, .unmet("Not yet"))], rules: nil),
        run("rules-1-already-so", [fault(.observe, .sees(.satisfied, ""))], rules: nil),
        run("rules-1-partial", [fault(.observe, .sees(.partial, "Half"))], rules: nil),
        run("rules-1-refused", [denied(.apply)], rules: nil),
        run("rules-1-refused-once", [fault(.apply, .refused(RunDriver.busy))], rules: nil),
        run("rules-1-lost-and-not-there", [lost], rules: nil),
        run("rules-1-lost-and-there", [lost, fault(.readBack, .sees(.satisfied, ""))], rules: nil),
        run("rules-1-in-doubt", [lost, fault(.readBack, .sees(.unknown, "Busy"))], rules: nil),
        run("rules-1-read-back-fails", [lost, denied(.readBack)], rules: nil),
        run("rules-1-unverified", [fault(.verify, .unverifiable("No right to read it"))], rules: nil),
        run("rules-1-verified-later", [fault(.verify, .unmet("Not yet"))], rules: nil),
        run("rules-1-stopped", rules: nil) {
            try $0.go(before: "step-observed", of: step)
            try $0.cancel("Called off")
        },
        run("rules-1-stopped-under-way", rules: nil) {
            try $0.go(before: "step-applied", of: step)
            try $0.cancel("Called off")
        },
    ]

    // MARK: Crashes

    private static let cutOffs: [Run] = [
        "step-checked", "step-observed", "step-applying", "step-begun", "step-applied", "step-verified", "step-done",
    ].map { kind in
        run("cut-off-before-\(kind)") {
            try $0.go(before: kind, of: step)
            try $0.resume(boot: "0b7e")
            try $0.go()
        }
    }

    private static let undoCutOffs: [Run] = [
        "undo-checked", "step-observed", "undo-applying", "undo-begun", "undo-claimed", "step-undone",
    ].map { kind in
        run("cut-off-before-\(kind)-of-undo") {
            try $0.go(before: "step-started", of: KeySwap.prove)
            try $0.add(.rollbackRequested(RollbackRequested(by: RunDriver.ada, reason: "Not today")))
            try $0.go(before: kind, of: step)
            try $0.resume(boot: "0b7e")
            try $0.go()
        }
    }

    // MARK: Decisions

    private static let decisions: [Run] = choices.flatMap { trouble, choices in
        choices.map { choice in
            run("\(trouble.rawValue)-\(choice.rawValue)", faults(trouble)) {
                try $0.go()
                if trouble == .undone || trouble == .undoFailed { try $0.decide(step, .undo, "Back first") }
                try $0.decide(step, choice, "So be it")
            }
        }
    }

    private static let choices: [(Trouble, [StepDecided.Choice])] = [
        (.failed, [.retry, .undo, .skip, .done, .abandon]), (.inDoubt, [.retry, .undo, .done, .abandon]),
        (.undone, [.retry, .skip, .abandon]), (.undoFailed, [.retry, .undo, .done, .abandon]),
    ]

    private static func faults(_ trouble: Trouble) -> [Fault] {
        let unshown = (0..<2).map { _ in fault(.verify, .unmet("It is not")) }
        let notUndone = (0..<2).map { _ in fault(.undo, .failed(RunDriver.denied.retryable)) }
        // The second attempt finds the effect of the first.
        let there = fault(.observe, .sees(.needed, ""))
        switch trouble {
        case .failed, .undone: return [there] + unshown
        case .inDoubt: return [lost, fault(.readBack, .sees(.unknown, "Busy"))]
        case .undoFailed: return [there] + unshown + notUndone
        }
    }

    // MARK: Rollbacks and stops

    private static let rollbacks: [Run] = [
        run("rolled-back-to-a-step") {
            try $0.go(before: "step-started", of: KeySwap.prove)
            try $0.rollBack(to: KeySwap.registerSecondary, "Only the protector")
        },
        run("undo-finds-nothing", [fault(.undoObserve, .sees(.needed, ""))]) {
            try $0.go(before: "step-started", of: KeySwap.prove)
            try $0.rollBack("Somebody was faster")
        },
        run("undo-second-attempt", [fault(.undoProof, .sees(.satisfied, ""))]) {
            try $0.go(before: "step-started", of: KeySwap.prove)
            try $0.rollBack("Not today")
        },
        run("reopened-and-put-back-by-hand", [denied(.undo)]) {
            try $0.go(before: "step-started", of: KeySwap.prove)
            try $0.rollBack("Not today")
            try $0.resume(after: 3_600_000)
            try $0.decide(step, .done, "Done in the portal")
        },
        run("reopened-and-rolled-back-again", [denied(.undo)]) {
            try $0.go(before: "step-started", of: KeySwap.prove)
            try $0.rollBack("Not today")
            try $0.resume(after: 3_600_000)
            try $0.rollBack("The role is assigned now")
        },
        run("cancelled-in-rollback") {
            try $0.go(before: "step-started", of: KeySwap.prove)
            try $0.add(.rollbackRequested(RollbackRequested(by: RunDriver.ada, reason: "Not today")))
            try $0.go(before: "undo-claimed", of: step)
            try $0.cancel("Leave it")
        },
        run("stopped-while-waiting", [denied(.apply)]) {
            try $0.go()
            try $0.cancel("Called off")
        },
    ]
}

extension KeySwap {
    /// Two steps and a proof.
    static func short() -> Plan {
        var plan = ordered()
        plan.steps = plan.steps.filter { [registerSecondary, protectSecondary, prove].contains($0.id) }
        plan.steps[1].needs = [registerSecondary]
        plan.definitions["failover-group-key-swap/purge-version@1.0.0"] = nil
        plan.definitions["muster/manual@1.0.0"] = nil
        plan.measures.removeFirst(2)
        return plan
    }
}
