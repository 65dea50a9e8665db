// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterModel
import Testing

/// Two reviewers in clones of their own, neither of whom has fetched what the other said.
struct TwoReviewersTests {
    private let drill: LedgerDrill
    private var catalog: Catalog { drill.catalog }

    init() throws {
        drill = try LedgerDrill([.init("one")])
        let catalog = drill.catalog
        try catalog.write("muster.yaml", "catalog: test\nrecords: { remote: origin }\n")
        try catalog.commit("A remote")
        try catalog.git("remote", "add", "origin", "\(catalog.root)/bare")
        #expect(
            try catalog.program("/usr/bin/git", ["init", "-q", "-b", "main", "--bare", "\(catalog.root)/bare"]).status
                == 0)
        #expect(try drill.run().status == 0)
        try catalog.git("push", "-q", "origin", "HEAD:main")
    }

    private func git(_ folder: String, _ words: String...) throws {
        let told = try catalog.program("/usr/bin/git", ["-C", folder] + words)
        #expect(told.status == 0, "\(told)")
    }

    /// A clone with all of the remote's branches, of somebody else.
    private func reviewer(_ name: String) throws -> String {
        let folder = "\(catalog.root)/\(name)"
        #expect(try catalog.program("/usr/bin/git", ["clone", "-q", "\(catalog.root)/bare", folder]).status == 0)
        try git(folder, "fetch", "-q", "origin", "+refs/heads/muster/*:refs/heads/muster/*")
        try git(folder, "config", "user.name", name)
        try git(folder, "config", "user.email", "\(name)@example.org")
        return folder
    }

    private func review(_ folder: String) throws -> CommandResult {
        try catalog.muster("review", drill.runID, "--accept", "--reason", "Read", "-C", folder)
    }

    @Test func `both words are kept, whoever comes second`() throws {
        let (rita, otto) = (try reviewer("rita"), try reviewer("otto"))
        // Otto is on a train: what he says stays in his clone.
        try git(otto, "remote", "set-url", "origin", "\(catalog.root)/nowhere")
        let alone = try review(otto)
        #expect(alone.errors.contains("origin cannot be reached"), "\(alone)")
        #expect(try review(rita).status == 0)
        try git(otto, "remote", "set-url", "origin", "\(catalog.root)/bare")
        let published = try catalog.muster("publish", "-C", otto)
        #expect(published.status == 0, "\(published)")
        let told = try catalog.muster("show", drill.runID, "-C", otto)
        #expect(told.output.contains("rita") && told.output.contains("otto"), "\(told)")
        let proof = try catalog.muster("verify", drill.runID, "-C", otto)
        #expect(proof.status == 0, "\(proof)")
    }

    @Test func `the operator's own clone hears of a review by a fetch, and holds no alarm after publishing`() throws {
        let rita = try reviewer("rita")
        #expect(try review(rita).status == 0)
        try catalog.git("fetch", "-q", "origin")
        #expect(try catalog.muster("list").output.contains("accepted by rita"))
        #expect(try catalog.muster("report", drill.runID, "--format", "md").output.contains("accepted by rita"))
        let published = try catalog.muster("publish")
        #expect(published.status == 0 && published.errors.contains("was reviewed elsewhere"), "\(published)")
        let verified = try catalog.muster("verify", "--all")
        #expect(verified.status == 0 && verified.errors.isEmpty, "\(verified)")
    }

    @Test func `a review that was cut off before the log had it is brought in by publish`() throws {
        let (rita, run) = (try reviewer("rita"), drill.runID)
        #expect(try review(rita).status == 0)
        try git(rita, "update-ref", RecordedRun.branch, "\(RecordedRun.branch)~1")
        catalog.state = "\(catalog.root)/rita-state"
        try git(rita, "remote", "set-url", "origin", "\(catalog.root)/nowhere")
        try git(rita, "update-ref", "-d", "refs/remotes/origin/muster/records")
        let cut = try catalog.muster("verify", run, "-C", rita)
        #expect(cut.status == 6 && cut.errors.contains("muster publish brings it in"), "\(cut)")
        _ = try catalog.muster("publish", "-C", rita)
        #expect(try catalog.muster("verify", run, "-C", rita).status == 0)
    }

    @Test func `an acceptance closes no finding that its author did not know of`() throws {
        let (rita, otto) = (try reviewer("rita"), try reviewer("otto"))
        try git(otto, "remote", "set-url", "origin", "\(catalog.root)/nowhere")
        let findings = "\(catalog.root)/findings.yaml"
        let text =
            "findings:\n  - { id: F-1, severity: high, text: Nobody was told, owner: Otto, due: \"2999-12-31\" }\n"
        #expect(FileManager.default.createFile(atPath: findings, contents: Data(text.utf8)))
        _ = try catalog.muster("review", drill.runID, "--findings", findings, "-C", otto)
        #expect(try review(rita).status == 0)
        try git(otto, "remote", "set-url", "origin", "\(catalog.root)/bare")
        #expect(try catalog.muster("publish", "-C", otto).status == 0)
        let list = try catalog.muster("list", "-C", otto)
        #expect(list.output.contains("1 open finding"), "\(list)")
    }
}
