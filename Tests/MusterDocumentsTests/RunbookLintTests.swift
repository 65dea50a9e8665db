// SPDX-License-Identifier: Apache-2.0

import MusterDocuments
import MusterModel
import Testing

private let registerKey = setProtector.replacing("set-protector", with: "register-key").replacing(
    "failover-group-key-swap", with: "swap")
private let setKey = setProtector.replacing("failover-group-key-swap", with: "swap")

private func lookUp(_ reference: StepReference, _ requirement: VersionRequirement) -> DefinitionLookup {
    let texts = ["swap/register-key": registerKey, "swap/set-protector": setKey]
    guard let text = texts[reference.description] else { return .unknownStep(candidates: texts.keys.sorted()) }
    guard let definition = StepDefinition.parse(Array(text.utf8), file: "s").value else { return .unreadable }
    guard requirement.accepts(definition.version.value) else {
        return .unknownVersion(available: [definition.version.value])
    }
    return .found(definition)
}

private func lint(_ document: String, lock: Lock? = nil) -> [String] {
    let parsed = Runbook.parse(Array(document.utf8), file: "runbooks/key-swap.yaml")
    guard let runbook = parsed.partial else { return parsed.diagnostics.map(\.description) }
    return (parsed.diagnostics + lintRunbook(runbook, lock: lock, definitions: lookUp)).map { diagnostic in
        firstLine(diagnostic) + (diagnostic.help.map { " | " + $0 } ?? "")
    }
}

struct RunbookLintTests {
    @Test func `a sound runbook has nothing to report`() {
        #expect(lint(keySwap) == [])
    }

