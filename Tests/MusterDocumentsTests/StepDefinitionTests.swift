// SPDX-License-Identifier: Apache-2.0

import MusterDocuments
import MusterModel
import Testing

let setProtector = """
    step: failover-group-key-swap/set-protector
    version: 1.0.0
    summary: Make a registered Key Vault key the TDE protector of an Azure SQL server
    effect: reversible
    timeout: 20m
    connections: [azure, sql.azure]
    inputs:
      server:   { type: azure-resource-id, resource: Microsoft.Sql/servers, summary: The logical server }
      key:      { type: key-vault-key-id, summary: Versioned key identifier }
      mode:     { type: enum, values: [fast, safe], default: safe }
      note:     { type: string, required: false }
    outputs:
      thumbprint: { type: string }
    preconditions:
      - id: server-ready
        at: start
        says: The server exists, is Ready and has an identity
        remedy: Check the name
      - id: partner-has-key
        says: The partner server has the key registered too
        why: After a failover the new primary must unwrap with it
    permissions:
      - Microsoft.Sql/servers/encryptionProtector/write
    postconditions:
      - id: protector-is-key
        says: The server's protector is the key
    rollback: |
      Sets the protector of ${{ inputs.server }} back to ${{ undo.previousKey }}.
    known-errors:
      - match: AzureKeyVaultMissingPermissions
        means: The server's identity can't unwrap with the key
        remedy: Grant it
    """

struct StepDefinitionTests {
    @Test func `a definition is read whole`() throws {
        let definition = try StepDefinition.parse(Array(setProtector.utf8), file: "s.yaml").get()
        #expect(definition.reference.value.description == "failover-group-key-swap/set-protector")
        #expect(definition.version.value == SemanticVersion(1, 0, 0))
        #expect(definition.effect == .reversible && definition.timeout == .seconds(1200))
        #expect(definition.connections.map(\.value) == ["azure", "sql.azure"])
        #expect(definition.inputs.map(\.name.value) == ["server", "key", "mode", "note"])
        #expect(definition.inputs.map(\.mustBeGiven) == [true, true, false, false])
        #expect(definition.inputs[2].defaultValue == "safe")
        #expect(definition.outputs.map(\.name.value) == ["thumbprint"])
        #expect(definition.preconditions.map(\.at) == [.start, .step])
        #expect(definition.preconditions[1].why?.hasPrefix("After") == true)
        #expect(definition.permissions.count == 1 && definition.postconditions[0].id.value == "protector-is-key")
        #expect(definition.rollbackText?.hasSuffix("${{ undo.previousKey }}.\n") == true)
        #expect(definition.knownErrors[0].match.value == "AzureKeyVaultMissingPermissions")
        #expect(definition.reference.location == SourceLocation(file: "s.yaml", line: 1, column: 7))
    }

