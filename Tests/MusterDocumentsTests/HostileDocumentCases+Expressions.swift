// SPDX-License-Identifier: Apache-2.0

extension HostileDocumentCases {
    /// In place of the text that the sample's first step shows.
    private static func shown(_ marked: String) -> HostileDocument {
        .init(.runbook, "\"Look at ${{ inputs.server }}\"", marked)
    }

    /// In place of the sample's condition.
    private static func condition(_ marked: String) -> HostileDocument {
        .init(.runbook, "${{ inputs.mode == 'safe' }}", marked)
    }

    static let expressions: [HostileDocument] = [
        shown("\"«expression.syntax»${{ inputs.server\""), shown("\"${{ «expression.syntax»}}\""),
        shown("\"${{ inputs.«expression.syntax»}}\""), shown("\"${{ «expression.syntax».server }}\""),
        shown("\"${{ inputs.«expression.syntax».server }}\""),
        shown("\"${{ inputs.server «expression.syntax»inputs }}\""),
        shown("\"${{ inputs.server «expression.syntax»| upper }}\""),
        shown("\"${{ inputs.mode «expression.syntax»= 'safe' }}\""),
        shown("\"${{ inputs.mode «expression.syntax»&& true }}\""), shown("\"${{ «expression.syntax»!true }}\""),
        shown("\"${{ «expression.syntax»`id` }}\""), shown("\"${{ «expression.syntax»$(id) }}\""),
        shown("\"${{ «expression.syntax»{} }}\""), shown("\"${{ inputs.mode «expression.syntax»? 1 : 2 }}\""),
        shown("\"${{ «expression.syntax»'open }}\""), shown("\"${{ «expression.syntax»1.5 }}\""),
        shown("\"${{ «expression.syntax»99999999999999999999 }}\""), shown("\"${{ «expression.syntax»0x10 }}\""),
        shown("\"${{ 1 «expression.syntax»+ 1 }}\""), shown("\"${{ inputs.mode == 'a' «expression.syntax»== 'b' }}\""),
        shown("\"${{ (inputs.mode «expression.syntax»}}\""), shown("\"${{ inputs.mode«expression.syntax») }}\""),
        shown("\"${{ inputs.servers[0 «expression.syntax»}}\""),
        shown("\"${{ «expression.unknown-function»exec('id') }}\""),
        shown("\"${{ «expression.unknown-function»file('x') }}\""),
        shown("\"${{ «expression.unknown-function»env('HOME') }}\""),
        shown("\"${{ «expression.unknown-function»toJSON(inputs) }}\""),
        shown("\"${{ «expression.syntax»default(inputs.mode) }}\""),
        shown("\"${{ «expression.unknown-name»secrets.key }}\""), shown("\"${{ «expression.unknown-name»env.HOME }}\""),
        shown("\"${{ «expression.unknown-name»inputs.sever }}\""),
        shown("\"${{ «expression.unknown-name»inputs.__proto__ }}\""),
        shown("\"${{ «expression.unknown-name»self }}\""), shown("\"${{ «expression.unknown-name»github.token }}\""),
        shown("\"${{ «expression.wrong-type»inputs.mode.length }}\""),
        shown("\"${{ «runbook.undo-reference»undo.previous }}\""), shown("\"${{ «runbook.item-reference»item }}\""),
        shown("\"${{ «runbook.later-step»steps.set.outputs.key }}\""),
        shown("\"${{ «runbook.later-step»steps.look.outputs.x }}\""),
        shown("\"${{ «runbook.later-step»steps.tell.outputs.x }}\""),
        shown("\"${{ «runbook.step-reference»steps }}\""),
        shown("\"${{ «runbook.step-reference»steps.set.inputs.server }}\""),
        shown("\"${{ «expression.unknown-name»steps.nowhere.outputs.x }}\""),
        shown("\"${{ «expression.unknown-name»run.operator }}\""),
        shown("\"ä ö ${{ inputs.mode }} ${{ «expression.unknown-name»inputs.x }}\""),
        .init(
            .runbook, "{ instructions: \"Look at ${{ inputs.server }}\" }",
            "\n      instructions: |\n        one\n        two ${{ «expression.unknown-name»inputs.x }}"),
        shown(
            "\"${{ \(String(repeating: "(", count: 32))«expression.syntax»inputs.mode\(String(repeating: ")", count: 32)) }}\""
        ),
        shown("\"${{ \(String(repeating: "not ", count: 31))«expression.syntax»not true }}\""),
        shown("\"${{ true\(String(repeating: " and true", count: 32)) and «expression.syntax»true }}\""),
        shown("\"${{ «expression.syntax»'\(String(repeating: "x", count: 3000))' }}\""),
        shown("\"\(String(repeating: "${{ 1 }}", count: 256))«expression.syntax»${{ 1 }}\""),
        condition("«document.bad-value»\"${{ inputs.mode == 'safe' }} \""),
        condition("${{ «runbook.wrong-type»inputs.mode }}"),
        condition("${{ inputs.mode «expression.wrong-type»== 1 }}"),
        condition("${{ «runbook.later-step»steps.each.outputs.key == 'x' }}"),
        condition("«runbook.unreachable-step»${{ false }}"),
        condition("«document.bad-value»\"${{ true }}${{ false }}\""),
        .init(
            .runbook, "for-each: ${{ inputs.servers }}",
            "for-each: ${{ «runbook.for-each-source»steps.set.outputs.key }}"),
        .init(.runbook, "for-each: ${{ inputs.servers }}", "for-each: «runbook.wrong-type»${{ inputs.mode }}"),
        .init(.runbook, "for-each: ${{ inputs.servers }}", "for-each: «document.wrong-type»3"),
        .init(.runbook, "for-each: ${{ inputs.servers }}", "for-each: [\"${{ «runbook.for-each-source»item }}\"]"),
        .init(.runbook, "default: safe", "default: «document.bad-default»\"${{ run.id }}\""),
    ]