    /// Texts of the sound runbook, what stands in their place, and what lint must say.
    static let changes: [(String, String, [String])] = [
        (
            "runbook: key-swap", "runbook: keyswap",
            [
                "1:10: error: The runbook is called 'keyswap' and its file 'key-swap.yaml' [runbook.name-differs] | Give both the same name."
            ]
        ),
        (
            "swap/register-key@1.0.0", "swap/registr-key@1.0.0",
            [
                "18:11: error: There is no step 'swap/registr-key' [runbook.unknown-step] | Did you mean 'swap/register-key'?"
            ]
        ),
        (
            "swap/register-key@1.0.0", "swap/register-key@2.0.0",
            [
                "18:11: error: The step 'swap/register-key' has no version 2.0.0 [runbook.unknown-version] | There are 1.0.0."
            ]
        ),
        (
            "muster/manual", "muster/manaul",
            [
                "38:11: error: There is no built-in step 'muster/manaul' [runbook.unknown-step] | Did you mean 'muster/manual'?"
            ]
        ),
        (
            "uses: muster/wait", "uses: muster/wait\n    on-failure: rollback",
            [
                "44:17: error: A step of finally cannot roll the run back: finally runs after the rollback [runbook.rollback-in-finally] | Use stop, which waits for a person, or continue."
            ]
        ),
        (
            "server: \"${{ inputs.primary }}\"", "server: \"${{ inputs.primry }}\"",
            [
                "19:26: error: There is no 'primry' in 'inputs.primry' [expression.unknown-name] | Did you mean 'primary'?"
            ]
        ),
        (
            "server: \"${{ inputs.primary }}\"", "server: \"${{ inputs.key }}\"",
            [
                "19:26: error: 'server': azure-resource-id (Microsoft.Sql/servers) is needed, this is key-vault-key-id [runbook.wrong-type]"
            ]
        ),
        (
            "server: \"${{ inputs.primary }}\"", "server: \"${{ inputs.group }}\"",
            [
                "19:26: error: 'server': azure-resource-id (Microsoft.Sql/servers) is needed, this is string [runbook.wrong-type] | Declare the source with the type azure-resource-id (Microsoft.Sql/servers)."
            ]
        ),
        (
            "server: \"${{ inputs.primary }}\"", "server: tdeprimarytest",
            [
                "19:21: error: 'server': 'tdeprimarytest' is not an Azure resource id, /subscriptions/<id>/resourceGroups/<group>/providers/<type>/<name> [runbook.wrong-type]"
            ]
        ),
        ("server: \"${{ inputs.primary }}\"", "server: \"/subscriptions/${{ inputs.group }}\"", []),
        (
            "server: \"${{ inputs.primary }}\"", "sever: \"${{ inputs.primary }}\"",
            [
                "18:11: error: The step 'register' does not give 'server' (azure-resource-id (Microsoft.Sql/servers)) [runbook.missing-input] | The logical server.",
                "19:13: error: 'swap/register-key' has no input 'sever' [runbook.unknown-input] | Did you mean 'server'?",
            ]
        ),
        (
            "server: ${{ item }}", "server: ${{ item }}\n      mode: slow",
            ["27:13: error: 'mode': 'slow' is not one of fast, safe [runbook.wrong-type]"]
        ),
        ("server: ${{ item }}", "server: ${{ item }}\n      note: null", []),
        (
            "server: ${{ item }}", "server: ${{ item }}\n      mode: [a, \"${{ inputs.group }}\"]",
            ["27:13: error: 'mode': one of fast, safe or null is needed, this is a list [runbook.wrong-type]"]
        ),
        (
            "server: ${{ item }}", "server: ${{ item.name }}",
            ["26:19: error: A value of type azure-resource-id has no members [expression.wrong-type]"]
        ),
        (
            "key: \"${{ inputs.key }}\"", "key: \"${{ item }}\"",
            ["19:56: error: 'item' exists in a step with 'for-each' only [runbook.item-reference]"]
        ),
        (
            "key: \"${{ inputs.key }}\"", "key: \"${{ steps.set.outputs.thumbprint }}\"",
            ["19:56: error: The step 'set' comes later [runbook.later-step] | Move it up, or read an earlier step."]
        ),
        (
            "key: \"${{ inputs.key }}\"", "key: \"${{ steps.register.outputs.thumbprint }}\"",
            ["19:56: error: A step cannot read its own outputs [runbook.later-step]"]
        ),
        (
            "key: \"${{ inputs.key }}\"", "key: \"${{ steps.settle.outputs.x }}\"",
            ["19:56: error: 'settle' stands in 'finally' and comes later [runbook.later-step]"]
        ),
        (
            "key: ${{ inputs.key }}", "key: ${{ steps.register.outputs.thumbprint }}",
            [
                "27:16: error: The step 'each' does not wait for 'register' [runbook.later-step] | Add 'register' to its 'needs'."
            ]
        ),
        (
            "default(steps.set.outputs.thumbprint, 'nothing')", "steps.set.outputs.thumbprint",
            [
                "40:34: error: 'set' may be skipped by its condition [runbook.conditional-reference] | Use default(steps.set.outputs.<name>, otherwise)."
            ]
        ),
        (
            "default(steps.set.outputs.thumbprint, 'nothing')", "default(steps.set.outputs.thumbprnt, 'nothing')",
            [
                "40:42: error: There is no 'thumbprnt' in 'steps.set.outputs.thumbprnt' [expression.unknown-name] | Did you mean 'thumbprint'?"
            ]
        ),
        (
            "default(steps.set.outputs.thumbprint, 'nothing')", "steps.each.outputs.thumbprint",
            [
                "40:34: error: 'each' is done once for each element and has no outputs of its own [runbook.for-each-outputs] | Read the same inputs, or look the values up in a later step."
            ]
        ),
        (
            "default(steps.set.outputs.thumbprint, 'nothing')", "steps.rgister.outputs.thumbprint",
            [
                "40:34: error: There is no 'rgister' in 'steps.rgister.outputs.thumbprint' [expression.unknown-name] | Did you mean 'register'?"
            ]
        ),
        (
            "default(steps.set.outputs.thumbprint, 'nothing')", "steps.register.thumbprint",
            [
                "40:34: error: Of a step only its outputs can be read, not 'steps.register.thumbprint' [runbook.step-reference] | Write steps.register.outputs.<name>."
            ]
        ),
        (
            "default(steps.set.outputs.thumbprint, 'nothing')", "steps.set.inPlace",
            [
                "40:34: error: Whether the effect of 'set' is in place is asked by 'finally' only [runbook.step-reference] | Read its outputs: steps.set.outputs.<name>."
            ]
        ),
        (
            "default(steps.register.outputs.thumbprint, '-')", "steps.register.inPlace",
            []
        ),
        (
            "default(steps.set.outputs.thumbprint, 'nothing')", "undo.x",
            ["40:34: error: 'undo' is known to the rollback notes of a step definition only [runbook.undo-reference]"]
        ),
        (
            "default(steps.register.outputs.thumbprint, '-')", "steps.register.outputs.thumbprint",
            [
                "47:40: error: 'register' may not have been done: 'finally' runs whatever happened above [runbook.conditional-reference] | Use default(steps.register.outputs.<name>, otherwise)."
            ]
        ),
        (
            "for-each: ${{ inputs.servers }}", "for-each: ${{ steps.register.outputs.thumbprint }}",
            [
                "23:19: error: 'for-each' reads inputs and environment, not 'steps.register.outputs.thumbprint' [runbook.for-each-source] | The plan that is shown must be what runs, so the steps there are must be known before the run.",
                "8:3: warning: The input 'servers' is never used [runbook.unused-input] | Use it or remove it.",
            ]
        ),
        (
            "for-each: ${{ inputs.servers }}", "for-each: ${{ inputs.servers[0] }}",
            ["23:15: error: 'for-each' needs a list, this is azure-resource-id [runbook.wrong-type]"]
        ),
        (
            "when: ${{ steps.register.outputs.thumbprint != '' }}", "when: ${{ inputs.group }}",
            ["32:15: error: 'when' needs a boolean, this is string [runbook.wrong-type]"]
        ),
        (
            "when: ${{ steps.register.outputs.thumbprint != '' }}", "when: ${{ false }}",
            [
                "32:11: error: The step 'set' is never done: its condition is always false [runbook.unreachable-step] | Remove the step or the condition."
            ]
        ),
        (
            "needs: [register, each]", "needs: [register, eech]",
            ["31:23: error: There is no step 'eech' [runbook.unknown-need] | Did you mean 'each'?"]
        ),
        (
            "needs: [register, each]", "needs: [register, settle]",
            [
                "31:23: error: 'settle' stands in the other section [runbook.foreign-need] | A step cannot wait for one in 'finally'."
            ]
        ),
        (
            "needs: []", "needs: [look]",
            [
                "20:5: error: Steps wait for each other: each needs look needs set needs each [runbook.cycle] | Remove one of these needs."
            ]
        ),
        (
            "needs: [register, each]", "needs: [set, register]",
            [
                "28:5: error: Steps wait for each other: set needs set [runbook.cycle] | Remove one of these needs.",
                "37:5: error: The step 'look' can never begin: it waits for a cycle [runbook.unreachable-step]",
            ]
        ),
        (
            "to: steps.set.finished", "to: steps.sett.finished",
            [
                "14:9: error: The measure 'failover-time' names the step 'sett', which does not exist [runbook.unknown-mark] | Did you mean 'set'?"
            ]
        ),
        (
            "failover-group:${{ inputs.group }}", "failover-group:${{ run.id }}",
            [
                "7:3: warning: The input 'group' is never used [runbook.unused-input] | Use it or remove it.",
                "9:30: error: A lock reads inputs and environment, not 'run.id' [runbook.lock-source] | Locks are taken before the first step.",
            ]
        ),
        (
            "run ${{ run.id }}", "run ${{ run.nr }}",
            ["47:100: error: There is no 'nr' in 'run.nr' [expression.unknown-name] | There are id, kind."]
        ),
        (
            "for: 5m", "for: soon",
            [
                "44:18: error: 'for': 'soon' is not a duration such as 90s, 20m or 1h30m, of at most 366d [runbook.wrong-type]"
            ]
        ),
        (
            "group:   {", "grooup: { type: string, default: x }\n  group:   {",
            ["7:3: warning: The input 'grooup' is never used [runbook.unused-input] | Use it or remove it."]
        ),
    ]

