// SPDX-License-Identifier: Apache-2.0

import MusterDocuments
import MusterModel
import Testing

/// The policy part of `muster.yaml`, what environments add to it, and the gates of runbooks.
struct ApprovalPolicyTests {
    private static let text = """
        catalog: lab
        persons:
          anu: { emails: [Anu@Example.org] }
          ben: {}
        groups:
          leads: [anu, ben]
        approvals:
          lab: { require: [ { group: leads, count: 2 } ], life: 8h, break-glass: [leads] }
        policy-change: { group: leads }

        """

    private func findings(_ text: String) -> [String] {
        Configuration.parse(Array(text.utf8), file: "muster.yaml").diagnostics.map { diagnostic in
            "\(diagnostic.location?.line ?? 0):\(diagnostic.location?.column ?? 0) \(diagnostic.code)"
        }
    }

    private func policy() throws -> ApprovalPolicy {
        try Configuration.parse(Array(Self.text.utf8), file: "muster.yaml").get().policy
    }

    private func environment(_ approvals: String) throws -> Environment {
        let text = "environment: lab\n" + approvals
        return try Environment.parse(Array(text.utf8), file: "environments/lab.yaml").get()
    }

    @Test func `a policy is read, addresses in one spelling`() throws {
        let policy = try policy()
        #expect(policy.person(email: "ANU@example.org") == "anu" && policy.person(email: "x@example.org") == nil)
        let rule = try #require(policy.rules["lab"])
        #expect(rule.require == [GroupCount(group: "leads", count: 2)] && rule.life == .seconds(8 * 3600))
        #expect(!rule.excludesAuthors && rule.breakGlass == ["leads"])
    }

    @Test(arguments: [
        ("[anu, ben]", "[anu, bne]", ["6:16 policy.unknown-person"]),
        ("[anu, ben]", "[anu, anu]", ["6:16 policy.doubled-person", "8:44 policy.too-few-persons"]),
        ("group: leads, count: 2", "group: laeds, count: 2", ["8:30 policy.unknown-group"]),
        ("count: 2", "count: 3", ["8:44 policy.too-few-persons"]),
        ("count: 2", "count: 0", ["8:44 document.wrong-type"]),
        ("break-glass: [leads]", "break-glass: [on-call]", ["8:75 policy.unknown-group"]),
        ("policy-change: { group: leads }\n", "", ["3:3 policy.no-consent"]),
        ("ben: {}", "ben: { emails: [anu@example.org] }", ["4:19 policy.doubled-email"]),
        ("ben: {}", "ben: { emails: [anu] }", ["4:19 document.bad-value"]),
        ("life: 8h", "life: forever", ["8:57 document.bad-value"]),
    ])
    func `what could not be met, or means nobody, is refused where it stands`(
        words: String, others: String, expected: [String]
    ) {
        #expect(findings(Self.text.replacing(words, with: others)) == expected)
    }

    @Test func `an environment adds and never takes away`() throws {
        let policy = try policy()
        let weaker = try environment("approvals: { require: [ { group: leads } ], life: 2d, break-glass: [] }\n")
        let rule = try #require(policy.rule(for: weaker))
        #expect(rule.require == [GroupCount(group: "leads", count: 2)] && rule.life == .seconds(8 * 3600))
        #expect(rule.breakGlass == [])
        let stricter = try environment("approvals: { exclude-authors: true, life: 1h }\n")
        let other = try #require(policy.rule(for: stricter))
        #expect(other.excludesAuthors && other.life == .seconds(3600) && other.breakGlass == ["leads"])
        #expect(weaker.lintApprovals(policy).map(\.code) == ["policy.no-effect"])
        #expect(try environment("").approvals == nil)
    }

    @Test func `a rule for all holds where no other does, so that a new name escapes nothing`() throws {
        let text = Self.text.replacing("  lab:", with: "  \"*\":")
        let policy = try Configuration.parse(Array(text.utf8), file: "muster.yaml").get().policy
        #expect(policy.rule(for: try environment(""))?.require == [GroupCount(group: "leads", count: 2)])
        var named = policy
        named.rules["lab"] = ApprovalRule(require: [])
        #expect(named.rule(for: try environment(""))?.require == [])
    }

    private func gates(_ step: String, section: String = "steps") -> [String] {
        let text =
            "runbook: drill\nversion: 1.0.0\nsummary: A drill\nsteps:\n  - { id: first, uses: muster/wait, with: { for: 1s } }\n"
            + (section == "steps" ? "" : "\(section):\n") + "  - \(step)\n"
        let runbook = Runbook.parse(Array(text.utf8), file: "runbooks/drill.yaml")
        guard let read = runbook.partial else { return ["unreadable"] }
        let policy = ApprovalPolicy(groups: ["leads": ["anu", "ben"]])
        let found = lintRunbook(read, lock: nil) { _, _ in .unreadable } + lintGates(read, policy)
        return (runbook.diagnostics + found).map(\.code)
    }

    @Test func `a gate asks a group that there is, for as many as it has, and is not passed by itself`() {
        let approve = { (with: String) in "{ id: ask, uses: muster/approve, with: { \(with) } }" }
        #expect(gates(approve("group: leads, count: 2")).isEmpty)
        #expect(gates("{ id: ask, uses: muster/wait, with: { for: 1s }, approval: leads }").isEmpty)
        #expect(gates(approve("group: laeds")) == ["runbook.unknown-group"])
        #expect(gates(approve("group: leads, count: 3")) == ["runbook.gate-count"])
        #expect(gates("{ id: ask, uses: muster/wait, with: { for: 1s }, approval: dba }") == ["runbook.unknown-group"])
        #expect(gates(approve("group: leads"), section: "finally") == ["runbook.gate-in-finally"])
        let passed = "{ id: ask, uses: muster/approve, with: { group: leads }, on-failure: continue }"
        #expect(gates(passed) == ["runbook.gate-passed"])
        let doubled = "{ id: ask, uses: muster/approve, with: { group: leads }, approval: leads }"
        #expect(gates(doubled) == ["runbook.doubled-gate"])
    }
}
