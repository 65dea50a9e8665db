// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterModel
import Testing

/// A catalog that wants its records signed: stock tools and an independent program agree with Muster about them.
struct SealedRecordTests {
    static let policy = """
        records: { sign: true }
        persons:
          ada: { emails: [ada@example.org] }
          anu: { emails: [anu@example.org] }
          ben: { emails: [ben@example.org] }
          cy: { emails: [cy@example.org] }
        groups: { leads: [anu, ben] }
        policy-change: { group: leads, count: 2 }

        """

    private let drill: LedgerDrill
    private let eyes: FourEyes
    private var catalog: Catalog { drill.catalog }

    init() throws {
        drill = try LedgerDrill([.init("one"), .init("two", "failsIn: apply")])
        eyes = try FourEyes(drill.catalog, policy: Self.policy)
    }

    /// A run that waits at its second step, is decided about and goes on, signed by Ada all the way.
    private func sealedRun() throws -> String {
        catalog.variables["MUSTER_KEY"] = eyes.key("ada")
        #expect(try drill.run().status == 4)
        #expect(try drill.decide("two", "skip").status == 0)
        let end = try drill.resume()
        #expect(end.status == 0, "\(end)")
        return drill.runID
    }

    private func shell(_ line: String) throws -> CommandResult { try catalog.program("/bin/sh", ["-c", line]) }

    /// The record as an auditor lays it down.
    private func export(_ run: String) throws -> String {
        let folder = "\(catalog.root)/audit-\(UUID().uuidString)"
        let branch = "refs/heads/muster/runs/\(run)"
        let done = try shell(
            "mkdir '\(folder)' && git -C '\(catalog.folder)' archive \(branch) | tar -x -C '\(folder)'")
        #expect(done.status == 0, "\(done)")
        return folder
    }

    private func independent(_ folder: String) throws -> CommandResult {
        let script = "\(projectFolder)/docs/verify/verify-record.py"
        return try catalog.program(
            "/usr/bin/python3", [script, "--signers", "\(catalog.folder)/policy/allowed-signers", folder])
    }

    @Test func `commits and record are signed, and git, sha256sum, ssh-keygen and another program agree`() throws {
        let run = try sealedRun()
        let verified = try drill.verify()
        #expect(verified.status == 0 && verified.errors.isEmpty, "\(verified)")
        try catalog.git("config", "gpg.format", "ssh")
        try catalog.git("config", "gpg.ssh.allowedSignersFile", "\(catalog.folder)/policy/allowed-signers")
        let branches = ["refs/heads/muster/runs/\(run)", RecordedRun.branch]
        for commit in try catalog.tryGit(["rev-list"] + branches).output.split(separator: "\n") {
            let checked = try catalog.tryGit(["verify-commit", "-v", String(commit)])
            #expect(checked.status == 0 && checked.everything.contains("Good \"git\" signature for ada"), "\(checked)")
        }
        #expect(try catalog.tryGit(["fsck", "--full", "--strict"]).status == 0)
        let folder = try export(run)
        #expect(try shell("cd '\(folder)' && sha256sum -c --quiet SHA256SUMS").status == 0)
        let signers = "\(catalog.folder)/policy/allowed-signers"
        let line = "ssh-keygen -Y verify -f '\(signers)' -I ada -n muster-record@v1 -s '\(folder)/SHA256SUMS.sig'"
        #expect(try shell("\(line) < '\(folder)/SHA256SUMS'").status == 0)
        let other = try independent(folder)
        #expect(other.status == 0 && other.output.contains(": verified ("), "\(other)")
    }

    @Test func `without a key nothing begins and nothing is recorded, and a later word records it`() throws {
        let refused = try drill.run()
        #expect(refused.status == 3 && refused.errors.contains("[record.no-key]"), "\(refused)")
        #expect(try drill.effects().isEmpty && catalog.runFolders.isEmpty)
        catalog.variables["MUSTER_KEY"] = eyes.key("ada")
        #expect(try drill.run().status == 4)
        catalog.variables["MUSTER_KEY"] = nil
        let decided = try drill.decide("two", "skip")
        #expect(decided.status == 1 && decided.errors.contains("[record.no-key]"), "\(decided)")
        let resumed = try drill.resume("--key", eyes.key("ada"))
        #expect(resumed.status == 0, "\(resumed)")
        #expect(try drill.verify().status == 0)
    }