    static let order: [HostileDocument] = [
        .init(
            .runbook, ("- id: look", "- «runbook.cycle»id: look"), ("needs: []", "needs: [set]"),
            ("- id: each", "- «runbook.unreachable-step»id: each")),
        .init(
            .runbook, ("- id: look", "- «runbook.cycle»id: look"), ("needs: []", "needs: [look]"),
            ("- id: set", "- «runbook.unreachable-step»id: set"), ("- id: each", "- «runbook.unreachable-step»id: each")
        ),
        .init(.runbook, "needs: [look]", "needs: [«runbook.unknown-need»lok]"),
        .init(.runbook, "needs: [look]", "needs: [«runbook.foreign-need»tell]"),
        .init(.runbook, "needs: [look]", "needs: [look, «document.bad-value»«runbook.unknown-need»\"*\"]"),
        .init(.runbook, "needs: [look]", "needs: «document.wrong-type»look"),
        .init(.runbook, ("id: each", "id: «runbook.doubled-id»look"), ("- id: set", "- «runbook.cycle»id: set")),
        .init(.runbook, "id: tell", "id: «runbook.doubled-id»set"),
        .init(.runbook, "- { id: key", "- { id: «runbook.doubled-id»time"),
        .init(.runbook, "value: steps.set.outputs.key", "value: «runbook.unknown-output»steps.set.outputs.kee"),
        .init(.runbook, "value: steps.set.outputs.key", "value: «runbook.for-each-outputs»steps.each.outputs.key"),
        .init(.runbook, "value: steps.set.outputs.key", "value: «document.bad-value»steps.set.inputs.key"),
        .init(.runbook, "parallel: 2\n    with", "«document.unknown-key»paralel: 2\n    with"),
        .init(
            .runbook,
            ("    for-each: ${{ inputs.servers }}\n    parallel: 2", "    parallel: «runbook.needless-parallel»2"),
            ("${{ item }}", "${{ «runbook.item-reference»item }}")),
        .init(
            .runbook, "with: { for: 5m }", "with: { for: 5m }\n    on-failure: «runbook.rollback-in-finally»rollback"),
        .init(.runbook, "with: { for: 5m }", "with: { for: 5m }\n    approval: «runbook.gate-in-finally»dba"),
        .init(.runbook, "runbook: swap\nversion: 1.0.0\nsummary: x\nsteps: «document.bad-value»[]\n"),
        .init(.runbook, "runbook: swap\nversion: 1.0.0\nsummary: x\nsteps:\n  - «document.wrong-type»look\n"),
        .init(
            .runbook,
            "runbook: swap\nversion: 1.0.0\nsummary: x\nsteps:\n  - «document.missing-key»«document.missing-key»{}\n"),
    ]

    /// Several faults in one document, all of which are told at once.
    static let several: [HostileDocument] = [
        .init(
            .catalog, ("catalog: shop", "catalog: «document.bad-value»Shop"),
            ("sign: true", "sign: «yaml.ambiguous»on"),
            ("lease-life: 5m", "lease-life: «document.bad-value»0s"),
            ("[ada, ben]", "[ada, «policy.unknown-person»bem]"),
            ("life: 8h", "«document.unknown-key»lif: 8h")),
        .init(
            .runbook, ("runbook: swap", "runbook: «runbook.name-differs»swop"),
            ("inputs.server }}\" ]", "«expression.unknown-name»inputs.sever }}\" ]"),
            ("needs: [look]", "needs: [«runbook.unknown-need»lok]"),
            ("attempts: 3", "attempts: «document.wrong-type»0"),
            ("for: 5m", "for: «runbook.wrong-type»soon")),
        .init(
            .step, ("version: 1.0.0", "version: «document.wrong-type»1.0"),
            ("timeout: 20m", "timeout: «document.wrong-type»20"),
            ("default: safe", "default: «document.bad-default»saf"), ("at: start", "at: «document.bad-value»now"),
            ("undo.previous", "«step.rollback-reference»run.id")),
        .init(
            .environment, ("environment: lab", "environment: «document.bad-value»Lab"),
            ("{ env: AZURE_SECRET }", "«document.wrong-type»hunter2hunter2"),
            ("https://login", "«document.bad-value»http://login"),
            ("\"Server=x\"", "«environment.secret-in-connection»\"PWD=x\""),
            ("closes: \"2026-11-30", "closes: «yaml.tag»!!str \"2026-11-30")),
        .init(
            .lock, ("lock: swap", "lock: «document.bad-value»Swap"), ("\"1.0.0\"", "«document.bad-value»\"1\""),
            ("\"1111111111111111111111111111111111111111\"", "«document.bad-value»HEAD")),
        .init(
            .scenario, ("scenario: all-is-well", "scenario: «document.bad-value»a b"),
            ("after: 2", "after: «yaml.ambiguous»2:00"), ("succeeded", "«document.bad-value»ok")),
        .init(
            .findings, ("F-1", "«document.bad-value»F/1"), ("high", "«document.bad-value»hi"),
            ("\"2026-12-31\"", "«yaml.ambiguous»2026-12-31"), ("open", "«document.bad-value»opened")),
        .init(
            .inputs, ("fast", "«input.type»quick"), ("servers: [", "«input.unknown»servrs: ["),
            ("server:", "«input.unknown»srver:")),
        .init(
            .inputs,
            "mode: a«yaml.character»\u{202E}b\nserver: c«yaml.character»\u{200B}d\n«yaml.character»\u{FEFF}servers: []\n"
        ),
    ]
}
