// SPDX-License-Identifier: Apache-2.0

import MusterDocuments
import MusterModel
import Testing

let keySwap = """
    runbook: key-swap
    version: 1.0.0
    summary: Give each server its own key
    inputs:
      primary: { type: azure-resource-id }
      key:     { type: key-vault-key-id }
      group:   { type: string, default: fog }
      servers: { type: list of azure-resource-id }
    locks: [ "failover-group:${{ inputs.group }}" ]
    measures:
      - id: failover-time
        summary: From the first call to the last
        from: steps.register.started
        to: steps.set.finished
        objective: 15m
    steps:
      - id: register
        uses: swap/register-key@1.0.0
        with: { server: "${{ inputs.primary }}", key: "${{ inputs.key }}" }
      - id: each
        uses: swap/register-key@1.0.0
        needs: []
        for-each: ${{ inputs.servers }}
        parallel: 4
        with:
          server: ${{ item }}
          key: ${{ inputs.key }}
      - id: set
        summary: Now use it
        uses: swap/set-protector@^1.0
        needs: [register, each]
        when: ${{ steps.register.outputs.thumbprint != '' }}
        with: { server: "${{ inputs.primary }}", key: "${{ inputs.key }}" }
        retry: { attempts: 3, backoff: 5s..2m }
        on-failure: continue
        timeout: 10m
      - id: look
        uses: muster/manual
        with:
          instructions: "Look at ${{ default(steps.set.outputs.thumbprint, 'nothing') }}"
    finally:
      - id: settle
        uses: muster/wait
        with: { for: 5m, reason: replication }
      - id: report
        uses: muster/manual
        with: { instructions: "Compare ${{ default(steps.register.outputs.thumbprint, '-') }}, run ${{ run.id }}, a ${{ run.kind }}" }
    """

