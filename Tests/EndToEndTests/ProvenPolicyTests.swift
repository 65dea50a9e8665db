// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterModel
import Testing

/// Whoever runs chooses the commit that names the policy: a record is held to what others know of the catalog.
struct ProvenPolicyTests {
    private let drill: LedgerDrill
    private let eyes: FourEyes
    private var catalog: Catalog { drill.catalog }
    private var bare: String { "\(catalog.root)/bare" }

    init() throws {
        drill = try LedgerDrill([.init("one")])
        #expect(
            try drill.catalog.program(
                "/usr/bin/git", ["init", "-q", "-b", "main", "--bare", "\(drill.catalog.root)/bare"]
            ).status == 0)
        try drill.catalog.git("remote", "add", "origin", "\(drill.catalog.root)/bare")
        eyes = try FourEyes(drill.catalog, policy: "records: { remote: origin }\n" + FourEyes.policy)
        try drill.catalog.write("environments/open.yaml", "environment: open\n")
        try drill.catalog.commit("Where nothing is asked")
        try drill.catalog.git("push", "-q", "origin", "main")
    }

    private func git(_ folder: String, _ words: String...) throws {
        let told = try catalog.program("/usr/bin/git", ["-C", folder] + words)
        #expect(told.status == 0, "\(told)")
    }

    private func clone(_ name: String) throws -> String {
        let folder = "\(catalog.root)/\(name)"
        #expect(try catalog.program("/usr/bin/git", ["clone", "-q", bare, folder]).status == 0)
        return folder
    }

    /// The catalog without its policy, committed and not pushed.
    private func withoutPolicy(_ name: String) throws -> String {
        let folder = try clone(name)
        try "catalog: test\nrecords: { remote: origin }\n".write(
            toFile: "\(folder)/muster.yaml", atomically: false, encoding: .utf8)
        try FileManager.default.removeItem(atPath: "\(folder)/policy")
        try git(folder, "add", "-A")
        try git(folder, "commit", "-q", "-m", "Nobody is asked")
        return folder
    }

    private func run(in folder: String, _ environment: String = "lab", _ more: String...) throws -> CommandResult {
        try catalog.muster(
            [
                "run", "drill", "-e", environment, "--plugins", catalog.plugins, "--input", "ledger=\(drill.ledger)",
                "--yes", "-C", folder,
            ] + more)
    }

    private func onAnotherMachine<Value>(_ work: () throws -> Value) throws -> Value {
        let own = catalog.state
        defer { catalog.state = own }
        catalog.state = "\(catalog.root)/state-\(UUID().uuidString)"
        return try work()
    }

    /// By consent, and not committed yet.
    private func giveBenAnotherKey() throws {
        try eyes.makeKey("ben-new")
        let signers = try catalog.read("policy/allowed-signers")
        try catalog.write(
            "policy/allowed-signers",
            signers.replacing(try eyes.signerLine("ben"), with: try eyes.signerLine("ben", key: "ben-new")))
        for person in ["anu", "ben"] {
            let told = try catalog.muster("policy", "consent", "--key", eyes.key(person), "--yes")
            #expect(told.status == 0, "\(told)")
        }
    }

    private func fetch() throws { try catalog.git("fetch", "-q", "origin", "+refs/heads/muster/*:refs/heads/muster/*") }

    @Test func `a run of a commit that nobody else has, without the policy, is no verified run, nor signed off`() throws
    {
        #expect(try catalog.muster("policy").status == 0)
        let eve = try withoutPolicy("eve")
        let begun = try onAnotherMachine { try run(in: eve) }
        #expect(begun.status == 0, "\(begun)")
        try fetch()
        let verified = try catalog.muster("verify", "--all")
        #expect(verified.status == 6, "\(verified)")
        #expect(verified.errors.contains("[record.commit-missing]"), "\(verified)")
        try catalog.git("config", "user.email", "cy@example.org")
        let reviewed = try catalog.muster("review", "last", "--accept", "--key", eyes.key("cy"))
        #expect(reviewed.status == 6 && reviewed.errors.contains("[review.unproven]"), "\(reviewed)")
        // Her commit on some branch makes her policy nobody's.
        try git(eve, "push", "-q", "origin", "HEAD:refs/heads/side")
        try catalog.git("fetch", "-q", "origin")
        let known = try catalog.muster("verify", "--all")
        #expect(known.status == 6 && known.errors.contains("[record.policy-not-consented]"), "\(known)")
        let fresh = try clone("auditor")
        try git(fresh, "fetch", "-q", "origin", "refs/heads/muster/*:refs/heads/muster/*")
        let audited = try onAnotherMachine { try catalog.muster("verify", "--all", "-C", fresh) }
        #expect(audited.status == 6 && audited.errors.contains("[record.policy-not-consented]"), "\(audited)")
    }

    @Test func `an old commit of before the policy is nothing to run once there is one`() throws {
        // The policy's own commits are of an hour ago.
        try catalog.git("reset", "-q", "--soft", "HEAD~2")
        let dated = try catalog.program(
            "/bin/sh",
            [
                "-c",
                "GIT_COMMITTER_DATE=\"$(($(date +%s) - 3600)) +0000\" git -C '\(catalog.folder)' commit -q -m 'The policy'",
            ])
        #expect(dated.status == 0, "\(dated)")
        try catalog.git("push", "-q", "--force", "origin", "main")
        let old = try clone("old")
        try git(old, "checkout", "-q", "HEAD~1")
        let begun = try onAnotherMachine { try run(in: old) }
        #expect(begun.status == 0, "\(begun)")
        try git(old, "push", "-q", "origin", "refs/heads/muster/*:refs/heads/muster/*")
        try fetch()
        let verified = try catalog.muster("verify", "--all")
        #expect(verified.status == 6 && verified.errors.contains("[record.policy-not-consented]"), "\(verified)")
    }

    @Test func `a run that was held to a policy that another one had followed is told of, and stays verified`() throws {
        #expect(try catalog.muster("policy").status == 0)
        let old = try clone("old")
        try giveBenAnotherKey()
        try catalog.git("add", "-A")
        let dated = try catalog.program(
            "/bin/sh",
            [
                "-c",
                "GIT_COMMITTER_DATE=\"$(($(date +%s) - 3600)) +0000\" git -C '\(catalog.folder)' commit -q -m 'Ben has another key'",
            ])
        #expect(dated.status == 0, "\(dated)")
        let begun = try onAnotherMachine { try run(in: old, "open") }
        #expect(begun.status == 0, "\(begun)")
        try git(old, "push", "-q", "origin", "refs/heads/muster/*:refs/heads/muster/*")
        try fetch()
        let verified = try catalog.muster("verify", "--all")
        #expect(verified.status == 0 && verified.errors.contains("[record.older-policy]"), "\(verified)")
    }

    @Test func `a run of before there was a policy stays verified`() throws {
        let other = try LedgerDrill([.init("one")])
        #expect(try other.run().status == 0)
        _ = try FourEyes(other.catalog)
        #expect(try other.catalog.muster("policy").status == 0)
        let verified = try other.catalog.muster("verify", "--all")
        #expect(verified.status == 0 && !verified.errors.contains("consented"), "\(verified)")
    }

    @Test func `a second clone on the same machine is held to the policy that the first one knew`() throws {
        #expect(try catalog.muster("policy").output.contains("trusted on first use"))
        let eve = try withoutPolicy("eve")
        let refused = try run(in: eve)
        #expect(refused.status == 3 && refused.errors.contains("[policy.not-consented]"), "\(refused)")
        #expect(try drill.effects().isEmpty)
        #expect(try catalog.muster("policy").output.contains(", trusted\n"))
    }

    @Test func `a policy that asks for nothing and was believed at first sight is told of in the record`() throws {
        #expect(try run(in: catalog.folder, "open").status == 0)
        let record = try catalog.onlyRun
        #expect(try record.file("README.md").contains("trusted on first use"))
        #expect(try record.record["policies"]?.array?.first?["trust"] == "first-use")
        #expect(try catalog.muster("verify", "--all").status == 0)
    }

    @Test func `a statement whose record was only fetched is used up all the same`() throws {
        try eyes.plan(["drill", "-e", "lab", "--plugins", catalog.plugins, "--input", "ledger=\(drill.ledger)"])
        for person in ["anu", "ben"] { #expect(try eyes.approve(person).status == 0) }
        let words = ["run", eyes.planFile, "--plugins", catalog.plugins, "--yes", "--key", eyes.key("ada")]
        #expect(try catalog.muster(words).status == 0)
        try FileManager.default.removeItem(atPath: drill.ledger)
        let fresh = try clone("fresh")
        let again = try onAnotherMachine { try catalog.muster(words + ["-C", fresh]) }
        #expect(again.status == 4 && again.errors.contains("[approval.used]"), "\(again)")
        #expect(try drill.effects().isEmpty)
    }

    @Test func `a record that only says so has used no statement up`() throws {
        try eyes.plan(["drill", "-e", "lab", "--plugins", catalog.plugins, "--input", "ledger=\(drill.ledger)"])
        for person in ["anu", "ben"] { #expect(try eyes.approve(person).status == 0) }
        let folder = "\(eyes.planFile).approvals"
        let ids = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".json") }.map {
            try JSON.parse(String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8))["id"] ?? .null
        }
        #expect(ids.count == 2)
        try JSON.object(["approvals": .array(ids.map { .object(["id": $0]) })]).canonicalText.write(
            toFile: "\(catalog.root)/record.json", atomically: false, encoding: .utf8)
        let junk = "refs/heads/muster/runs/20260101-000000-drill-aaaaaa"
        let made = try catalog.program(
            "/bin/sh",
            [
                "-c",
                "cd '\(catalog.folder)' && blob=$(git hash-object -w ../record.json) && tree=$(printf '100644 blob %s\\trecord.json\\n' $blob | git mktree) && git update-ref \(junk) $(git commit-tree -m x $tree)",
            ])
        #expect(made.status == 0, "\(made)")
        let words = ["run", eyes.planFile, "--plugins", catalog.plugins, "--yes", "--key", eyes.key("ada")]
        let begun = try catalog.muster(words)
        #expect(begun.status == 0, "\(begun)")
        let verified = try catalog.muster("verify", "last")
        #expect(verified.status == 0 && !verified.errors.contains("was used by"), "\(verified)")
    }

    @Test func `a record tells that the remote was not asked for what others said`() throws {
        try eyes.plan(["drill", "-e", "lab", "--plugins", catalog.plugins, "--input", "ledger=\(drill.ledger)"])
        for person in ["anu", "ben"] { #expect(try eyes.approve(person).status == 0) }
        try catalog.git("remote", "set-url", "origin", "\(catalog.root)/nowhere")
        let words = ["run", eyes.planFile, "--plugins", catalog.plugins, "--yes", "--key", eyes.key("ada")]
        #expect(try catalog.muster(words).errors.contains("was not asked for approvals"))
        let record = try catalog.onlyRun
        #expect(try record.file("README.md").contains("**The remote was not asked**"))
        #expect(try record.record["policies"]?.array?.first?["notAsked"]?.string?.contains("origin") == true)
        #expect(try catalog.muster("verify", "--all").status == 0)
    }

    @Test func `a review of before its author's key was changed by consent still holds`() throws {
        #expect(try run(in: catalog.folder, "open").status == 0)
        try catalog.git("config", "user.email", "ben@example.org")
        let reviewed = try catalog.muster("review", "last", "--accept", "--key", eyes.key("ben"))
        #expect(reviewed.status == 0, "\(reviewed)")
        try giveBenAnotherKey()
        try catalog.commit("Ben has another key")
        let verified = try catalog.muster("verify", "--all")
        #expect(verified.status == 0, "\(verified)")
        #expect(try catalog.muster("policy").output.contains("number 1"))
        #expect(try catalog.muster("verify", "--all").status == 0, "nor once the machine trusts the newer one")
    }

    /// Dates are the committer's own: a later policy may say that it is an old one.
    @Test(arguments: ["$(($(date +%s) + 2)) +0000", "1577836800 +0000"])
    func `a machine that knows none is told of an earlier policy whose persons nobody asked`(date: String) throws {
        try catalog.replace(
            "require: [ { group: leads, count: 2 } ]", by: "require: [ { group: on-call } ]", in: "muster.yaml")
        try catalog.replace("on-call: [ada]", by: "on-call: [ada, ben]", in: "muster.yaml")
        let dated = try catalog.program(
            "/bin/sh",
            [
                "-c",
                "cd '\(catalog.folder)' && GIT_COMMITTER_DATE=\"\(date)\" git commit -q -a -m Less",
            ])
        #expect(dated.status == 0, "\(dated)")
        try catalog.git("push", "-q", "origin", "main")
        let begun = try onAnotherMachine { try run(in: catalog.folder, "open") }
        #expect(begun.status == 0, "\(begun)")
        let (shown, verified) = try onAnotherMachine {
            // The one says what it believes, and the other what it would believe.
            let verified = try catalog.muster("verify", "--all")
            return (try catalog.muster("policy"), verified)
        }
        #expect(shown.status == 0 && shown.output.contains("nobody of them consented to this"), "\(shown)")
        #expect(verified.status == 0 && verified.errors.contains("[record.policy-first-use]"), "\(verified)")
    }

    @Test func `a machine that knows none is told that the catalog once had a policy`() throws {
        let eve = try withoutPolicy("eve")
        try git(eve, "push", "-q", "origin", "HEAD:main")
        #expect(try onAnotherMachine { try run(in: eve, "open") }.status == 0)
        try git(eve, "push", "-q", "origin", "refs/heads/muster/*:refs/heads/muster/*")
        let fresh = try clone("auditor")
        try git(fresh, "fetch", "-q", "origin", "refs/heads/muster/*:refs/heads/muster/*")
        let verified = try onAnotherMachine { try catalog.muster("verify", "--all", "-C", fresh) }
        #expect(verified.errors.contains("[record.policy-first-use]"), "\(verified)")
        #expect(verified.errors.contains("has no policy, so the run was held to nothing"), "\(verified)")
    }
}
