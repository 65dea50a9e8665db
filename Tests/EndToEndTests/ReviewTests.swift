// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterModel
import Testing

/// What somebody who did not carry a run out says of it.
struct ReviewTests {
    /// A run that is over, and a catalog in which Rita works now.
    private func reviewed() throws -> Catalog {
        let catalog = try Catalog(
            .noop(runbook: WholeRunTests.runbook("steps:\n  - { id: one, uses: noop/nothing@1.0.0 }")))
        let result = try catalog.drill()
        #expect(result.status == 0, "\(result)")
        try become("Rita Reviewer", "rita@example.org", in: catalog)
        return catalog
    }

    private func become(_ name: String, _ email: String, in catalog: Catalog) throws {
        try catalog.git("config", "--global", "user.name", name)
        try catalog.git("config", "--global", "user.email", email)
    }

    private static let document = """
        summary: Read with the team
        findings:
          - id: F-1
            severity: high
            text: Nobody was told that the window was extended
            owner: Otto
            due: "2020-01-31"
          - id: F-2
            severity: low
            text: The log level is too low
            owner: Otto
            due: "2999-12-31"

        """

    @Test func `whoever carried a run out does not review it`() throws {
        let catalog = try reviewed()
        try become("Ada by another name", "ADA@example.org", in: catalog)
        let before = try catalog.refs
        let result = try catalog.muster("review", "last", "--accept")
        #expect(result.status == 3 && result.errors.contains("[review.own-run]"), "\(result)")
        #expect(try catalog.refs == before)
    }

    @Test func `a review is added beside the record, and nothing of the record is changed`() throws {
        let catalog = try reviewed()
        let run = try catalog.onlyRun
        let before = try catalog.git("ls-tree", "-r", "\(RecordedRun.branch):\(run.path)")
        let result = try catalog.muster("review", "last", "--accept", "--reason", "As it should be")
        #expect(result.status == 0 && result.output.contains("accepted by Rita Reviewer"), "\(result)")
        let after = try catalog.git("ls-tree", "-r", "\(RecordedRun.branch):\(run.path)")
        let added = after.split(separator: "\n").filter { !before.contains($0) }
        #expect(added.count == 1 && added[0].hasSuffix("reviews/0001-rita-reviewer/review.json"))
        #expect(before.split(separator: "\n").allSatisfy { after.contains($0) })
        #expect(try run.json("reviews/0001-rita-reviewer/review.json")["verdict"] == "accepted")
        let verified = try catalog.muster("verify", "last")
        #expect(verified.status == 0, "\(verified)")
        #expect(try catalog.muster("list").output.contains("accepted by Rita Reviewer"))
        let trailers = try catalog.git("log", "-1", "--format=%(trailers:key=Verdict,valueonly)", "muster/records")
        #expect(trailers.contains("accepted"))
    }