    @Test func `a key that nobody knows signs nothing, and changes nothing, whatever the command`() throws {
        try eyes.makeKey("mallory")
        let mallory = ["--key", eyes.key("mallory")]
        let plugins = ["--plugins", catalog.plugins]
        let refusedRun = try catalog.muster(drill.arguments + ["--yes"] + mallory)
        #expect(refusedRun.status == 3 && refusedRun.errors.contains("[approval.unknown-key]"), "\(refusedRun)")
        #expect(try drill.effects().isEmpty && catalog.runFolders.isEmpty)
        let rest = try drill.run("--key", eyes.key("ada"))
        #expect(rest.status == 4 && rest.output.contains("resume \(drill.runID) --key FILE"), "\(rest)")
        let before = (try drill.journalLines(of: drill.runID), try catalog.refs)
        for words in [
            ["rollback", "last", "--reason", "Back", "--yes"] + plugins, ["resume", "last"] + plugins,
            ["cancel", "last", "--reason", "Enough"] + plugins, ["decide", "last", "two", "skip", "--reason", "Seen"],
        ] {
            let refused = try catalog.muster(words + mallory)
            #expect(refused.status == 3 && refused.errors.contains("[approval.unknown-key]"), "\(refused)")
        }
        catalog.variables["MUSTER_KEY"] = eyes.key("mallory")
        #expect(try catalog.muster("publish").errors.contains("[approval.unknown-key]"))
        catalog.variables["MUSTER_KEY"] = nil
        #expect(try drill.journalLines(of: drill.runID) == before.0 && catalog.refs == before.1)
        #expect(try drill.effects() == ["apply one": 1])
        let ada = ["--key", eyes.key("ada")]
        let decided = try catalog.muster(["decide", "last", "two", "abandon", "--reason", "Seen"] + ada)
        #expect(decided.status == 0, "\(decided)")
        #expect(try drill.rollBack("--key", eyes.key("ada")).status == 0)
        #expect(try drill.verify().status == 0)
    }

