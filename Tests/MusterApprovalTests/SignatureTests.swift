// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import Glibc
import MusterApproval
import MusterMachine
import MusterModel
import MusterTestSupport
import Testing

@testable import MusterSigning

/// What `ssh-keygen` signs, Muster takes; what it does not take, Muster takes neither. Both are asked each time.
struct SignatureTests {
    private static let namespace = ApprovalStatement.namespace
    private static let now = Timestamp("2026-11-22T20:00:00Z")!

    /// Keys in a folder of their own, and a statement of Anu's.
    private struct Desk {
        let eyes: FourEyes
        let tool = SSHKeygen(variables: [:])
        let statement: ApprovalStatement
        let text: String

        init() throws {
            eyes = try FourEyes(try Catalog(.noop(runbook: LedgerDrill.runbook([.init("one")]))))
            statement = SignatureTests.statement(of: "anu")
            text = String(decoding: try statement.bytes(), as: UTF8.self)
        }

        func sign(
            _ text: String? = nil, as person: String = "anu", namespace: String = SignatureTests.namespace
        ) throws -> String {
            try tool.sign(Array((text ?? self.text).utf8), key: eyes.key(person), namespace: namespace)
        }

        func signers(_ lines: String...) -> String { lines.joined() }

        func good() throws -> String { try eyes.catalog.read("policy/allowed-signers") }

        func takes(_ signature: String, _ text: String, of person: String, by signers: String) throws -> Bool {
            try tool.verdict(
                on: signature, over: Array(text.utf8), person: person, signers: Array(signers.utf8),
                namespace: SignatureTests.namespace, at: SignatureTests.now) == .good
        }
    }

    static func statement(of person: String) -> ApprovalStatement {
        ApprovalStatement(
            id: String(repeating: "a", count: 32), subject: .plan, decision: .approve, plan: Digest(of: [7]), gate: nil,
            runbook: "drill", environment: "lab", kind: .drill, change: nil, window: nil, issued: now,
            expires: now.advanced(by: .seconds(3600)), says: "\(person) approves", comment: nil, approver: person)
    }

    @Test(.timeLimit(.minutes(30))) func `more than a pipe holds is signed and checked without waiting`() throws {
        let desk = try Desk()
        let long = String(repeating: "a", count: 3 << 20)
        #expect(try desk.takes(try desk.sign(long), long, of: "anu", by: try desk.good()))
    }

