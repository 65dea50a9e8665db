// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterModel
import Testing

/// A policy is trusted on first use; another one holds only when the policy before it consented.
struct PolicyChangeTests {
    private func lab() throws -> (LedgerDrill, FourEyes) {
        let drill = try LedgerDrill([.init("one")])
        let eyes = try FourEyes(drill.catalog)
        let shown = try drill.catalog.muster("policy")
        #expect(shown.status == 0 && shown.output.contains("trusted on first use"), "\(shown)")
        return (drill, eyes)
    }

    /// One of the team is enough from now on.
    private func weaken(_ catalog: Catalog) throws {
        try catalog.replace(
            "require: [ { group: leads, count: 2 } ]", by: "require: [ { group: leads } ]", in: "muster.yaml")
    }

    private func consent(_ eyes: FourEyes, _ person: String) throws -> CommandResult {
        try eyes.catalog.muster("policy", "consent", "--key", eyes.key(person), "--yes")
    }

    private func run(_ drill: LedgerDrill, _ eyes: FourEyes) throws -> CommandResult {
        try eyes.plan(["drill", "-e", "lab", "--plugins", drill.catalog.plugins, "--input", "ledger=\(drill.ledger)"])
        _ = try eyes.approve("anu")
        return try drill.catalog.muster([
            "run", eyes.planFile, "--plugins", drill.catalog.plugins, "--yes", "--key", eyes.key("ada"),
        ])
    }

    @Test func `a change that nobody consented to stops every run`() throws {
        let (drill, eyes) = try lab()
        try weaken(drill.catalog)
        try drill.catalog.commit("Less is asked for")
        let result = try run(drill, eyes)
        #expect(result.status == 3 && result.errors.contains("[policy.not-consented]"), "\(result)")
        #expect(try drill.effects().isEmpty)
        let shown = try drill.catalog.muster("policy", "show")
        #expect(shown.status == 3, "\(shown)")
    }

    @Test func `with the consent of as many as the old policy wants it holds, and stock tools check it`() throws {
        let (drill, eyes) = try lab()
        try weaken(drill.catalog)
        #expect(try consent(eyes, "anu").status == 0)
        try drill.catalog.commit("Less is asked for, says Anu")
        #expect(try run(drill, eyes).errors.contains("lacks the consent of 1 of 2 of leads"))
        // Signed again in the work tree, where the change is committed already: the policy before is what this machine trusts.
        let again = try consent(eyes, "ben")
        #expect(again.status != 0 || again.output.contains("consents"), "\(again)")
        try drill.catalog.git("reset", "-q", "--soft", "HEAD~1")
        #expect(try consent(eyes, "ben").status == 0)
        try drill.catalog.commit("Less is asked for, say Anu and Ben")
        #expect(try run(drill, eyes).status == 0)
        let place = "\(drill.catalog.folder)/policy/consents/0001"
        for person in ["anu", "ben"] {
            let statement = try String(contentsOfFile: "\(place)/\(person).json", encoding: .utf8)
            let signature = try String(contentsOfFile: "\(place)/\(person).json.sig", encoding: .utf8)
            #expect(try eyes.verifies(statement, signature: signature, of: person))
            let digest = try drill.catalog.program(
                "/bin/sh",
                ["-c", "cd \(drill.catalog.folder) && sha256sum muster.yaml policy/allowed-signers | sha256sum"])
            #expect(statement.contains("\"policy\":\"sha256:\(digest.output.prefix(64))\""))
        }
    }

    @Test func `the consent of strangers, of the new policy's own people, or to something else counts for nothing`()
        throws
    {
        let (drill, eyes) = try lab()
        try eyes.makeKey("eve")
        let signers = try drill.catalog.read("policy/allowed-signers")
        try drill.catalog.write("policy/allowed-signers", signers + (try eyes.signerLine("eve")))
        try drill.catalog.replace("  cy: {", by: "  eve: { emails: [eve@example.org] }\n  cy: {", in: "muster.yaml")
        try drill.catalog.replace("leads: [anu, ben, ada]", by: "leads: [eve, anu, ben, ada]", in: "muster.yaml")
        #expect(try consent(eyes, "eve").errors.contains("[approval.unknown-key]"))
        #expect(try consent(eyes, "cy").status == 0, "whether Cy may is judged by whoever takes it")
        #expect(try consent(eyes, "anu").status == 0)
        // What Anu consented to is not what is committed.
        try drill.catalog.replace("life: 8h", by: "life: 9h", in: "muster.yaml")
        try drill.catalog.commit("Eve comes in")
        let result = try run(drill, eyes)
        #expect(result.status == 3 && result.errors.contains("[policy.not-consented]"), "\(result)")
    }

    @Test func `going back to an older policy, or to none, needs consent as well`() throws {
        let (drill, eyes) = try lab()
        let old = try drill.catalog.read("muster.yaml")
        try drill.catalog.replace("life: 8h", by: "life: 4h", in: "muster.yaml")
        for person in ["anu", "ben"] { #expect(try consent(eyes, person).status == 0) }
        try drill.catalog.commit("A shorter life")
        #expect(try drill.catalog.muster("policy").output.contains("number 1"))
        for text in [old, "catalog: test\nsummary: For tests\n"] {
            try drill.catalog.write("muster.yaml", text)
            if !text.contains("persons") { try drill.catalog.write("policy/allowed-signers", "# nobody\n") }
            try drill.catalog.commit("Back")
            #expect(try drill.catalog.muster("policy").errors.contains("[policy.not-consented]"))
        }
    }
}
