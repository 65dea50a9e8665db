// SPDX-License-Identifier: Apache-2.0

import MusterModel
import MusterRecord
import Testing

struct LeakGateTests {
    private func finding(_ text: String, _ gate: LeakGate = LeakGate()) -> LeakGate.Finding? {
        gate.finding(in: Array("first\n\(text)\nlast".utf8), of: "evidence/a.json")
    }

    @Test(arguments: [
        ("-----BEGIN PRIVATE KEY-----", "a private key"), ("-----BEGIN RSA PRIVATE KEY-----", "a private key"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "a private key"),
        ("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln", "a signed token (JWT)"),
        ("Authorization: Bearer \(String(repeating: "a1", count: 20))", "a bearer token"),
        ("grant_type=x&client_secret=abc~DEF-123456", "a client's secret in a request"),
        ("AccountKey=\(String(repeating: "Ab1+", count: 21))==", "a storage account's key"),
        ("AKIAABCDEFGHIJKLMNOP", "an access key of AWS"),
        ("ghp_\(String(repeating: "a", count: 36))", "a token of GitHub"),
    ])
    func `what is made to be recognised as a key is found, with its line and never itself`(text: String, what: String) {
        let found = finding("x \(text) y")
        #expect(found?.what == what && found?.line == 2 && found?.path == "evidence/a.json")
        #expect(found.map { !$0.description.contains(text) } == true)
    }

    @Test(arguments: [
        "-----BEGIN CERTIFICATE-----", "-----BEGIN PUBLIC KEY-----", "eyJust.a.word", "Bearer of the key", "AKIA",
        "client_secret=",
        "https://management.azure.com/x?t=638&c=MIIHpTCCBo2gAwIBAgITfwXZ&s=abc",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "[secret:env:LAB_SECRET]",
    ])
    func `what merely looks like one holds no record back`(text: String) {
        #expect(finding(text) == nil)
    }

    @Test func `a secret of the run is found by its name`() {
        let gate = LeakGate(known: Redactor(["env:LAB": "open sesame"]))
        #expect(finding("b3BlbiBzZXNhbWU=", gate)?.what == "the secret env:LAB")
        #expect(finding("open says me", gate) == nil)
    }

    @Test func `what somebody let go is let go in that file alone`() {
        var note = LeakNote(findings: [.init(path: "journal.jsonl", line: 3, what: "a private key")])
        let later = LeakGate.Finding(path: "journal.jsonl", line: 9, what: "a private key")
        #expect(!note.releases(later))
        note.released = .init(by: "Ada", reason: "It is public", at: Timestamp(milliseconds: 0))
        #expect(note.releases(later))
        #expect(!note.releases(.init(path: "README.md", line: 3, what: "a private key")))
    }
}
