// SPDX-License-Identifier: Apache-2.0

import MusterModel
import Testing

@testable import MusterRecord

@Suite struct TemplateRenderingTests {
    static let roots: [String: JSON] = [
        "inputs": ["server": "tdeprimarytest"], "undo": ["previousKey": "k1", "keys": ["a", "b"]],
        "steps": ["register": ["outputs": ["thumbprint": "2E0A"]]],
    ]

    @Test(arguments: [
        ("Nothing to fill", "Nothing to fill"),
        ("Back to ${{ undo.previousKey }} on ${{ inputs.server }}.", "Back to k1 on tdeprimarytest."),
        ("${{ steps.register.outputs.thumbprint }}", "2E0A"), ("Keys ${{ undo.keys }}", #"Keys ["a","b"]"#),
        ("Back to ${{ undo.missing }}, then on", "Back to (not known: undo.missing), then on"),
        ("Not closed ${{ undo.previousKey", "Not closed ${{ undo.previousKey"), ("$${{ literal }}", "${{ literal }}"),
    ]) func `a template is filled as far as the values are known`(template: String, text: String) {
        #expect(renderTemplate(template, Self.roots) == text)
    }

    @Test func `what a value holds is no template`() {
        #expect(renderTemplate("${{ inputs.a }}", ["inputs": ["a": "${{ inputs.a }}"]]) == "${{ inputs.a }}")
    }
}
