// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterModel
import Testing

/// An approved, sealed and reviewed run, altered by somebody who knows all formats: Muster and the script of `docs/verify` find it.
struct AuditScriptTests {
    private let drill: LedgerDrill
    private let eyes: FourEyes
    private let folder: String
    private var catalog: Catalog { drill.catalog }

    init() throws {
        drill = try LedgerDrill([.init("one")])
        eyes = try FourEyes(drill.catalog, policy: "records: { sign: true }\n" + FourEyes.policy)
        folder = "\(drill.catalog.root)/audit"
        try eyes.plan(["drill", "-e", "lab", "--plugins", catalog.plugins, "--input", "ledger=\(drill.ledger)"])
        for person in ["anu", "ben"] { #expect(try eyes.approve(person).status == 0) }
        let run = try catalog.muster(
            "run", eyes.planFile, "--plugins", catalog.plugins, "--yes", "--key", eyes.key("ada"))
        #expect(run.status == 0, "\(run)")
        try catalog.git("config", "--global", "user.email", "cy@example.org")
        try catalog.git("config", "--global", "user.name", "Cy Security")
        let review = try catalog.muster("review", "last", "--accept", "--reason", "Seen", "--key", eyes.key("cy"))
        #expect(review.status == 0, "\(review)")
        let branch = "refs/heads/muster/runs/\(drill.runID)"
        #expect(
            try shell("mkdir '\(folder)' && git -C '\(catalog.folder)' archive \(branch) | tar -x -C '\(folder)'")
                .status == 0)
    }

    private func shell(_ line: String) throws -> CommandResult { try catalog.program("/bin/sh", ["-c", line]) }

    /// A copy of the record, altered, and sealed anew by the person.
    private func forged(_ how: String, by person: String?) throws -> String {
        let copy = "\(catalog.root)/forged-\(how)-\(person ?? "nobody")"
        let forge = "\(projectFolder)/Tests/EndToEndTests/Servers/forge-record.py"
        let key = person.map { " '\(eyes.key($0))'" } ?? ""
        let done = try shell("cp -r '\(folder)' '\(copy)' && python3 '\(forge)' '\(copy)' \(how)\(key)")
        #expect(done.status == 0, "\(done)")
        return copy
    }

    private func script(_ arguments: String...) throws -> CommandResult {
        try catalog.program("/usr/bin/python3", ["\(projectFolder)/docs/verify/verify-record.py"] + arguments)
    }

    private var signers: String { "\(catalog.folder)/policy/allowed-signers" }

    /// What Muster says of the record in the place of the true one, on a machine that saw neither.
    private func muster(_ copy: String) throws -> CommandResult {
        let run = drill.runID
        let git = "git -C '\(catalog.folder)' --work-tree='\(copy)'"
        let path = try catalog.record(of: run).path
        let (branch, log) = ("refs/heads/muster/runs/\(run)", RecordedRun.branch)
        let signing = "-c gpg.format=ssh -c user.signingkey='\(eyes.key("ada"))' -c user.email=ada@example.org"
        let make = "git -C '\(catalog.folder)' \(signing) commit-tree -S -m forged"
        let keep = "\(git) rev-parse \(branch) \(log) > '\(copy).tips'"
        let line = """
            export GIT_INDEX_FILE='\(copy).index'; \(keep); \(git) add -A . && tree=$(\(git) write-tree) \
            && tip=$(\(make) $tree) && \(git) update-ref \(branch) $tip \
            && \(git) read-tree \(log) && \(git) rm -q -r --cached '\(path)' && \(git) read-tree --prefix='\(path)' $tree \
            && \(git) update-ref \(log) $(\(make) -p $tip $(\(git) write-tree))
            """
        let done = try shell(line)
        #expect(done.status == 0, "\(done)")
        let state = catalog.state
        defer { catalog.state = state }
        catalog.state = "\(copy).state"
        let result = try catalog.muster("verify", run)
        let back = "set -- $(cat '\(copy).tips'); \(git) update-ref \(branch) $1 && \(git) update-ref \(log) $2"
        #expect(try shell(back).status == 0)
        return result
    }

    private static let lies = [
        "no-approvals-folder", "no-approvals", "one-approval-less", "other-plan", "no-end", "seq-true",
        "definition-moved", "more-files", "more-approvals",
    ]

    @Test func `a true record is good to both, and the script tells who signed it`() throws {
        let told = try script("--sealed", "--signers", signers, folder)
        #expect(told.status == 0, "\(told)")
        for words in ["operated by ada", "approved by anu, ben", "SHA256SUMS signed by ada", "signed by cy"] {
            #expect(told.output.contains(words), "\(told)")
        }
        #expect(try script(folder).output.contains("no signer was checked"))
        let own = try self.muster(try forged("nothing", by: nil))
        #expect(own.status == 0, "\(own)")
    }

    @Test func `every lie is found by both, also where the operator seals it anew`() throws {
        for lie in Self.lies {
            for person in [nil, "ada"] {
                let copy = try forged(lie, by: person)
                let told = try script("--signers", signers, copy)
                #expect(told.status == 6, "\(lie): \(told)")
                let own = try self.muster(copy)
                #expect(own.status == 6, "\(lie): \(own)")
            }
        }
        // Of these the page is what the seal alone proves to the script; Muster makes it anew.
        let page = try forged("page", by: nil)
        #expect(try muster(page).status == 6)
        #expect(try script("--signers", signers, page).output.contains("no seal: README.md and record.json"))
        #expect(try script("--sealed", "--signers", signers, page).output.contains("the record has no seal"))
        let review = try forged("review", by: "ada")
        #expect(try muster(review).status == 6)
        #expect(try script("--signers", signers, review).output.contains("the signature of cy does not hold"))
    }

    @Test func `a seal is the operator's, and a key that ended since was good when it signed`() throws {
        let told = try script("--signers", signers, try forged("page", by: "ben"))
        #expect(told.status == 6 && told.output.contains("SHA256SUMS: the signature of ada does not hold"), "\(told)")
        let list = try String(contentsOfFile: signers, encoding: .utf8)
        let now = Timestamp(milliseconds: Int64(Date.now.timeIntervalSince1970 * 1000) + 2000)
        func ended(_ moment: String) throws -> String {
            let path = "\(catalog.root)/signers-\(moment)"
            let line = try eyes.signerLine("ben", options: "valid-before=\"\(moment)Z\"")
            try list.replacing(try eyes.signerLine("ben"), with: line).write(
                toFile: path, atomically: false, encoding: .utf8)
            return path
        }
        #expect(try script("--signers", try ended(now.compact.replacing("-", with: "")), folder).status == 0)
        #expect(try script("--signers", try ended("20200101"), folder).output.contains("the signature of ben does not"))
    }
}
