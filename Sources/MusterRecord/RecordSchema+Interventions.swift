// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

// What people and later engines did with a run, and what was undone.

extension RecordSchema {
    static var waiting: JSON {
        object([
            "step": text("The step."), "trouble": oneOf(WaitingRecord.Trouble.self, "What happened to it."),
            "since": time("Since when it waits."), "says": text("Why, in one sentence."),
            "choices": .object(["type": "array", "items": oneOf(StepDecided.Choice.self, "What may be decided.")]),
        ])
    }

    static var intervention: JSON {
        object(
            [
                "at": time("When."), "kind": oneOf(Intervention.Kind.self, "What was done."),
                "by": text("Who did it, or the part of the engine that did."),
                "step": text("The step that was decided about, or that a rollback keeps."),
                "choice": oneOf(StepDecided.Choice.self, "Of a decision."), "reason": text("Why."),
            ], optional: ["by", "step", "choice", "reason"])
    }

    static var resume: JSON {
        object(
            [
                "at": time("When."), "by": text("Who resumed it."), "host": text("The machine."),
                "bootID": text("That machine's boot."), "processID": integer("The engine's process."),
                "engine": text("The engine's version."),
                "after": oneOf(ResumeRecord.After.self, "How the engine before it had ended."),
                "silentMilliseconds": integer("Since the last that was heard of the run."),
                "takeOver": object([
                    "reason": text("Why."), "from": text("The machine that had the run before."),
                    "knownUpTo": integer("seq of the last journal entry that was known here."),
                ]), "window": ref("window"), "ticket": ref("ticket"),
            ], optional: ["takeOver", "window", "ticket"])
    }

    static var rollback: JSON {
        object(
            [
                "at": time("When."), "by": text("Who wanted it; engine for on-failure: rollback."),
                "reason": text("Why."), "to": text("This step, and what was completed before it, stays."),
            ], optional: ["to"])
    }

    static var lease: JSON {
        object([
            "at": time("When."),
            "what": ["enum": ["taken", "taken-over", "late", "renewed", "lost", "without"]],
            "lock": text("The lock's name in the runbook."), "epoch": integer("Grows with each change of holder."),
            "says": text("Who holds it, or why it is not held."),
        ])
    }

    static var decision: JSON {
        object([
            "at": time("When."), "person": text("Who."),
            "choice": oneOf(StepDecided.Choice.self, "What was decided."), "reason": text("Why."),
        ])
    }

    static var undo: JSON {
        let optional: Set = [
            "by", "reason", "finishedAt", "tookMilliseconds", "idempotencyKey", "begunAt", "failure", "vouched",
        ]
        return object(
            [
                "order": integer("Counts the run's undos from 1."),
                "result": oneOf(UndoRecord.Result.self, "What became of it."), "by": text("Who wanted it."),
                "reason": text("Why."), "host": text("The machine that it began on."),
                "startedAt": time("Its beginning."),
                "finishedAt": time("Its end."), "tookMilliseconds": integer("By the boot clock."),
                "attempts": list("attempt"), "preconditions": list("condition"),
                "idempotencyKey": text("Sent with every attempt."),
                "begunAt": time("When it could begin to take effect."),
                "requests": list("request"), "looks": .object(["type": "array", "items": look]),
                "failure": ref("failure"), "vouched": ref("decision"),
            ], optional: optional)
    }

    private static var look: JSON {
        object(
            [
                "at": time("When."), "purpose": ["enum": ["before-undo", "undo-proof"]],
                "standing": ["enum": ["satisfied", "needed", "partial", "unknown"]],
                "why": text("Why it is partial or unknown."),
                "remains": text("What no undo takes away, though nothing of the effect is there."),
            ], optional: ["why", "remains"])
    }

    static var cutOff: JSON {
        object([
            "heardAt": time("When the run was last heard of."), "resumedAt": time("When it was taken up again."),
            "hadBegun": typed("boolean", "Whether an effect had begun, so that the target was read back."),
        ])
    }
}
