// SPDX-License-Identifier: Apache-2.0

import MusterDocuments
import MusterExpressions
import MusterModel
import MusterTestSupport
import Testing

/// Documents within the limits of YAML that would cost the square of their size if every error were told in full. What bounds the cost is
/// counted here, and no clock is read: how many nearest names are looked for, how long they may be, how much is quoted.
@Suite(.timeLimit(.minutes(30))) struct HostileBombTests {
    private static func names(_ count: Int, _ prefix: String) -> [String] { (0..<count).map { "\(prefix)\($0)" } }

    private static let many = CampaignScale.pick(full: 4000, sample: 1000)

    /// Each with how many errors must come of it.
    private static let bombs: [(name: String, kind: DocumentKind, text: String, errors: Int)] = [
        (
            "thousands of unknown persons among thousands", .catalog,
            "catalog: x\npolicy-change: { group: g }\npersons:\n"
                + names(many, "person-").map { "  \($0): {}\n" }.joined() + "groups:\n  g: ["
                + names(many, "persom-").joined(separator: ", ") + "]\n", many
        ),
        (
            "thousands of unknown groups among thousands", .catalog,
            "catalog: x\npolicy-change: { group: group-0 }\npersons: { ada: {} }\ngroups:\n"
                + names(many, "group-").map { "  \($0): [ada]\n" }.joined() + "approvals:\n  x:\n    break-glass: ["
                + names(many, "groop-").joined(separator: ", ") + "]\n", many
        ),
        (
            "hundreds of unknown inputs in a note among thousands", .step,
            "step: a/b\nversion: 1.0.0\nsummary: x\neffect: reversible\ntimeout: 1m\ninputs:\n"
                + names(many, "input-").map { "  \($0): { type: string }\n" }.joined() + "rollback: \""
                + names(256, "imput-").map { "${{ inputs.\($0) }}" }.joined() + "\"\n", 256
        ),
        (
            "thousands of gates of unknown groups", .runbook,
            "runbook: swap\nversion: 1.0.0\nsummary: x\nsteps:\n"
                + names(many / 3, "s").map {
                    "  - { id: \($0), uses: muster/wait, with: { for: 1m }, approval: dbb }\n"
                }
                .joined(),
            many / 3
        ),
        (
            "thousands of unknown keys", .findings,
            "findings: [{ id: a, severity: low, text: x, owner: o, due: \"2026-12-31\" }]\n"
                + names(2 * many, "sumary").map { "\($0): 1\n" }.joined(), 2 * many
        ),
        (
            "a person's name of a hundred thousand letters", .catalog,
            "catalog: x\npolicy-change: { group: g }\npersons: { ada: {} }\n"
                + "groups: { g: [ada, \(String(repeating: "a", count: 100_000))] }\n",
            2
        ),
        (
            "one text of two hundred thousand letters", .environment,
            "environment: \"\(String(repeating: "x ", count: 100_000))\"\n", 1
        ),
    ]

    @Test func `what would cost the square of its size is told in full and helped within limits`() throws {
        var over: [String] = []
        for bomb in Self.bombs {
            let told = bomb.kind.diagnostics(of: Array(bomb.text.utf8)).filter { $0.severity == .error }
            let helped = told.count { $0.help?.hasPrefix("Did you mean") == true }
            let longest = told.map { $0.summary.count + ($0.help?.count ?? 0) }.max() ?? 0
            if told.count != bomb.errors || helped > 50 || longest > 2 * Diagnostic.sentenceMax {
                over.append("\(bomb.name): \(told.count) errors, \(helped) helped, \(longest) characters")
            }
        }
        print("documents that would cost the square of their size: \(Self.bombs.count), over the limits \(over.count)")
        try CampaignLog.add(
            kind: "documents that would cost the square of their size", points: Self.bombs.count, lost: 0, doubled: 0,
            notResumable: over.count, wrongEnd: 0)
        #expect(over.isEmpty, "\(over.joined(separator: "\n"))")
    }

    @Test func `no nearest name is looked for where a name is longer than people write`() {
        let long = String(repeating: "a", count: 129)
        #expect(nearestName(to: long, in: [long + "b"]) == nil)
        #expect(nearestName(to: "abc", in: [long, "abd"]) == "abd")
    }
}