struct RunbookTests {
    @Test func `a runbook is read whole`() throws {
        let runbook = try Runbook.parse(Array(keySwap.utf8), file: "runbooks/key-swap.yaml").get()
        #expect(runbook.name.value == "key-swap" && runbook.version.value == SemanticVersion(1, 0, 0))
        #expect(runbook.inputs.map(\.name.value) == ["primary", "key", "group", "servers"])
        #expect(runbook.locks.map(\.json) == ["failover-group:${{ inputs.group }}"])
        #expect(runbook.measures[0].objective?.value == "15m")
        #expect(runbook.steps.map(\.id.value) == ["register", "each", "set", "look"])
        let set = runbook.steps[2]
        #expect(
            set.uses?.value.description == "swap/set-protector@^1.0" && set.needs?.map(\.value) == ["register", "each"])
        #expect(set.condition.map { "\($0.value)" } == "steps.register.outputs.thumbprint != ''")
        #expect(set.retry.attempts == 3 && set.retry.backoff == BackoffRange(least: .seconds(5), most: .seconds(120)))
        #expect(set.onFailure.value == .continue && set.timeout == .seconds(600))
        #expect(set.arguments["key"] == "${{ inputs.key }}")
        #expect(runbook.steps[1].forEach?.json == "${{ inputs.servers }}" && runbook.steps[1].parallel == 4)
        #expect(runbook.steps[0].retry.attempts == 1 && runbook.steps[0].needs == nil)
        #expect(runbook.steps[3].uses?.value.description == "muster/manual")
        #expect(runbook.finally.map(\.section) == [.finally, .finally])
    }

    @Test func `a step waits for the one above unless it says otherwise`() throws {
        let runbook = try Runbook.parse(Array(keySwap.utf8), file: "runbooks/key-swap.yaml").get()
        let ordering = runbook.ordering
        #expect(ordering.needs == [[], [], [0, 1], [2], [], [4]])
        #expect(ordering.sequence == [0, 1, 4, 2, 5, 3])
        #expect(ordering.isAfter(3, 0) && !ordering.isAfter(0, 3) && !ordering.isAfter(1, 0) && !ordering.isAfter(5, 0))
    }

    static let changes: [(String, String, [String])] = [
        (
            "steps:\n", "stepps:\n",
            [
                "1:1: error: A runbook needs 'steps' [document.missing-key]",
                "16:1: error: A runbook may not hold 'stepps' [document.unknown-key]",
            ]
        ),
        (
            "uses: swap/register-key@1.0.0", "uses: swap/register-key",
            ["18:11: error: 'uses' needs plugin/step@version, not 'swap/register-key' [document.bad-value]"]
        ),
        (
            "uses: swap/register-key@1.0.0", "uses: muster/manual@1.0.0",
            ["18:11: error: 'uses' needs plugin/step@version, not 'muster/manual@1.0.0' [document.bad-value]"]
        ),
        (
            "id: register\n", "id: Register\n",
            [
                "17:9: error: 'id' needs a name of lower-case letters, digits and hyphens, not 'Register' [document.bad-value]"
            ]
        ),
        ("id: each", "id: register", ["20:9: error: There are two steps 'register' [runbook.doubled-id]"]),
        ("id: settle", "id: set", ["42:9: error: There are two steps 'set' [runbook.doubled-id]"]),
        (
            "    for-each: ${{ inputs.servers }}\n", "",
            ["23:15: error: 'parallel' means nothing without 'for-each' [runbook.needless-parallel]"]
        ),
        (
            "parallel: 4", "parallel: 0",
            ["24:15: error: 'parallel' needs an integer from 1 to 1000, this is 0 [document.wrong-type]"]
        ),
        (
            "parallel: 4", "parallel: '4'",
            ["24:15: error: 'parallel' needs an integer from 1 to 1000, this is text [document.wrong-type]"]
        ),
        (
            "backoff: 5s..2m", "backoff: 2m..5s",
            [
                "34:36: error: 'backoff' needs a duration or a range of them such as 5s..2m, each of at most 366d, not '2m..5s' [document.bad-value]"
            ]
        ),
        (
            "on-failure: continue", "on-failure: ignore",
            ["35:17: error: 'on-failure' is one of stop, continue, rollback, not 'ignore' [document.bad-value]"]
        ),
        (
            "when: ${{ steps.register.outputs.thumbprint != '' }}", "when: true",
            ["32:11: error: 'when' needs ${{ expression }}, this is a boolean [document.wrong-type]"]
        ),
        (
            "when: ${{ steps.register.outputs.thumbprint != '' }}", "when: ${{ true }} ${{ false }}",
            ["32:11: error: 'when' needs one ${{ expression }} [document.bad-value]"]
        ),
        ("thumbprint != ''", "thumbprint = ''", ["32:49: error: '=' is not expected here [expression.syntax]"]),
        (
            "from: steps.register.started", "from: register.started",
            [
                "13:11: error: 'from' needs run.started, steps.<id>.started or steps.<id>.finished, not 'register.started' [document.bad-value]"
            ]
        ),
        (
            "needs: [register, each]", "needs: register",
            ["31:12: error: 'needs' needs a list, this is text [document.wrong-type]"]
        ),
        (
            "retry: { attempts: 3, ", "retry: { atempts: 3, ",
            [
                "34:12: error: 'retry' needs 'attempts' [document.missing-key]",
                "34:14: error: 'retry' may not hold 'atempts' [document.unknown-key]",
            ]
        ),
        (
            "list of azure-resource-id", "list of list of string",
            [
                "8:20: error: 'type' needs a type: string, integer, number, boolean, duration, object, any, secret, enum, azure-resource-id, key-vault-key-id, or list of one, not 'list of list of string' [document.bad-value]"
            ]
        ),
    ]

    @Test(arguments: changes)
    func `a mistake is reported where it stands`(text: String, replacement: String, expected: [String]) {
        let document = keySwap.replacing(text, with: replacement, maxReplacements: 1)
        #expect(document != keySwap)
        #expect(Runbook.parse(Array(document.utf8), file: "r").diagnostics.map(firstLine) == expected)
    }
}