    @Test func `what a killed process left of its checks is taken away an hour later`() throws {
        let desk = try Desk()
        let base = "\(desk.eyes.catalog.root)/temporary"
        for name in ["muster-signing-old", "muster-signing-new", "something"] {
            try FileManager.default.createDirectory(atPath: "\(base)/\(name)", withIntermediateDirectories: true)
            try "x".write(toFile: "\(base)/\(name)/signature", atomically: false, encoding: .utf8)
        }
        for name in ["muster-signing-old", "something"] {
            try FileManager.default.setAttributes(
                [.modificationDate: Date.now.addingTimeInterval(-7200)], ofItemAtPath: "\(base)/\(name)")
        }
        PrivateFolder.clean(base)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: base).sorted() == ["muster-signing-new", "something"])
    }

    @Test func `both agree on a good signature, and on those of each of a person's two keys`() throws {
        let desk = try Desk()
        let signature = try desk.sign()
        #expect(try desk.takes(signature, desk.text, of: "anu", by: try desk.good()))
        #expect(try desk.eyes.verifies(desk.text, signature: signature, of: "anu"))
        try desk.eyes.makeKey("anu-2")
        let two = try desk.good() + desk.eyes.signerLine("anu", key: "anu-2")
        let other = try desk.sign(as: "anu-2")
        #expect(try desk.takes(other, desk.text, of: "anu", by: two))
        #expect(try desk.eyes.verifies(desk.text, signature: other, of: "anu", signers: two))
    }

    @Test func `an agent signs with a key of which only the public half is here`() throws {
        let desk = try Desk()
        let socket = "\(desk.eyes.catalog.root)/agent"
        let key = desk.eyes.key("anu")
        let agent = try RunningCommand(
            "/usr/bin/ssh-agent", ["-D", "-a", socket], environment: ["HOME": desk.eyes.catalog.home])
        defer { agent.signal(SIGTERM) }
        try agent.wait(for: "SSH_AUTH_SOCK")
        let added = try RunningCommand("/usr/bin/ssh-add", ["-q", key], environment: ["SSH_AUTH_SOCK": socket]).finish()
        #expect(added.status == 0, "\(added)")
        try FileManager.default.removeItem(atPath: key)
        #expect(throws: MusterError.self, "without the agent nobody has it") { try desk.sign() }
        let tool = SSHKeygen(variables: ["SSH_AUTH_SOCK": socket])
        let signature = try tool.sign(Array(desk.text.utf8), key: key + ".pub", namespace: Self.namespace)
        #expect(try desk.takes(signature, desk.text, of: "anu", by: try desk.good()))
        #expect(try desk.eyes.verifies(desk.text, signature: signature, of: "anu"))
    }

    @Test func `stock ssh-keygen's own signature is taken as well`() throws {
        let desk = try Desk()
        let file = "\(desk.eyes.catalog.root)/by-hand"
        try desk.text.write(toFile: file, atomically: false, encoding: .utf8)
        let made = try desk.eyes.catalog.program(
            "/usr/bin/ssh-keygen", ["-Y", "sign", "-f", desk.eyes.key("anu"), "-n", Self.namespace, file])
        #expect(made.status == 0, "\(made)")
        let signature = try String(contentsOfFile: file + ".sig", encoding: .utf8)
        #expect(try desk.takes(signature, desk.text, of: "anu", by: try desk.good()))
    }

    /// A signature, what it is said to be of and by whom, and by which signers.
    private struct Bad {
        let name: String
        var signature: String
        var text: String
        var person = "anu"
        var signers: String
    }

    private static func damaged(_ desk: Desk) throws -> [Bad] {
        let (good, signers, text) = (try desk.sign(), try desk.good(), desk.text)
        let lines = good.split(separator: "\n").map(String.init)
        func bad(_ name: String, _ signature: String) -> Bad {
            Bad(name: name, signature: signature, text: text, signers: signers)
        }
        var flipped = Array(lines[2].utf8)
        flipped[20] = flipped[20] == 65 ? 66 : 65
        let body = String(decoding: flipped, as: UTF8.self)
        return [
            bad("empty", ""), bad("a word", "approved"), bad("only the armour", "\(lines[0])\n\(lines.last!)\n"),
            bad("truncated in the middle", String(good.prefix(good.count / 2))),
            bad("without its last line", lines.dropLast().joined(separator: "\n") + "\n"),
            bad("without its first line", lines.dropFirst().joined(separator: "\n") + "\n"),
            bad("a line less", (lines[..<2] + lines[3...]).joined(separator: "\n") + "\n"),
            bad("a character changed", (lines[..<2] + [body] + lines[3...]).joined(separator: "\n") + "\n"),
            bad("a PGP armour", good.replacing("SSH SIGNATURE", with: "PGP SIGNATURE")),
            bad("of another purpose", try desk.sign(namespace: "git")),
            bad("of a later version of the purpose", try desk.sign(namespace: "muster-approval@v2")),
            bad("of no approval but a file", try desk.sign(namespace: "file")),
        ]
    }

    private static func misused(_ desk: Desk) throws -> [Bad] {
        let (good, signers, text) = (try desk.sign(), try desk.good(), desk.text)
        let other = String(decoding: try statement(of: "ben").bytes(), as: UTF8.self)
        try desk.eyes.makeKey("stranger")
        return [
            Bad(name: "of another statement", signature: try desk.sign(other), text: text, signers: signers),
            Bad(name: "under another statement", signature: good, text: other, signers: signers),
            Bad(name: "with a newline more", signature: good, text: text + "\n", signers: signers),
            Bad(name: "with a letter less", signature: good, text: String(text.dropLast()), signers: signers),
            Bad(name: "by another person's key", signature: try desk.sign(as: "ben"), text: text, signers: signers),
            Bad(name: "by a stranger's key", signature: try desk.sign(as: "stranger"), text: text, signers: signers),
            Bad(name: "said to be another's", signature: good, text: text, person: "ben", signers: signers),
            Bad(name: "said to be nobody's", signature: good, text: text, person: "nobody", signers: signers),
            Bad(name: "said to be of a pattern", signature: good, text: text, person: "a*", signers: signers),
        ]
    }

    private static func unlisted(_ desk: Desk) throws -> [Bad] {
        let (good, text) = (try desk.sign(), desk.text)
        func bad(_ name: String, _ signers: String) -> Bad {
            Bad(name: name, signature: good, text: text, signers: signers)
        }
        let line = { (options: String) in try desk.eyes.signerLine("anu", options: options) }
        return [
            bad("of a key that is listed no more", try desk.eyes.signerLine("ben")), bad("where nobody is listed", ""),
            bad("of a key that was revoked", try line("valid-before=\"20261122195959Z\"")),
            bad("of a key that was revoked last year", try line("valid-before=\"20251122Z\"")),
            bad("of a key that is not valid yet", try line("valid-after=\"20261122200100Z\"")),
            bad("of a key for git alone", try line("namespaces=\"git\"")),
            bad("of a key that stands for an authority", try line("cert-authority")),
            bad("of a line that is commented out", "# " + (try line(""))),
        ]
    }

    @Test func `a bad signature of any of these kinds is taken by neither`() throws {
        let desk = try Desk()
        let all = try Self.damaged(desk) + Self.misused(desk) + Self.unlisted(desk)
        var taken: [String] = []
        for bad in all {
            if try desk.takes(bad.signature, bad.text, of: bad.person, by: bad.signers) { taken.append(bad.name) }
            // `verify-time` is now to ssh-keygen, and the revoked keys are revoked by then, too; those that are valid later are not.
            let isLater = bad.name.contains("yet") || bad.name == "of a key that was revoked"
            if !isLater,
                try desk.eyes.verifies(bad.text, signature: bad.signature, of: bad.person, signers: bad.signers)
            {
                taken.append("\(bad.name), by ssh-keygen")
            }
        }
        print("bad signatures: \(all.count) kinds, \(taken.count) taken")
        try CampaignLog.add(
            kind: "bad signatures", points: all.count, lost: 0, doubled: 0, notResumable: 0, wrongEnd: taken.count)
        #expect(all.count >= 25 && taken.isEmpty, "\(taken)")
    }

    @Test func `whose key a file is, is told from either half of it`() throws {
        let desk = try Desk()
        let line = try desk.eyes.signerLine("anu").split(separator: " ")
        for file in [desk.eyes.key("anu"), desk.eyes.key("anu") + ".pub"] {
            #expect(try desk.tool.publicKey(of: file).base64 == line[2].trimmingCharacters(in: .newlines))
        }
        #expect(throws: MusterError.self) { try desk.tool.publicKey(of: "/dev/null") }
        #expect(throws: MusterError.self) { try desk.sign(as: "nobody") }
    }
}