    @Test func `a record that was written anew, its chain and its sums with it, lacks the signature`() throws {
        let run = try sealedRun()
        let folder = try export(run)
        try rewrite(folder)
        let other = try independent(folder)
        #expect(
            other.status == 6 && other.output.contains("SHA256SUMS: the signature of ada does not hold"), "\(other)")
        try commit(folder, as: run)
        let verified = try drill.verify()
        #expect(verified.status == 6 && verified.errors.contains("[record.seal-broken]"), "\(verified)")
        // Without the seal it is found as well.
        for name in ["SHA256SUMS", "SHA256SUMS.sig"] { try FileManager.default.removeItem(atPath: "\(folder)/\(name)") }
        try commit(folder, as: run)
        #expect(try drill.verify().errors.contains("[record.not-sealed]"))
    }

    @Test func `a record that another person sealed, with commits of nobody, is not the operator's`() throws {
        let run = try sealedRun()
        let folder = try export(run)
        let sign = "ssh-keygen -q -Y sign -f '\(eyes.key("anu"))' -n muster-record@v1 SHA256SUMS"
        #expect(try shell("cd '\(folder)' && rm SHA256SUMS.sig && \(sign)").status == 0)
        try commit(folder, as: run)
        let verified = try drill.verify()
        #expect(verified.status == 6 && verified.errors.contains("[record.seal-of-other]"), "\(verified)")
        #expect(verified.errors.contains("signed by anu; it was carried out by ada"), "\(verified)")
        #expect(verified.errors.contains("[record.commit-not-signed]"), "\(verified)")
    }

    @Test func `the seal over a run of somebody who is no person of the catalog is taken, and told of`() throws {
        try catalog.git("config", "user.email", "drills@example.org")
        _ = try sealedRun()
        let verified = try drill.verify()
        #expect(verified.status == 0 && verified.errors.contains("[record.seal-untied]"), "\(verified)")
        #expect(
            verified.errors.contains("signed by ada, and whoever ran it is no person of the catalog"), "\(verified)")
    }

    @Test func `publish does not seal another person's run as one's own`() throws {
        let run = try sealedRun()
        for ref in [RecordedRun.branch, "refs/heads/muster/runs/\(run)"] { try catalog.git("update-ref", "-d", ref) }
        let other = "\(catalog.root)/other"
        #expect(try shell("mkdir '\(other)' && cp -r '\(catalog.state)/runs' '\(other)'").status == 0)
        catalog.state = other
        catalog.variables["MUSTER_KEY"] = eyes.key("anu")
        let refused = try catalog.muster("publish")
        #expect(refused.status == 1 && refused.errors.contains("[record.other-operator]"), "\(refused)")
        catalog.variables["MUSTER_KEY"] = eyes.key("ada")
        #expect(try catalog.muster("publish").status == 0)
        #expect(try drill.verify().status == 0)
    }

    @Test func `a log that was rewritten is missed by a machine that saw it`() throws {
        let run = try sealedRun()
        #expect(try drill.verify().status == 0)
        let before = try catalog.git("rev-parse", "\(RecordedRun.branch)~1")
        try catalog.git("update-ref", RecordedRun.branch, before.trimmingCharacters(in: .whitespacesAndNewlines))
        let verified = try catalog.muster("verify", run)
        #expect(verified.status == 6 && verified.errors.contains("[record.log-rewound]"), "\(verified)")
        // Whoever sees it for the first time cannot know.
        catalog.state = "\(catalog.root)/auditor"
        #expect(!(try catalog.muster("verify", "--all").errors.contains("[record.log-rewound]")))
    }

    /// Makes another story of the run, as somebody would who has all of Muster and not the key.
    private func rewrite(_ folder: String) throws {
        func text(_ name: String) throws -> String { try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8) }
        var previous = String(repeating: "0", count: 64)
        let lines = try text("journal.jsonl").split(separator: "\n").map { line -> String in
            guard case .object(var entry) = try JSON.parse(String(line)) else { return String(line) }
            entry["prev"] = .string(previous)
            if entry["kind"] == "step-decided" { entry["reason"] = "It was agreed" }
            let text = JSON.object(entry).canonicalText
            previous = Digest(of: text.utf8).hex
            return text
        }
        let last = try #require(try JSON.parse(try text("record.json"))["journal"]?["lastLine"]?.string)
        try (lines.joined(separator: "\n") + "\n").write(
            toFile: "\(folder)/journal.jsonl", atomically: false, encoding: .utf8)
        for name in ["record.json", "README.md"] {
            try text(name).replacing("seen", with: "It was agreed").replacing(last, with: previous).write(
                toFile: "\(folder)/\(name)", atomically: false, encoding: .utf8)
        }
        let sums = "cd '\(folder)' && sha256sum $(cut -c67- SHA256SUMS) > sums && mv sums SHA256SUMS"
        #expect(try shell(sums).status == 0)
    }

    /// Puts the folder in the place of the run's record, on its branch and in the log.
    private func commit(_ folder: String, as run: String) throws {
        let git = "git -C '\(catalog.folder)' --work-tree='\(folder)'"
        let branch = "refs/heads/muster/runs/\(run)"
        let path = try catalog.record(of: run).path
        let line = """
            export GIT_INDEX_FILE='\(folder).index'; rm -f "$GIT_INDEX_FILE"; \(git) add -A . && tree=$(\(git) write-tree) \
            && git -C '\(catalog.folder)' update-ref \(branch) $(\(git) commit-tree -m forged $tree) \
            && \(git) read-tree \(RecordedRun.branch) && \(git) rm -q -r --cached '\(path)' \
            && \(git) read-tree --prefix='\(path)' $tree \
            && git -C '\(catalog.folder)' update-ref \(RecordedRun.branch) $(\(git) commit-tree -m forged $(\(git) write-tree))
            """
        let done = try shell(line)
        #expect(done.status == 0, "\(done)")
    }
}
