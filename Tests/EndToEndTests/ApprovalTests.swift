// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterModel
import Testing

/// A strict policy: what a run needs before it begins, and every way in which it is refused.
struct ApprovalTests {
    private struct Case {
        let drill: LedgerDrill
        let eyes: FourEyes

        init(policy: String = FourEyes.policy) throws {
            drill = try LedgerDrill([.init("one"), .init("two")])
            eyes = try FourEyes(drill.catalog, policy: policy)
            try plan()
        }

        func plan(_ more: String...) throws {
            try eyes.plan(
                ["drill", "-e", "lab", "--plugins", drill.catalog.plugins, "--input", "ledger=\(drill.ledger)"] + more)
        }

        func run(as person: String = "ada", _ more: String...) throws -> CommandResult {
            try drill.catalog.muster(
                ["run", eyes.planFile, "--plugins", drill.catalog.plugins, "--yes", "--key", eyes.key(person)] + more)
        }

        /// Git's own configuration names somebody else.
        func work(as person: String) throws {
            try drill.catalog.git("config", "--global", "user.email", "\(person)@example.org")
        }
    }

    private func expectRefused(
        _ result: CommandResult, _ drill: LedgerDrill, _ words: String..., status: Int32 = 4,
        sourceLocation: Testing.SourceLocation = #_sourceLocation
    ) throws {
        #expect(result.status == status, "\(result)", sourceLocation: sourceLocation)
        for word in words { #expect(result.errors.contains(word), "\(result)", sourceLocation: sourceLocation) }
        #expect(try drill.effects().isEmpty, sourceLocation: sourceLocation)
    }

    @Test func `two approvals by two persons let the run begin, and the record has them as ssh-keygen takes them`()
        throws
    {
        let it = try Case()
        try expectRefused(try it.run(), it.drill, "[approval.missing]", "2 of 2 of leads")
        for person in ["anu", "ben"] {
            let approved = try it.eyes.approve(person, "--comment", "Seen with the team")
            #expect(approved.status == 0 && approved.output.contains("Plan of drill 1.0.0"), "\(approved)")
        }
        let result = try it.run()
        #expect(result.status == 0, "\(result)")
        let run = try it.drill.catalog.onlyRun
        let approvals = try #require(try run.record["approvals"]?.array)
        #expect(approvals.map { $0["decision"]?.string } == ["operate", "approve", "approve"])
        for approval in approvals {
            let file = try #require(approval["file"]?.string)
            let person = try #require(approval["approver"]?.string)
            let (statement, signature) = (try run.file(file), try run.file(file + ".sig"))
            #expect(try it.eyes.verifies(statement, signature: signature, of: person))
            #expect(try !it.eyes.verifies(statement, signature: signature, of: person == "ada" ? "anu" : "ada"))
        }
        #expect(try run.file("README.md").contains("anu | approved the plan"))
        let verified = try it.drill.catalog.muster("verify", run.run)
        #expect(verified.status == 0, "\(verified)")
    }

    @Test func `what no reader would take is not signed`() throws {
        let it = try Case()
        let refused = try it.eyes.approve("anu", "--comment", String(repeating: "long ", count: 14_000))
        #expect(refused.status == 2 && refused.errors.contains("--comment is longer than 2000"), "\(refused)")
        let review = try it.drill.catalog.muster(
            "review", "last", "--accept", "--reason", String(repeating: "long ", count: 14_000))
        #expect(review.status == 2 && review.errors.contains("--reason is longer than 2000"), "\(review)")
        #expect(!FileManager.default.fileExists(atPath: "\(it.eyes.planFile).approvals"))
    }

    @Test func `one approval is not two, and nobody counts twice`() throws {
        let it = try Case()
        #expect(try it.eyes.approve("anu").status == 0)
        #expect(try it.eyes.approve("anu").status == 0)
        try expectRefused(try it.run(), it.drill, "[approval.missing]", "1 of 2 of leads")
    }

    @Test func `the operator's own approval does not count, whoever git says the operator is`() throws {
        let it = try Case()
        #expect(try it.eyes.approve("anu").status == 0)
        #expect(try it.eyes.approve("ada").status == 0)
        try expectRefused(try it.run(), it.drill, "[approval.own]")
        try it.work(as: "ben")
        try expectRefused(try it.run(), it.drill, "[approval.other-identity]", status: 3)
        #expect(try it.run(as: "ben").status == 0, "Ben runs what Anu and Ada approved")
    }

    @Test func `a stranger neither approves nor runs`() throws {
        let it = try Case()
        try it.eyes.makeKey("stranger")
        #expect(try it.eyes.approve("stranger").errors.contains("[approval.unknown-key]"))
        #expect(try it.eyes.approve("cy").errors.contains("[approval.not-in-group]") == false)
        #expect(try it.eyes.approve("cy").errors.contains("[approval.would-not-count]"))
        try expectRefused(try it.run(as: "stranger"), it.drill, "[approval.unknown-key]", status: 3)
        let unkeyed = try it.drill.catalog.muster([
            "run", it.eyes.planFile, "--plugins", it.drill.catalog.plugins, "--yes",
        ])
        #expect(unkeyed.status == 2 && unkeyed.errors.contains("[approval.no-key]"), "\(unkeyed)")
    }

    @Test func `an approval is for one run`() throws {
        let it = try Case()
        for person in ["anu", "ben"] { #expect(try it.eyes.approve(person).status == 0) }
        #expect(try it.run().status == 0)
        try FileManager.default.removeItem(atPath: it.drill.ledger)
        try expectRefused(try it.run(), it.drill, "[approval.used]")
        // Another machine knows it by the records.
        it.drill.catalog.state = "\(it.drill.catalog.root)/other"
        try expectRefused(try it.run(), it.drill, "[approval.used]")
    }

    @Test func `a plan is approved and run by a path from the current folder, as any file of any tool`() throws {
        let it = try Case()
        let below = "\(it.drill.catalog.folder)/runbooks"
        func shell(_ words: String) throws -> CommandResult {
            try it.drill.catalog.program("/bin/sh", ["-c", "cd \(below) && exec \(product("muster")) \(words)"])
        }
        let plan = "-e lab --plugins ../../plugins --input ledger=\(it.drill.ledger)"
        #expect(try shell("plan drill \(plan) --out ../../sent-plan.json").status == 0)
        for (person, more) in [("anu", ""), ("ben", " --out ben.json")] {
            let approved = try shell("approve ../../sent-plan.json --key ../../keys/\(person) --yes" + more)
            #expect(approved.status == 0, "\(approved)")
        }
        let folder = "\(it.drill.catalog.root)/sent-plan.json.approvals"
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 4)
        #expect(!FileManager.default.fileExists(atPath: "/sent-plan.json.approvals"))
        let run = try shell(
            "run ../../sent-plan.json --plugins ../../plugins --yes --key ../../keys/ada --approval ben.json")
        #expect(run.status == 0, "\(run)")
    }

    @Test func `a rejection stands until the same person approves`() throws {
        let it = try Case()
        for person in ["anu", "ben"] { #expect(try it.eyes.approve(person).status == 0) }
        #expect(try it.eyes.approve("anu", "--reject", "--comment", "Not on a Friday").status == 0)
        try expectRefused(try it.run(), it.drill, "anu rejected it")
        #expect(try it.eyes.approve("anu").status == 0)
        #expect(try it.run().status == 0)
        // What was taken back is told all the same.
        let page = try it.drill.catalog.onlyRun.file("README.md")
        #expect(page.contains("**rejected** the plan, and took that back") && page.contains("Not on a Friday"))
        let verified = try it.drill.verify()
        #expect(verified.status == 0, "\(verified)")
    }

    @Test func `when an approval counts is told by its change window as well as by its life`() throws {
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        func hour(_ hours: Int64) -> String { "\(Timestamp(milliseconds: (now / 1000 + hours * 3600) * 1000))" }
        for (opens, words) in [(-1, "when its change window closes"), (1, "on, when its change window opens")] {
            let drill = try LedgerDrill([.init("one")])
            try drill.catalog.write(
                "environments/lab.yaml",
                "environment: lab\nchange-windows:\n  - { opens: \"\(hour(Int64(opens)))\", closes: \"\(hour(2))\" }\n")
            let eyes = try FourEyes(drill.catalog)
            try eyes.plan(
                ["drill", "-e", "lab", "--plugins", drill.catalog.plugins, "--input", "ledger=\(drill.ledger)"],
                status: opens < 0 ? 0 : 3)
            let approved = try eyes.approve("anu")
            #expect(approved.output.contains("until \(hour(2))") && approved.output.contains(words), "\(approved)")
            let json = try eyes.approve("anu", "--json").json
            #expect(json["countsUntil"]?.string == hour(2))
            #expect(opens < 0 || json["countsFrom"]?.string == hour(1))
        }
    }

    @Test func `what differs from the approved plan is named, and a new plan is asked for`() throws {
        let it = try Case()
        for person in ["anu", "ben"] { #expect(try it.eyes.approve(person).status == 0) }
        try "apply one other done\n".write(toFile: it.drill.ledger, atomically: false, encoding: .utf8)
        let result = try it.run()
        #expect(result.status == 3 && result.errors.contains("[plan.out-of-date]"), "\(result)")
        #expect(result.errors.contains("observed state of the target of one"), "\(result)")
    }
}

/// Who wrote what a plan uses, and what an environment's own document adds.
struct ApprovalRuleTests {
    private static let strict = FourEyes.policy.replacing(
        "    life: 8h\n", with: "    life: 8h\n    exclude-authors: true\n")

    private func lab(_ policy: String) throws -> (LedgerDrill, FourEyes) {
        let drill = try LedgerDrill([.init("one")])
        return (drill, try FourEyes(drill.catalog, policy: policy))
    }

    private func run(_ drill: LedgerDrill, _ eyes: FourEyes, as person: String = "ada") throws -> CommandResult {
        try drill.catalog.muster(
            ["run", eyes.planFile, "--plugins", drill.catalog.plugins, "--yes", "--key", eyes.key(person)])
    }

    @discardableResult
    private func plan(_ drill: LedgerDrill, _ eyes: FourEyes, status: Int32 = 0) throws -> CommandResult {
        try eyes.plan(
            ["drill", "-e", "lab", "--plugins", drill.catalog.plugins, "--input", "ledger=\(drill.ledger)"],
            status: status)
    }

    @Test func `who published the runbook does not count, and a stranger's part needs to be known first`() throws {
        let (drill, eyes) = try lab(Self.strict)
        try drill.catalog.git("config", "--global", "user.email", "anu@example.org")
        try drill.catalog.replace("A drill over a ledger", by: "Anu's drill", in: "runbooks/drill.yaml")
        try drill.catalog.commit("Better words")
        try drill.catalog.git("config", "--global", "user.email", "ada@example.org")
        try plan(drill, eyes)
        #expect(try eyes.approve("anu").errors.contains("anu wrote a part of what the plan uses"))
        #expect(try eyes.approve("ben").status == 0)
        #expect(try run(drill, eyes).errors.contains("1 of 2 of leads"))
        try drill.catalog.git("config", "--global", "user.email", "eve@elsewhere.example")
        try drill.catalog.replace("Anu's drill", by: "Eve's drill", in: "runbooks/drill.yaml")
        try drill.catalog.commit("Other words")
        try drill.catalog.git("config", "--global", "user.email", "ada@example.org")
        let refused = try plan(drill, eyes, status: 3)
        #expect(refused.errors.contains("[approval.unknown-author]"), "\(refused)")
        #expect(try eyes.approve("ben").errors.contains("[approval.unknown-author]"))
        let lint = try drill.catalog.muster("lint")
        #expect(lint.status == 0 && lint.errors.contains("written by eve@elsewhere.example"), "\(lint)")
    }

    @Test func `an environment asks for more, and an approver who was taken out since counts no more`() throws {
        let (drill, eyes) = try lab(FourEyes.policy)
        try drill.catalog.write(
            "environments/lab.yaml", "environment: lab\napprovals: { require: [ { group: security } ] }\n")
        try drill.catalog.commit("Security is asked, too")
        try plan(drill, eyes)
        for person in ["anu", "ben"] { #expect(try eyes.approve(person).status == 0) }
        #expect(try run(drill, eyes).errors.contains("1 of 1 of security"))
        #expect(try eyes.approve("cy").status == 0)
        // Cy's key is revoked, as the team consents; the plan's commit still has it.
        let signers = try drill.catalog.read("policy/allowed-signers")
        let revoked = try eyes.signerLine("cy", options: "valid-before=\"20200101Z\"")
        try drill.catalog.write(
            "policy/allowed-signers", signers.replacing(try eyes.signerLine("cy"), with: revoked))
        for person in ["anu", "ben"] {
            #expect(try drill.catalog.muster("policy", "consent", "--key", eyes.key(person), "--yes").status == 0)
        }
        try drill.catalog.commit("Cy left")
        let result = try run(drill, eyes)
        #expect(result.errors.contains("The signature of cy does not hold"), "\(result)")
        #expect(try drill.effects().isEmpty)
    }
}