    @Test(arguments: changes)
    func `a mistake is reported where it stands, with what to do`(text: String, replacement: String, expected: [String])
    {
        let document = keySwap.replacing(text, with: replacement, maxReplacements: 1)
        #expect(document != keySwap)
        #expect(lint(document).sorted() == expected.sorted())
    }

    @Test func `what is wrong with the document does not hide what is wrong with the runbook`() {
        let document = keySwap.replacing("timeout: 10m", with: "timeuot: 10m").replacing("for: 5m", with: "fr: 5m")
        #expect(
            lint(document).map { String($0.prefix { $0 != "|" }) } == [
                "36:5: error: 'steps' may not hold 'timeuot' [document.unknown-key] ",
                "43:11: error: The step 'settle' does not give 'for' (duration) [runbook.missing-input] ",
                "44:13: error: 'muster/wait' has no input 'fr' [runbook.unknown-input] ",
            ])
    }

    @Test func `a lock must hold what the runbook uses`() throws {
        let id = try #require(ObjectID(String(repeating: "a", count: 40)))
        let entry = Lock.Entry(version: SemanticVersion(1, 0, 0), commit: id, blob: id, sources: id)
        let whole = Lock(
            runbook: "key-swap", steps: ["swap/register-key@1.0.0": entry, "swap/set-protector@^1.0": entry])
        #expect(lint(keySwap, lock: whole) == [])
        let other = Lock(runbook: "other", steps: ["swap/register-key@1.0.0": entry, "swap/gone@1.0.0": entry])
        #expect(
            lint(keySwap, lock: other).map { String($0.prefix { $0 != "|" }) }
                == [
                    "The lock holds 'swap/gone@1.0.0', which the runbook does not use [runbook.lock-out-of-date] ",
                    "1:10: error: The lock is of the runbook 'other' [runbook.lock-out-of-date] ",
                    "30:11: error: 'swap/set-protector@^1.0' is not in the lock [runbook.lock-out-of-date] ",
                ].map { $0.hasPrefix("The lock holds") ? " " + $0 : $0 })
    }

    @Test func `a thousand steps are linted`() {
        var document =
            "runbook: key-swap\nversion: 1.0.0\nsummary: Many\ninputs:\n  server: { type: azure-resource-id }\n  key: { type: key-vault-key-id }\nsteps:\n"
        for index in 0..<1000 {
            document +=
                "  - id: s\(index)\n    uses: swap/register-key@1.0.0\n    with: { server: \"${{ inputs.server }}\", key: \"${{ inputs.key }}\" }\n"
        }
        #expect(lint(document) == [])
    }

    @Test func `a thousand wrong names are all reported`() {
        var document = "runbook: key-swap\nversion: 1.0.0\nsummary: Many\nsteps:\n"
        for index in 0..<1000 {
            document +=
                "  - id: s\(index)\n    uses: swap/nothing@1.0.0\n    needs: [t\(index)]\n    with: { a: \"${{ steps.u\(index).outputs.x }}\" }\n"
        }
        #expect(lint(document).count == 3000)
    }
}