    /// A text of the definition above, what stands in its place, and the diagnostics that must come of it.
    static let changes: [(String, String, [String])] = [
        (
            "effect: reversible", "effect: none",
            ["27:11: error: A step without an effect has nothing to roll back [step.needless-rollback]"]
        ),
        (
            "effect: reversible", "effect: maybe",
            ["4:9: error: 'effect' is one of reversible, irreversible, none, not 'maybe' [document.bad-value]"]
        ),
        ("timeout: 20m\n", "", ["1:1: error: A step definition needs 'timeout' [document.missing-key]"]),
        (
            "timeout: 20m", "timeout: 20 minutes",
            [
                "5:10: error: 'timeout' needs a duration such as 90s, 20m or 1h30m, of at most 366d, not '20 minutes' [document.bad-value]"
            ]
        ),
        (
            "timeout: 20m", "timeout: 20",
            [
                "5:10: error: 'timeout' needs a duration such as 90s, 20m or 1h30m, of at most 366d, this is an integer [document.wrong-type]"
            ]
        ),
        (
            "timeout: 20m", "timeout: 0s",
            [
                "5:10: error: 'timeout' needs a duration such as 90s, 20m or 1h30m, of at most 366d, not '0s' [document.bad-value]"
            ]
        ),
        (
            "version: 1.0.0", "version: 1.0",
            ["2:10: error: 'version' needs a version such as 1.2.0, this is a number [document.wrong-type]"]
        ),
        (
            "version: 1.0.0", "version: v1.0.0",
            ["2:10: error: 'version' needs a version such as 1.2.0, not 'v1.0.0' [document.bad-value]"]
        ),
        (
            "timeout:", "time-out:",
            [
                "1:1: error: A step definition needs 'timeout' [document.missing-key]",
                "5:1: error: A step definition may not hold 'time-out' [document.unknown-key]",
            ]
        ),
        (
            "azure, sql.azure", "azzure, sql",
            [
                "6:15: error: 'connections' needs a section of the environment such as azure, oci or sql.azure, not 'azzure' [document.bad-value]",
                "6:23: error: 'connections' needs a section of the environment such as azure, oci or sql.azure, not 'sql' [document.bad-value]",
            ]
        ),
        (
            "key-vault-key-id", "key-vault-key",
            [
                "9:21: error: 'type' needs a type: string, integer, number, boolean, duration, object, any, secret, enum, azure-resource-id, key-vault-key-id, or list of one, not 'key-vault-key' [document.bad-value]"
            ]
        ),
        (
            "values: [fast, safe], ", "",
            [
                "10:13: error: The type enum needs 'values' [document.bad-type]"
            ]
        ),
        (
            "default: safe", "default: slow",
            [
                "10:58: error: The default of 'mode' does not fit its type: 'slow' is not one of fast, safe [document.bad-default]"
            ]
        ),
        (
            "default: safe", "default: safe, required: true",
            ["10:58: error: 'mode' is required and has a default [document.bad-default]"]
        ),
        (
            "default: safe", "default: '${{ inputs.key }}'",
            ["10:58: error: The default of 'mode' is a template [document.bad-default]"]
        ),
        (
            "thumbprint: { type: string }", "thumbprint: { type: secret }",
            ["13:15: error: The output 'thumbprint' is a secret [step.secret-output]"]
        ),
        (
            "id: partner-has-key", "id: server-ready",
            ["19:9: error: There are two preconditions 'server-ready' [step.doubled-id]"]
        ),
        ("at: start", "at: begin", ["16:9: error: 'at' is one of start, step, undo, not 'begin' [document.bad-value]"]),
        (
            "inputs.server }}", "inputs.sever }}",
            ["28:29: error: There is no 'sever' in 'inputs.sever' [expression.unknown-name]"]
        ),
        (
            "inputs.server }}", "inputs.note }}",
            ["28:29: error: 'inputs.note' may be null and cannot stand inside text [expression.null-in-text]"]
        ),
        (
            "undo.previousKey }}", "steps.a.outputs.b }}",
            ["28:58: error: Rollback notes read inputs and undo, not 'steps.a.outputs.b' [step.rollback-reference]"]
        ),
        ("undo.previousKey }}", "undo. }}", ["28:64: error: A name is expected after the dot [expression.syntax]"]),
        (
            "failover-group-key-swap/", "muster/",
            ["1:7: error: The plugin name 'muster' belongs to the built-in steps [step.reserved-name]"]
        ),
        (
            "server:   {", "'no':   {",
            ["28:29: error: There is no 'server' in 'inputs.server' [expression.unknown-name]"]
        ),
        (
            "note: ", "'a b': ",
            [
                "11:3: error: The name 'a b' in 'inputs' is not a name of letters, digits, hyphens and underscores that begins with a letter [document.bad-name]"
            ]
        ),
        (
            "resource: Microsoft.Sql/servers", "resource: servers",
            [
                "8:50: error: 'resource' needs a resource type such as Microsoft.Sql/servers, not 'servers' [document.bad-value]"
            ]
        ),
        (
            "type: string, required", "type: string, values: [a], required",
            ["11:37: error: 'values' belongs to the type enum, this is string [document.bad-type]"]
        ),
    ]

    @Test(arguments: changes)
    func `a mistake is reported where it stands`(text: String, replacement: String, expected: [String]) {
        let document = setProtector.replacing(text, with: replacement, maxReplacements: 1)
        let found = StepDefinition.parse(Array(document.utf8), file: "s").diagnostics.map(firstLine)
        #expect(found == expected)
    }

    @Test(arguments: ["irreversible", "none"])
    func `only before a step that can be undone is anything looked at for its undo`(effect: String) throws {
        let undone = setProtector.replacing("at: start", with: "at: undo")
        #expect(
            try StepDefinition.parse(Array(undone.utf8), file: "s").get().preconditions.map(\.at) == [.undo, .step])
        let never = undone.replacing("effect: reversible", with: "effect: \(effect)")
        let found = StepDefinition.parse(Array(never.utf8), file: "s").diagnostics.map(firstLine)
        #expect(
            found.first
                == "16:9: error: A step whose effect is \(effect) is never undone, so nothing is looked at before that "
                + "[step.needless-undo-precondition]")
    }

    @Test func `an effect needs rollback text, and a step without one something to show`() {
        let head = "step: a/b\nversion: 1.0.0\nsummary: x\ntimeout: 1s\n"
        for (effect, code) in [
            ("reversible", "step.missing-rollback"), ("irreversible", "step.missing-rollback"),
            ("none", "step.missing-postcondition"),
        ] {
            let parsed = StepDefinition.parse(Array((head + "effect: \(effect)\n").utf8), file: "s")
            #expect(parsed.diagnostics.map(\.code) == [code])
        }
    }

    @Test func `the built-in steps are sound`() {
        #expect(
            StepDefinition.builtIns.keys.map(\.description).sorted() == [
                "muster/approve", "muster/manual", "muster/wait",
            ])
        #expect(
            StepDefinition.builtIns.values.allSatisfy {
                $0.version.value == SemanticVersion(1, 0, 0) && $0.effect == .none
            })
    }
}

/// Without the file's name and the help.
func firstLine(_ diagnostic: Diagnostic) -> String {
    let line = diagnostic.description.split(separator: "\n")[0]
    return String(line.split(separator: ":", maxSplits: 1)[1])
}
