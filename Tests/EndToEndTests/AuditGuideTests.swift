// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterModel
import Testing

/// The auditor's guide is followed, command by command, in a clone of a catalog whose people changed since the run.
struct AuditGuideTests {
    private let drill: LedgerDrill
    private let eyes: FourEyes
    private let run: String
    private var catalog: Catalog { drill.catalog }
    private var bare: String { "\(catalog.root)/bare" }

    init() throws {
        drill = try LedgerDrill([.init("one")])
        eyes = try FourEyes(drill.catalog, policy: "records: { sign: true }\n" + FourEyes.policy)
        let catalog = drill.catalog
        try eyes.plan(["drill", "-e", "lab", "--plugins", catalog.plugins, "--input", "ledger=\(drill.ledger)"])
        for person in ["anu", "ben"] { #expect(try eyes.approve(person).status == 0) }
        let done = try catalog.muster(
            "run", eyes.planFile, "--plugins", catalog.plugins, "--yes", "--key", eyes.key("ada"))
        #expect(done.status == 0, "\(done)")
        run = drill.runID
    }

    private func review() throws {
        try catalog.git("config", "--global", "user.email", "cy@example.org")
        try catalog.git("config", "--global", "user.name", "Cy Security")
        let review = try catalog.muster("review", "last", "--accept", "--reason", "Seen", "--key", eyes.key("cy"))
        #expect(review.status == 0, "\(review)")
    }

    /// Ada leaves, by consent of the others.
    private func letAdaGo() throws {
        let signers = try catalog.read("policy/allowed-signers")
        try catalog.write("policy/allowed-signers", signers.replacing(try eyes.signerLine("ada"), with: ""))
        for person in ["anu", "ben"] {
            #expect(try catalog.muster("policy", "consent", "--key", eyes.key(person), "--yes").status == 0)
        }
        try catalog.commit("Ada left")
    }

    /// All commands of the guide in one shell, with the places and names of this test.
    private func follow() throws -> CommandResult {
        let guide = try String(contentsOfFile: "\(projectFolder)/docs/guides/audit-a-record.md", encoding: .utf8)
        let blocks = guide.components(separatedBy: "```sh\n").dropFirst().compactMap {
            $0.components(separatedBy: "```\n").first
        }
        #expect(blocks.count > 6)
        let script = blocks.joined(separator: "\n").replacing("/tmp/", with: "\(catalog.root)/audit/")
            .replacing("URL", with: "'\(bare)'").replacing(/RUN=2026\S+/, with: "RUN=\(run)")
            .replacing("PERSON -n muster-record", with: "ada -n muster-record")
            .replacing("PERSON -n muster-review", with: "cy -n muster-review")
            .replacing("MUSTER/docs", with: "'\(projectFolder)'/docs")
        #expect(!script.contains("PERSON"))
        let made = try catalog.program(
            "/bin/sh",
            ["-c", "rm -rf '\(bare)' '\(catalog.root)/audit' && mkdir '\(catalog.root)/audit'"])
        #expect(made.status == 0, "\(made)")
        try catalog.git("clone", "-q", "--bare", catalog.folder, bare)
        return try catalog.program("/bin/bash", ["-c", "cd '\(catalog.root)/audit'\n" + script + "\ntrue"])
    }

    private func git(_ line: String) throws {
        let done = try catalog.program("/bin/sh", ["-c", "cd '\(catalog.folder)' && \(line)"])
        #expect(done.status == 0, "\(done)")
    }

    @Test func `every command finds a good record good, also where people left since`() throws {
        try review()
        try letAdaGo()
        let told = try follow()
        for alarm in ["NOT SIGNED", "NOBODY", "NO FILE", "FAILED", "fatal", "rror", "Could not"] {
            #expect(!told.everything.contains(alarm), "\(alarm): \(told)")
        }
        for words in [
            "Good \"git\" signature for ada", "Good \"muster-record@v1\" signature for ada", "plan.json: OK",
            "Good \"muster-approval@v1\" signature for ben", "Good \"muster-review\" signature for cy", ": verified (",
        ] {
            #expect(told.output.contains(words), "\(words): \(told)")
        }
        // The digest that people compare is the one that Muster shows.
        let policy = try JSON.parse(
            try catalog.record(of: run).file("journal.jsonl").split(separator: "\n").first {
                $0.contains("policy-applied")
            }.map(String.init) ?? "{}")
        let digest = try #require(policy["policy"]?.string?.dropFirst("sha256:".count))
        #expect(told.output.contains("\(digest)  -"), "\(told)")
    }

    @Test func `a record without reviews is gone through, and a commit of nobody is told from an unsigned one`() throws
    {
        let told = try follow()
        #expect(told.output.contains(": verified (") && !told.everything.contains("Traceback"), "\(told)")
        try eyes.makeKey("eve")
        let tip = "refs/heads/muster/runs/\(run)"
        let signing = "-c gpg.format=ssh -c user.signingkey='\(eyes.key("eve"))' commit-tree -S"
        for (how, words) in [(signing, "SIGNED BY NOBODY OF THE LIST"), ("commit-tree", "NOT SIGNED")] {
            try git("git update-ref \(tip) $(git \(how) -m more -p \(tip) \(tip)^{tree})")
            let told = try follow()
            #expect(told.output.contains(words), "\(words): \(told)")
        }
    }

    @Test func `no attributes hide a file, and neither Muster nor the script takes them`() throws {
        let tip = "refs/heads/muster/runs/\(run)"
        try git(
            """
            export GIT_INDEX_FILE='\(catalog.root)/index' && git read-tree \(tip) \
            && a=$(printf '.gitattributes export-ignore\\nHIDDEN.md export-ignore\\n' | git hash-object -w --stdin) \
            && git update-index --add --cacheinfo 100644,$a,.gitattributes --add --cacheinfo 100644,$a,HIDDEN.md \
            && git update-ref \(tip) $(git commit-tree -m hidden -p \(tip) $(git write-tree))
            """)
        let told = try follow()
        #expect(told.output.contains("HIDDEN.md is no file of this record"), "\(told)")
        #expect(told.output.contains(".gitattributes is no file of this record"), "\(told)")
        try git("git update-ref \(RecordedRun.branch) \(tip) && git update-ref -d \(RecordedRun.branch)")
        let own = try catalog.muster("verify", run)
        #expect(own.status == 6 && own.errors.contains("[record.unknown-file]"), "\(own)")
        #expect(own.errors.contains(".gitattributes"), "\(own)")
    }
}