    @Test func `findings are shown with their owners until they are closed, and what is overdue is marked`() throws {
        let catalog = try reviewed()
        try catalog.write("../findings.yaml", Self.document)
        let first = try catalog.muster("review", "last", "--findings", "\(catalog.root)/findings.yaml")
        #expect(first.status == 0 && first.output.contains("2 open findings, 1 overdue"), "\(first)")
        #expect(try catalog.onlyRun.file("reviews/0001-rita-reviewer/findings.yaml") == Self.document)
        #expect(try catalog.muster("list").output.contains("2 open findings, 1 overdue"))
        let page = try catalog.muster("show", "last").output
        #expect(
            page.contains(
                "| `F-1` | high | Nobody was told that the window was extended | Otto | 2020-01-31 | **overdue** |"))
        try catalog.write(
            "../closed.yaml",
            "findings:\n  - { id: F-1, severity: high, text: Told, owner: Otto, due: \"2020-01-31\", state: closed }\n")
        let second = try catalog.muster("review", "last", "--findings", "\(catalog.root)/closed.yaml")
        #expect(second.output.contains("1 open finding"), "\(second)")
        let third = try catalog.muster("review", "last", "--accept", "--json")
        #expect(try third.json["review"]?["number"] == 3)
        #expect(try third.json["review"]?["previous"]?.string?.hasPrefix("sha256:") == true)
        let list = try catalog.muster("list").output
        #expect(list.contains("accepted by Rita Reviewer, 2 findings closed"), "\(list)")
        #expect(try catalog.muster("verify", "last").status == 0)
    }

    @Test func `a document of findings that is wrong is refused with its places`() throws {
        let catalog = try reviewed()
        try catalog.write(
            "../findings.yaml",
            "findings:\n  - { id: F-1, severity: grave, text: x, owner: Otto, due: \"2026-02-30\" }\nmore: 1\n")
        let before = try catalog.refs
        let result = try catalog.muster("review", "last", "--findings", "\(catalog.root)/findings.yaml")
        #expect(result.status == 2, "\(result)")
        for place in [":2:26:", ":2:60:", ":3:1:"] { #expect(result.errors.contains(place), "\(place) of \(result)") }
        #expect(try catalog.refs == before)
    }

    @Test func `a review is signed with the reviewer's key, and OpenSSH's own program agrees`() throws {
        let catalog = try reviewed()
        let key = "\(catalog.root)/key"
        let made = try catalog.program("/usr/bin/ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key])
        #expect(made.status == 0, "\(made)")
        let result = try catalog.muster("review", "last", "--accept", "--key", key)
        #expect(result.output.contains(", signed"), "\(result)")
        let run = try catalog.onlyRun
        let folder = "reviews/0001-rita-reviewer"
        for name in ["review.json", "review.json.sig"] {
            try catalog.write("../\(name)", try run.file("\(folder)/\(name)"))
        }
        let check =
            "-Y check-novalidate -n muster-review -s \(catalog.root)/review.json.sig < \(catalog.root)/review.json"
        let checked = try catalog.program("/bin/sh", ["-c", "/usr/bin/ssh-keygen \(check)"])
        #expect(checked.status == 0, "\(checked)")
        #expect(try catalog.muster("verify", "last").status == 0)
    }

    @Test func `git's own signing key signs where none is named`() throws {
        let catalog = try reviewed()
        let key = "\(catalog.root)/key"
        _ = try catalog.program("/usr/bin/ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key])
        try catalog.git("config", "--global", "user.signingkey", key)
        #expect(try catalog.muster("review", "last", "--accept").output.contains(", signed"))
    }

    @Test func `a run that is not over, or whose record does not prove itself, is not signed off`() throws {
        let catalog = try reviewed()
        let run = try catalog.onlyRun
        try forge(catalog, run) { _ in ("\(run.path)README.md", "Nothing happened.\n") }
        let before = try catalog.refs
        let refused = try catalog.muster("review", "last", "--accept")
        #expect(try catalog.refs == before)
        #expect(refused.status == 6 && refused.errors.contains("[review.unproven]"), "\(refused)")
    }

    /// By the operator, or by the reviewer herself, who reviewed what others did.
    @Test(arguments: ["ada@example.org", "rita@example.org"])
    func `a run that is rolled back after its review keeps it, and needs another`(back: String) throws {
        let drill = try LedgerDrill([.init("one"), .init("two")])
        #expect(try drill.run().status == 0)
        try become("Rita Reviewer", "rita@example.org", in: drill.catalog)
        #expect(try drill.catalog.muster("review", "last", "--accept").status == 0)
        #expect(try drill.catalog.muster("show", "last", "--json").json["standing"]?["isAccepted"] == true)
        try become("Somebody", back, in: drill.catalog)
        let told = try drill.rollBack()
        #expect(told.everything.contains("rolled"), "\(told)")
        let run = try drill.catalog.onlyRun
        #expect(try run.outcome == "rolled-back")
        #expect(try run.json("reviews/0001-rita-reviewer/review.json")["verdict"] == "accepted")
        let verified = try drill.verify()
        #expect(verified.status == 0, "\(verified)")
        for words in [["list"], ["show", "last"], ["report", "last", "--format", "html"]] {
            let page = try drill.catalog.muster(words)
            let wanted = "accepted by Rita Reviewer before it was rolled back, needs a review"
            #expect(page.output.contains(wanted), "\(page)")
        }
        #expect(try drill.catalog.muster("list", "--json").json.array?[0]["standing"]?["isAccepted"] == false)
        try become("Sven Second", "sven@example.org", in: drill.catalog)
        #expect(try drill.catalog.muster("review", "last", "--accept").output.contains("accepted by Sven Second\n"))
    }

    @Test func `reviews of two clones meet on the remote`() throws {
        let catalog = try reviewed()
        let remote = "\(catalog.root)/remote.git"
        try catalog.git("init", "-q", "--bare", remote)
        try catalog.git("remote", "add", "origin", remote)
        try catalog.write("muster.yaml", "catalog: test\nrecords: { remote: origin }\n")
        try catalog.commit("A remote")
        #expect(try catalog.muster("publish").status == 0)
        let other = try Catalog(copyOf: catalog)
        try become("Sven Second", "sven@example.org", in: other)
        let first = try catalog.muster("review", "last", "--accept")
        #expect(first.status == 0 && first.output.contains("is on origin"), "\(first)")
        let second = try other.muster("review", "last", "--accept")
        #expect(second.status == 0 && second.output.contains("review 2"), "\(second)")
        let files = try catalog.program(
            "/usr/bin/git", ["-C", remote, "ls-tree", "-r", "--name-only", "muster/records"]
        ).output
        #expect(
            files.contains("reviews/0001-rita-reviewer/") && files.contains("reviews/0002-sven-second/"), "\(files)")
        #expect(try other.muster("verify", "last").status == 0)
        let fetched = try catalog.muster("review", "last", "--accept", "--reason", "Once more")
        #expect(fetched.output.contains("review 3"), "\(fetched)")
    }

    @Test func `a secret in what a reviewer says stays out of git`() throws {
        let catalog = try reviewed()
        let before = try catalog.refs
        let key = "-----BEGIN " + "PRIVATE KEY-----"
        let result = try catalog.muster("review", "last", "--accept", "--reason", "It printed \(key) MIIEvQ")
        #expect(result.status == 6 && result.errors.contains("[review.leak]"), "\(result)")
        #expect(try catalog.refs == before)
    }

    /// What is done to a review that stands in the log and on the run's branch, and what verify says of it.
    static let forgeries: [(what: String, code: String, edit: @Sendable (String) -> String)] = [
        ("another verdict", "review.unreadable", { $0.replacingOccurrences(of: "\"accepted\"", with: "\"fine\"") }),
        ("another reviewer", "review.own-run", { $0.replacingOccurrences(of: "rita@", with: "ada@") }),
        (
            "another number", "review.out-of-order",
            { $0.replacingOccurrences(of: "\"number\": 1", with: "\"number\": 2") }
        ),
        ("another reason", "record.review-altered", { $0.replacingOccurrences(of: "As it should be", with: "No") }),
        (
            "another line", "review.other-journal",
            { $0.replacingOccurrences(of: "\"entries\": ", with: "\"entries\": 1") }
        ),
        ("no JSON", "review.unreadable", { _ in "{" }),
    ]

    @Test(arguments: forgeries.indices) func `a review that was altered is found`(index: Int) throws {
        let (what, code, edit) = Self.forgeries[index]
        let catalog = try reviewed()
        _ = try catalog.muster("review", "last", "--accept", "--reason", "As it should be")
        let run = try catalog.onlyRun
        try forge(catalog, run) { run in
            let path = "reviews/0001-rita-reviewer/review.json"
            let text = try run.file(path)
            #expect(edit(text) != text)
            return ("\(run.path)\(path)", edit(text))
        }
        let result = try catalog.muster("verify", "last")
        #expect(result.status == 6 && result.everything.contains("[\(code)]"), "\(what): \(result)")
    }

    /// Writes a file into the log and onto the run's branch by stock git, as somebody would who may push.
    private func forge(
        _ catalog: Catalog, _ run: RecordedRun, _ edit: (RecordedRun) throws -> (path: String, text: String)
    ) throws {
        let (path, text) = try edit(run)
        try catalog.write("../forged", text)
        let blob = try catalog.git("hash-object", "-w", "\(catalog.root)/forged").filter { $0 != "\n" }
        for (ref, place) in [
            ("refs/heads/muster/records", path),
            ("refs/heads/muster/runs/\(run.run)", String(path.dropFirst(run.path.count))),
        ] {
            let script = """
                export GIT_INDEX_FILE=\(catalog.root)/index && rm -f $GIT_INDEX_FILE && git read-tree \(ref) \
                && git update-index --cacheinfo 100644,\(blob),\(place) && tree=$(git write-tree) \
                && commit=$(git commit-tree -p \(ref) -m Forged $tree) && git update-ref \(ref) $commit
                """
            let result = try catalog.program("/bin/sh", ["-c", "cd \(catalog.folder) && \(script)"])
            #expect(result.status == 0, "\(result)")
        }
    }
}
