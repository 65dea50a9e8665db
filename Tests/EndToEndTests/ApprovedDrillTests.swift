// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterModel
import Testing

/// A drill on the simulated cloud under a strict policy, the whole way: plan, two approvals by two keys, a gate, the run, the
/// proof; and what has become of an approval that was altered.
struct ApprovedDrillTests {
    private struct Strict {
        let lab: Lab
        let eyes: FourEyes
        let inputs: String
        var catalog: Catalog { lab.catalog }

        init() throws {
            lab = try Lab(KeySwap.runbook)
            let catalog = lab.catalog
            try catalog.write("runbooks/\(KeySwap.runbook).yaml", try KeySwap.withoutFailover(catalog))
            try catalog.replace(
                "  - id: set-primary-protector\n", by: "  - id: set-primary-protector\n    approval: security\n",
                in: "runbooks/\(KeySwap.runbook).yaml")
            eyes = try FourEyes(catalog, policy: "records: { sign: true }\n" + FourEyes.policy)
            try catalog.lock(KeySwap.runbook)
            inputs = try KeySwap.inputs(catalog)
        }

        func plan() throws {
            try eyes.plan([KeySwap.runbook, "-e", "lab", "--inputs", inputs, "--change", "CHG0012345"])
        }

        func run(_ more: String...) throws -> CommandResult {
            try catalog.muster(["run", eyes.planFile, "--yes", "--key", eyes.key("ada")] + more)
        }
    }

    @Test func `a strict drill goes the whole way, and stock tools check what was agreed`() throws {
        let it = try Strict()
        try it.plan()
        #expect(try it.run().errors.contains("[approval.missing]"))
        for person in ["anu", "ben"] { #expect(try it.eyes.approve(person).status == 0) }
        let rest = try it.run()
        #expect(rest.status == 4 && rest.output.contains("set-primary-protector.approval"), "\(rest)")
        let run = try #require(it.catalog.runFolders.first)
        #expect(try it.eyes.approveGate("cy", run, "set-primary-protector").status == 0)
        let end = try it.catalog.muster(["resume", run, "--key", it.eyes.key("ada")])
        #expect(end.status == 0, "\(end)")
        let record = try it.catalog.onlyRun
        let digest = try #require(try record.record["plan"]?.string)
        for approval in try record.record["approvals"]?.array ?? [] {
            let (file, person) = (approval["file"]?.string ?? "", approval["approver"]?.string ?? "")
            let (text, signature) = (try record.file(file), try record.file(file + ".sig"))
            #expect(try it.eyes.verifies(text, signature: signature, of: person))
            #expect(text.contains("CHG0012345") && text.contains(digest))
        }
        let verified = try it.catalog.muster("verify", run)
        #expect(verified.status == 0, "\(verified)")
        try review(it, run)
        try audit(it, run)
    }

    /// Whoever carried it out cannot sign it off; somebody else can, with a key of their own.
    private func review(_ it: Strict, _ run: String) throws {
        let own = try it.catalog.muster("review", run, "--accept", "--key", it.eyes.key("ada"))
        #expect(own.status == 3 && own.errors.contains("[review.own-run]"), "\(own)")
        try it.catalog.git("config", "user.name", "Cy Reviewer")
        try it.catalog.git("config", "user.email", "cy@example.org")
        let unsigned = try it.catalog.muster("review", run, "--accept")
        #expect(unsigned.status == 3 && unsigned.errors.contains("[record.no-key]"), "\(unsigned)")
        let accepted = try it.catalog.muster("review", run, "--accept", "--key", it.eyes.key("cy"))
        #expect(accepted.status == 0 && accepted.output.contains(", signed"), "\(accepted)")
        #expect(try it.catalog.muster("list").output.contains("accepted"))
        #expect(try it.catalog.muster("verify", "--all").status == 0)
        let report = try it.catalog.muster("report", run, "--format", "md")
        #expect(report.status == 0 && report.output.contains("2 of leads"), "\(report)")
    }

    /// With git, ssh-keygen, sha256sum and the script alone, as the auditor's guide goes.
    private func audit(_ it: Strict, _ run: String) throws {
        let (folder, signers) = ("\(it.catalog.root)/audit", "\(it.catalog.folder)/policy/allowed-signers")
        let lines = [
            "git clone -q '\(it.catalog.folder)' '\(folder)' && cd '\(folder)'",
            "git fetch -q origin 'refs/heads/muster/*:refs/heads/muster/*'", "git config gpg.format ssh",
            "git config gpg.ssh.allowedSignersFile '\(signers)'",
            "for c in $(git rev-list muster/runs/\(run) muster/records); do git verify-commit $c; done",
            "mkdir record && git archive muster/runs/\(run) | tar -x -C record && cd record",
            "sha256sum -c --quiet SHA256SUMS",
            "ssh-keygen -Y verify -f '\(signers)' -I ada -n muster-record@v1 -s SHA256SUMS.sig < SHA256SUMS",
            "python3 '\(projectFolder)/docs/verify/verify-record.py' --sealed --signers '\(signers)' .",
        ]
        let done = try it.catalog.program("/bin/sh", ["-e", "-c", lines.joined(separator: "\n")])
        #expect(done.status == 0 && done.output.contains(".: verified (operated by ada; approved by "), "\(done)")
    }

    @Test func `a plan that was altered after it was approved is never run`() throws {
        let it = try Strict()
        try it.plan()
        for person in ["anu", "ben"] { #expect(try it.eyes.approve(person).status == 0) }
        let approved = try String(contentsOfFile: it.eyes.planFile, encoding: .utf8)
        for (words, others) in [
            ("\"change\":\"CHG0012345\"", "\"change\":\"CHG0012346\""), ("\"kind\":\"drill\"", "\"kind\":\"change\""),
            ("tdeprimarytest", "tdeprimarytesu"), ("\"attempts\":1", "\"attempts\":2"),
            ("\"onFailure\":\"stop\"", "\"onFailure\":\"continue\""), ("{", "{ "),
        ] {
            let altered = approved.replacing(words, with: others)
            #expect(altered != approved, "the plan says \(words)")
            try altered.write(toFile: it.eyes.planFile, atomically: false, encoding: .utf8)
            let result = try it.run()
            #expect([2, 3, 4].contains(result.status) && it.catalog.runFolders.isEmpty, "\(words): \(result)")
        }
        try approved.write(toFile: it.eyes.planFile, atomically: false, encoding: .utf8)
        #expect(try it.run().status == 4, "as it was approved it runs up to its gate")
    }
}
