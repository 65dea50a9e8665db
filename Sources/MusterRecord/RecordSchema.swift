// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
package import MusterModel

/// The JSON Schema of `record.json` (https://json-schema.org/draft/2020-12), kept in `docs/schemas/record.schema.json`.
package enum RecordSchema {
    package static var json: JSON {
        [
            "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Muster record", "type": "object",
            "description": "What became of one run: made of its plan and its journal, readable without Muster.",
            "properties": .object(root), "required": required(root, optional: rootOptional),
            "$defs": .object(definitions),
            "additionalProperties": false,
        ]
    }

    private static let rootOptional: Set = [
        "why", "change", "confirmation", "accepted", "commit", "startedAt", "finishedAt", "window", "ticket",
        "sqlSources", "rules", "waiting", "interventions", "resumes", "rollbacks", "leases", "approvals", "policies",
        "breakGlass",
    ]

    private static var root: [String: JSON] {
        [
            "format": ["const": 1], "run": text("The run's id."),
            "outcome": oneOf(RunRecord.Outcome.self, "How it ended; running, paused or waiting until then."),
            "why": text("Why it did not succeed."), "kind": oneOf(RunKind.self, "What kind of run it was."),
            "runbook": ref("runbook"), "environment": ref("environment"), "change": text("The change ticket."),
            "operatorName": text("Who started it."), "host": text("The machine that ran it."),
            "bootID": text("That machine's boot."), "processID": integer("The engine's process."),
            "engine": text("The version of the engine that began it."),
            "rules": integer("Which rules the run follows; missing for those of Muster 0.1 and 0.2."),
            "waiting": list("waiting"), "interventions": list("intervention"), "resumes": list("resume"),
            "rollbacks": list("rollback"), "leases": list("lease"), "approvals": list("approval"),
            "policies": list("policy"), "breakGlass": ref("breakGlass"),
            "confirmation": text("How the go-ahead was given."),
            "accepted": list("acceptance"), "window": ref("window"), "ticket": ref("ticket"),
            "commit": objectID("The catalog's commit; missing for uncommitted work."), "plan": digest("Of plan.json."),
            "inputs": values("The runbook's inputs; secrets as references."),
            "createdAt": time("When the run was created."),
            "startedAt": time("From here on effects were possible."), "finishedAt": time("The end."),
            "asOf": time("Of the last journal entry."), "tookMilliseconds": integer("By the boot clock."),
            "waitedForPeopleMilliseconds": integer("Part of the time that went into waiting for people."),
            "deviations": list("deviation"), "measures": list("measure"), "steps": list("step"),
            "leftBehind": list("leftBehind"), "sqlSources": list("sqlSource"), "definitions": list("definition"),
            "plugins": list("plugin"),
            "journal": object(
                ["entries": integer("Lines of the journal."), "lastLine": text("SHA-256 in hex of its last line.")]),
        ]
    }

    private static var definitions: [String: JSON] {
        [
            "document": object(["path": text("In the catalog."), "blob": objectID("Git's id of the content.")]),
            "runbook": object([
                "name": text("Its name."), "version": text("Its version."), "summary": text("What it is for."),
                "document": ref("document"),
            ]),
            "environment": object(
                ["name": text("Its name."), "digest": digest("Of it without secrets."), "document": ref("document")],
                optional: ["document"]),
            "deviation": object(
                [
                    "kind": oneOf(Deviation.Kind.self, "What kind of deviation."),
                    "steps": texts("The steps it is about."),
                    "says": text("One sentence."), "person": text("Who decided it."), "reason": text("Why they did."),
                ], optional: ["person", "reason"]),
            "mark": object(
                [
                    "step": text("A step or a for-each; missing for the run itself."),
                    "edge": ["enum": ["started", "finished"]],
                ], optional: ["step"]),
            "measuredOutput": object([
                "step": text("The step."), "output": text("The output's name."),
                "type": text("As its definition writes it."),
            ]),
            "acceptance": object([
                "step": text("A point of no return."), "person": text("Who accepted it."), "how": text("How."),
            ]),
            "window": window, "ticket": ticket,
            "earlierRun": object([
                "run": text("Its id."), "kind": oneOf(RunKind.self, "Its kind."),
                "hasSucceeded": typed("boolean", "Whether it went the whole way."),
                "tookMilliseconds": integer("By the boot clock."),
            ]),
            "sqlSource": object(
                [
                    "kind": text("odbc: a database; simulator: the cloud simulator, no database."),
                    "driver": text("The driver with its version; missing where none was needed."),
                    "product": text("The product with its version."),
                ], optional: ["driver"]),
            "waiting": waiting, "intervention": intervention, "resume": resume, "rollback": rollback, "lease": lease,
            "approval": approval, "policy": policy, "breakGlass": breakGlass,
            "decision": decision, "undo": undo, "attempt": attempt, "request": request,
            "measure": measure, "leftBehind": leftBehind, "step": step, "condition": condition, "failure": failure,
            "definition": object(
                [
                    "uses": text("plugin/step@version"), "summary": text("What it does."),
                    "effect": ["enum": ["reversible", "irreversible", "none"]], "document": ref("document"),
                    "commit": objectID("Where the version was published."), "file": text("The record's file."),
                ], optional: ["document", "commit", "file"]),
            "plugin": object(
                [
                    "name": text("Its name."), "executable": digest("Of the executable that ran."),
                    "sources": objectID("Git tree of its sources."),
                ], optional: ["sources"]),
        ]
    }

    private static var measure: JSON {
        let members: [String: JSON] = [
            "id": text("Its id."), "summary": text("What it measures."),
            "kind": oneOf(MeasureRecord.Kind.self, "A clock, or an output of a step."),
            "from": ref("mark"), "to": ref("mark"),
            "fromAt": time("Where the clock started."), "toAt": time("Where it stopped."),
            "output": ref("measuredOutput"), "value": ["description": "The output, as the step gave it."],
            "measuredMilliseconds": integer(
                "Of a clock, or of an output that is a duration; missing when it is not known."),
            "waitedForPeopleMilliseconds": integer("Part of it that went into waiting for people."),
            "withoutPeopleMilliseconds": integer("The rest of it."),
            "objectiveMilliseconds": integer("The longest that is allowed, waiting for people included."),
            "objectiveAtMost": typed("number", "The greatest number that is allowed."),
            "objectiveEquals": typed(["string", "boolean"], "The very value that is wanted."),
            "met": ["type": "boolean"], "unknown": text("Why nothing was measured."),
            "notApplicable": typed("boolean", "True where the run was not to do what is measured."),
        ]
        return object(members, optional: Set(members.keys).subtracting(["id", "summary", "kind"]))
    }

    private static var window: JSON {
        object(
            [
                "isDeclared": ["type": "boolean"],
                "opens": time("The window that was open, else the next, else the last."),
                "closes": time("Its end."),
                "at": time("When it was looked at: at the start, else when the plan was made."),
                "earlier": list("earlierRun"),
                "longestMilliseconds": integer("The longest that one of them took."),
                "verdict": ["enum": ["met", "unmet", "unverifiable"]], "says": text("The verdict in a sentence."),
            ], optional: ["opens", "closes", "longestMilliseconds", "verdict"])
    }

    private static var leftBehind: JSON {
        object(
            [
                "step": text("The step that put it there."), "path": text("What was changed."),
                "value": text("The value there; missing when it was taken away."),
                "certainty": oneOf(LeftBehind.Certainty.self, "How sure that is."),
            ], optional: ["path", "value"])
    }

    private static var step: JSON {
        let optional: Set = [
            "why", "skipped", "startedAt", "finishedAt", "tookMilliseconds", "idempotencyKey", "effect", "begunAt",
            "undo",
            "rollback", "putBackBy", "confirmation", "failure", "progress", "decisions", "undos",
        ]
        return object(
            [
                "number": integer("Position in the plan, from 1."), "id": text("Its id."),
                "section": ["enum": ["steps", "finally"]], "uses": text("plugin/step@version"),
                "result": oneOf(StepRecord.Result.self, "What became of it."), "why": text("Why it did not get done."),
                "skipped": ["enum": ["condition", "dependency", "stopped", "decision"]],
                "inputs": values("As evaluated."),
                "startedAt": time("First attempt."), "finishedAt": time("Its end."),
                "tookMilliseconds": integer("By the boot clock."),
                "attempts": list("attempt"), "attemptsPlanned": integer("Tries allowed."),
                "preconditions": list("condition"), "postconditions": list("condition"),
                "changes": .object(["type": "array", "items": change]),
                "idempotencyKey": text("Sent with every attempt."),
                "effect": oneOf(
                    LeftBehind.Certainty.self, "Whether its effect is in place; missing when there is none."),
                "begunAt": time("When its effect could begin."),
                "requests": list("request"), "decisions": list("decision"), "undos": list("undo"),
                "readBacks": .object(["type": "array", "items": readBack]), "outputs": values("What it returned."),
                "undo": ["description": "What undo needs."], "rollback": text("Rollback notes with the real values."),
                "putBackBy": texts("The later steps that have put back all that it changed."),
                "confirmation": object(["person": text("Who."), "note": text("What they wrote."), "at": time("When.")]),
                "failure": ref("failure"), "evidence": .object(["type": "array", "items": evidence]),
                "progress": text("Last progress message of a step under way."),
            ], optional: optional)
    }

    private static var attempt: JSON {
        object(
            [
                "number": integer("From 1."), "startedAt": time("Its beginning."), "failures": list("failure"),
                "retryAt": time("When the next one was due."),
                "cutOffs": .object(["type": "array", "items": cutOff]),
            ], optional: ["retryAt", "cutOffs"])
    }

    private static var change: JSON {
        object(
            ["path": text("What."), "from": text("Missing: nothing was there."), "to": text("Missing: it goes away.")],
            optional: ["from", "to"])
    }

    private static var request: JSON {
        object(
            [
                "method": text("Such as PUT."), "target": text("The address without host and query."),
                "status": integer("The HTTP status."), "id": text("The cloud's id, such as x-ms-request-id."),
                "file": text("The evidence that holds it."),
            ], optional: ["method", "target", "status"])
    }

    private static var readBack: JSON {
        object(
            [
                "at": time("When."), "standing": ["enum": ["satisfied", "needed", "partial", "unknown"]],
                "why": text("Why it is partial or unknown."),
            ], optional: ["why"])
    }

    private static var evidence: JSON {
        object([
            "name": text("Its name."), "during": text("The call that showed it."), "at": time("When."),
            "entry": integer("seq of the journal entry."), "file": text("The record's file."),
        ])
    }

    private static var condition: JSON {
        object(
            [
                "id": text("Its id."), "verdict": ["enum": ["met", "unmet", "unverifiable"]],
                "demands": text("What the definition demands."), "seen": text("What the step saw."),
                "at": time("When."),
                "remedy": text("What mends it."), "evidence": texts("The record's files that show it."),
            ], optional: ["demands", "remedy"])
    }

    private static var failure: JSON {
        object(
            [
                "kind": ["enum": ["retryable", "permanent", "unknown-outcome"]],
                "code": text("The cloud's or plugin's code."),
                "message": text("What it said."), "at": time("When."),
                "means": text("What the definition says it means."),
                "remedy": text("What a person can do."),
            ], optional: ["means", "remedy"])
    }

    // MARK: Words of the schema language

    static func object(_ properties: [String: JSON], optional: Set<String> = []) -> JSON {
        [
            "type": "object", "properties": .object(properties), "required": required(properties, optional: optional),
            "additionalProperties": false,
        ]
    }

    static func required(_ properties: [String: JSON], optional: Set<String>) -> JSON {
        .array(properties.keys.filter { !optional.contains($0) }.sorted().map { .string($0) })
    }

    static func typed(_ type: JSON, _ says: String) -> JSON { ["type": type, "description": .string(says)] }
    static func text(_ says: String) -> JSON { typed("string", says) }
    static func integer(_ says: String) -> JSON { typed("integer", says) }
    static func values(_ says: String) -> JSON { typed("object", says) }
    static func ref(_ name: String) -> JSON { ["$ref": .string("#/$defs/\(name)")] }
    static func list(_ name: String) -> JSON { ["type": "array", "items": ref(name)] }

    static func texts(_ says: String) -> JSON {
        ["type": "array", "items": ["type": "string"], "description": .string(says)]
    }

    static func matching(_ pattern: String, _ says: String) -> JSON {
        ["type": "string", "pattern": .string(pattern), "description": .string(says)]
    }

    static func time(_ says: String) -> JSON {
        matching("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$", says)
    }

    static func digest(_ says: String) -> JSON { matching("^sha256:[0-9a-f]{64}$", says) }
    static func objectID(_ says: String) -> JSON { matching("^[0-9a-f]{40}$", says) }

    static func oneOf<Word: CaseIterable & RawRepresentable<String>>(_ type: Word.Type, _ says: String) -> JSON {
        ["enum": .array(Word.allCases.map { .string($0.rawValue) }), "description": .string(says)]
    }
}
