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

    private func run(_ drill: LedgerDrill, _ eyes: FourEyes, isConsented: Bool = true) throws -> CommandResult {
        let plan = try eyes.plan(
            ["drill", "-e", "lab", "--plugins", drill.catalog.plugins, "--input", "ledger=\(drill.ledger)"],
            status: isConsented ? 0 : 3)
        #expect(isConsented || plan.errors.contains("[policy.not-consented]"), "\(plan)")
        #expect(isConsented || plan.output.contains("it cannot be run as things stand"), "\(plan)")
        _ = try eyes.approve("anu")
        return try drill.catalog.muster([
            "run", eyes.planFile, "--plugins", drill.catalog.plugins, "--yes", "--key", eyes.key("ada"),
        ])
    }

    @Test func `a change that nobody consented to stops every run`() throws {
        let (drill, eyes) = try lab()
        try weaken(drill.catalog)
        try drill.catalog.commit("Less is asked for")
        let result = try run(drill, eyes, isConsented: false)
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
        #expect(try run(drill, eyes, isConsented: false).errors.contains("lacks the consent of 1 of 2 of leads"))
        // The change is committed already: the policy before is what this machine trusts.
        let second = try consent(eyes, "ben")
        #expect(second.status == 0 && second.output.contains("nobody's consent is missing"), "\(second)")
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
        let outsider = try consent(eyes, "cy")
        #expect(outsider.status == 3 && outsider.errors.contains("cy is not in leads"), "\(outsider)")
        #expect(try consent(eyes, "anu").status == 0)
        // What Anu consented to is not what is committed.
        try drill.catalog.replace("life: 8h", by: "life: 9h", in: "muster.yaml")
        try drill.catalog.commit("Eve comes in")
        let result = try run(drill, eyes, isConsented: false)
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

    @Test func `on a branch one signs after the other, each on a machine that trusts the old policy`() throws {
        let (drill, eyes) = try lab()
        try drill.catalog.git("checkout", "-q", "-b", "change")
        try weaken(drill.catalog)
        let first = try consent(eyes, "anu")
        #expect(first.output.contains("still missing: 1 of 2 of leads"), "\(first)")
        try drill.catalog.commit("Less is asked for, says Anu")
        let shown = try drill.catalog.muster("policy")
        #expect(shown.status == 3 && shown.errors.contains("lacks the consent of 1 of 2 of leads"), "\(shown)")
        let own = drill.catalog.state
        for state in [own, "\(drill.catalog.root)/other"] {
            // Another machine that trusts none finds the policy before in the history.
            drill.catalog.state = state
            #expect(try drill.catalog.muster("policy").status == 3)
            #expect(try consent(eyes, "ben").output.contains("nobody's consent is missing"))
        }
        try drill.catalog.commit("So does Ben")
        #expect(try drill.catalog.muster("policy").output.contains("number 1"))
        drill.catalog.state = own
        #expect(try drill.catalog.muster("policy").output.contains("the policy before it consented"))
        #expect(try run(drill, eyes).status == 0)
    }

    @Test func `a branch from before the policy that holds takes no consents, nor is it trusted on first use`() throws {
        let (drill, eyes) = try lab()
        let old = try drill.catalog.read("muster.yaml")
        try drill.catalog.git("branch", "old")
        try weaken(drill.catalog)
        for person in ["anu", "ben"] { #expect(try consent(eyes, person).status == 0) }
        try drill.catalog.commit("Less is asked for")
        #expect(try drill.catalog.muster("policy").status == 0)
        try drill.catalog.git("checkout", "-q", "old")
        let behind = try consent(eyes, "anu")
        #expect(behind.status == 3 && behind.errors.contains("does not have the policy"), "\(behind)")
        try drill.catalog.git("checkout", "-q", "main")
        try drill.catalog.write("muster.yaml", old)
        try drill.catalog.commit("Back, and nobody asked")
        drill.catalog.state = "\(drill.catalog.root)/other"
        let shown = try drill.catalog.muster("policy")
        #expect(shown.status == 3 && shown.errors.contains("consents to another one after it"), "\(shown)")
    }

    @Test func `what is shown of a policy is all that people compare`() throws {
        let (drill, _) = try lab()
        let text = try drill.catalog.muster("policy").output
        for words in [
            "anu: anu@example.org; 1 key", "leads: ada, anu, ben", "needs 2 of leads", "break-glass: on-call",
            "another policy needs the consent of 2 of leads",
        ] {
            #expect(text.contains(words), "\(text)")
        }
        let json = try drill.catalog.muster("policy", "--json").json
        #expect(json["persons"]?["anu"]?["emails"]?.array == ["anu@example.org"])
        #expect(json["approvals"]?["lab"]?["breakGlass"]?.array == ["on-call"])
        #expect(json["approvals"]?["lab"]?["lifeSeconds"]?.int == 28_800)
        #expect(json["policyChange"]?["count"]?.int == 2)
    }

    @Test(arguments: ["9223372036854775807", "-9223372036854775808", "1000000"])
    func `a folder of consents with a number that no policy has is nobody's`(number: String) throws {
        let (drill, eyes) = try lab()
        for (from, name) in [("muster.yaml", "muster.yaml"), ("policy/allowed-signers", "allowed-signers")] {
            try drill.catalog.write("policy/consents/\(number)/\(name)", try drill.catalog.read(from))
        }
        try drill.catalog.commit("A folder")
        #expect(try drill.catalog.muster("policy").status == 0)
        drill.catalog.state = "\(drill.catalog.root)/other"
        #expect(try drill.catalog.muster("policy").output.contains("trusted on first use"))
        try weaken(drill.catalog)
        let first = try consent(eyes, "anu")
        #expect(first.status == 0 && first.output.contains("policy/consents/0001"), "\(first)")
    }

    @Test func `a consent goes where it says, through no link, and to what stands there`() throws {
        let (drill, eyes) = try lab()
        let root = drill.catalog.root
        func sh(_ line: String) throws {
            let done = try drill.catalog.program("/bin/sh", ["-c", "cd '\(drill.catalog.folder)' && \(line)"])
            #expect(done.status == 0, "\(done)")
        }
        func refuses(_ what: String) throws {
            let refused = try consent(eyes, "anu")
            #expect(refused.status == 2 && refused.errors.contains("[catalog.link]"), "\(what): \(refused)")
        }
        try weaken(drill.catalog)
        try sh("mkdir -p '\(root)/outside' policy/consents && ln -s '\(root)/outside' policy/consents/0001")
        try refuses("the folder")
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(root)/outside").isEmpty)
        try sh("rm policy/consents/0001 && mkdir policy/consents/0001")
        try sh("ln -s '\(root)/outside/x' policy/consents/0001/anu.json.new")
        try refuses("a file in it")
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(root)/outside").isEmpty)
        try sh("rm -r policy/consents && mv policy/allowed-signers '\(root)/s'")
        try sh("ln -s '\(root)/s' policy/allowed-signers")
        try refuses("the signers")
    }
}
