// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import Glibc
import MusterModel
import Testing

/// What people type, and the files that they name: nothing of it waits for ever, hides, or takes a secret into git.
struct SafeWordsTests {
    private static let secret = "AKIAIOSFODNN7EXAMPLE"
    private let drill: LedgerDrill
    private let eyes: FourEyes
    private var catalog: Catalog { drill.catalog }

    init() throws {
        drill = try LedgerDrill([.init("one"), .init("two", more: "approval: security")])
        eyes = try FourEyes(
            drill.catalog, policy: FourEyes.policy.replacing("leads, count: 2 } ]", with: "leads } ]"))
    }

    private func plan(_ more: String...) throws {
        try eyes.plan(["drill", "-e", "lab", "--plugins", catalog.plugins, "--input", "ledger=\(drill.ledger)"] + more)
    }

    private func run() throws -> CommandResult {
        try catalog.muster("run", eyes.planFile, "--plugins", catalog.plugins, "--yes", "--key", eyes.key("ada"))
    }

    private var everythingInGit: String {
        get throws { try catalog.git("log", "--all", "-p", "--format=%B") }
    }

    @Test(arguments: ["Key \(secret)", "It was -----BEGIN OPENSSH PRIVATE KEY-----"])
    func `a secret in a comment, a reason or a ticket's name is refused before anything is written`(words: String)
        throws
    {
        try plan()
        #expect(try eyes.approve("anu").status == 0)
        for command in [
            ["approve", eyes.planFile, "--key", eyes.key("ben"), "--yes", "--comment", words],
            ["run", "drill", "-e", "lab", "--change", words], ["plan", "drill", "-e", "lab", "--change", words],
            ["run", eyes.planFile, "--break-glass", "--reason", words], ["pause", "last", "--reason", words],
            ["cancel", "last", "--reason", words], ["decide", "last", "one", "retry", "--reason", words],
            ["rollback", "last", "--reason", words], ["resume", "last", "--take-over", "--reason", words],
            ["publish", "--release", "last", "--reason", words],
        ] {
            let result = try catalog.muster(command)
            #expect(result.status == 2 && result.errors.contains("stays there"), "\(command): \(result)")
            #expect(!result.errors.contains(words))
        }
        #expect(try !everythingInGit.contains(words))
        #expect(try FileManager.default.contentsOfDirectory(atPath: eyes.planFile + ".approvals").count == 2)
    }

    @Test func `a policy with a secret is not consented to`() throws {
        let signers = "policy/allowed-signers"
        try catalog.write(signers, try catalog.read(signers) + "# \(Self.secret)\n")
        let result = try catalog.muster("policy", "consent", "--key", eyes.key("anu"), "--yes")
        #expect(result.status == 6 && result.errors.contains("[policy.leak]"), "\(result)")
        #expect(!FileManager.default.fileExists(atPath: "\(catalog.folder)/policy/consents"))
    }

    @Test(arguments: [" ", "\u{200B}", "\u{202E}", "CHG\u{202E}1", "CHG1\n", "CHG\u{1B}[2J", ""])
    func `a ticket's name is one that people can see`(name: String) throws {
        for command in ["plan", "run"] {
            let result = try catalog.muster(command, "drill", "-e", "lab", "--change", name)
            #expect(result.status == 2 && result.errors.contains("--change needs a ticket's name"), "\(result)")
        }
    }

    @Test func `a pipe is neither a plan nor a key, and nobody waits for one`() throws {
        let pipe = "\(catalog.root)/pipe.json"
        #expect(mkfifo(pipe, 0o600) == 0)
        try plan()
        for command in [["approve", pipe, "--key", eyes.key("anu"), "--yes"], ["run", pipe, "--yes"]] {
            let result = try catalog.muster(command)
            #expect(result.status == 2 && result.errors.contains("[plan.unreadable]"), "\(result)")
        }
        let result = try catalog.muster("approve", eyes.planFile, "--key", pipe, "--yes")
        #expect(result.status == 2 && result.errors.contains("[signing.no-key]"), "\(result)")
    }

    @Test func `what lies among the approvals and is none does not count, and stops nobody`() throws {
        try plan()
        #expect(try eyes.approve("anu").status == 0)
        try "{}".write(toFile: eyes.planFile + ".approvals/stray.json", atomically: true, encoding: .utf8)
        #expect(try run().status == 4)
        let gate = drill.runID
        let out = "\(catalog.root)/gate.json"
        let approved = try eyes.approveGate("cy", gate, "two", "--out", out)
        #expect(approved.status == 0 && approved.output.contains("in \(out)"), "\(approved)")
        let (statement, signature) = (
            try String(contentsOfFile: out, encoding: .utf8), try String(contentsOfFile: out + ".sig", encoding: .utf8)
        )
        #expect(try eyes.verifies(statement, signature: signature, of: "cy"))
    }

    @Test func `an approval that a run was about to use, which never came to be, is for the next one`() throws {
        try plan()
        #expect(try eyes.approve("anu").status == 0)
        let folder = eyes.planFile + ".approvals"
        let name = try #require(
            try FileManager.default.contentsOfDirectory(atPath: folder).first { $0.hasSuffix(".json") })
        let id = try #require(
            try JSON.parse(Array(try Data(contentsOf: URL(filePath: "\(folder)/\(name)"))))["id"]?.string)
        let marks = "\(catalog.state)/approvals"
        try FileManager.default.createDirectory(atPath: marks, withIntermediateDirectories: true)
        try "20261121-140302-drill-3fa9c1".write(toFile: "\(marks)/\(id)", atomically: true, encoding: .utf8)
        #expect(try run().output.contains("waits for approvals"))
        let taken = try String(contentsOfFile: "\(marks)/\(id)", encoding: .utf8)
        #expect(taken == drill.runID)
    }
}
