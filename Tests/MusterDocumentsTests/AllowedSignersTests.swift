// SPDX-License-Identifier: Apache-2.0

import Foundation
import MusterDocuments
import MusterModel
import Testing

/// The signers' file is OpenSSH's; what would leave open who a person is, is refused with its place.
struct AllowedSignersTests {
    private static let anu = "AAAAC3NzaC1lZDI1NTE5AAAAIHG3bkFJ0Tg8yVcVuHGeXZt2oTnNbcVzXvMBPbRwzJ8x"
    private static let ben = "AAAAC3NzaC1lZDI1NTE5AAAAIKz1mJ9Cj7sZk2w8b0oXn3rT6uYvLqHcDfE5gGhIjKlM"

    /// A key with that exponent, and always the same modulus.
    private static func rsa(exponent: [UInt8]) -> String {
        func string(_ bytes: [UInt8]) -> [UInt8] { [0, 0, UInt8(bytes.count >> 8), UInt8(bytes.count & 255)] + bytes }
        let modulus = [0] + [UInt8](repeating: 0xC5, count: 256)
        return Data(string(Array("ssh-rsa".utf8)) + string(exponent) + string(modulus)).base64EncodedString()
    }

    private func findings(_ text: String) -> [String] {
        AllowedSigners.parse(Array(text.utf8)).diagnostics.map { diagnostic in
            "\(diagnostic.location?.line ?? 0):\(diagnostic.location?.column ?? 0) \(diagnostic.code)"
        }
    }

    @Test func `persons with one key and with two are read, comments and options with them`() throws {
        let text = """
            # The database team
            anu ssh-ed25519 \(Self.anu) anu@laptop

            ben@example.org namespaces="muster-approval@v1,git",valid-before="20270101Z" ssh-ed25519 \(Self.ben)

            """
        let signers = try AllowedSigners.parse(Array(text.utf8)).get()
        #expect(signers.keys.map(\.person) == ["anu", "ben@example.org"])
        #expect(signers.keys.map(\.line) == [2, 4])
        #expect(signers.keys[1].namespaces == ["muster-approval@v1", "git"])
    }

    @Test(arguments: [
        ("anu,ben ssh-ed25519 \(anu)", "1:1 signers.not-one-person"),
        ("*@example.org ssh-ed25519 \(anu)", "1:1 signers.not-one-person"),
        ("!anu ssh-ed25519 \(anu)", "1:1 signers.not-one-person"),
        ("\"anu\" ssh-ed25519 \(anu)", "1:1 signers.not-one-person"),
        ("anu cert-authority ssh-ed25519 \(anu)", "1:5 signers.option"),
        ("anu verify-required ssh-ed25519 \(anu)", "1:5 signers.option"),
        ("anu valid-before=\"20270101\" ssh-ed25519 \(anu)", "1:5 signers.not-utc"),
        ("anu valid-after=\"tomorrowZ\" ssh-ed25519 \(anu)", "1:5 signers.not-utc"),
        ("anu ssh-dss \(anu)", "1:5 signers.option"), ("anu ssh-ed25519", "1:1 signers.no-key"),
        ("anu ssh-ed25519 AAAA", "1:17 signers.damaged-key"),
        ("anu ssh-rsa \(anu)", "1:13 signers.damaged-key"),
        ("anu ssh-ed25519 \(anu)=", "1:17 signers.damaged-key"),
        ("anu ssh-ed25519 \(anu)AAAA", "1:17 signers.damaged-key"),
        ("anu ssh-ed25519 \(anu.dropLast(2))==", "1:17 signers.damaged-key"),
        // OpenSSH ends the options at the last quote, and takes the first key.
        ("anu namespaces=\"a,x\\\"\" ssh-ed25519 \(ben) c\" ssh-ed25519 \(anu)", "1:5 signers.option"),
        ("anu namespaces=\"a\"\" \",valid-before=\"20270101Z\" ssh-ed25519 \(anu)", "1:5 signers.option"),
        ("anu namespaces=\"a\\\",cert-authority,namespaces=\"\" ssh-ed25519 \(anu)", "1:5 signers.option"),
        ("anu namespaces=git ssh-ed25519 \(anu)", "1:5 signers.option"),
        ("anu ssh-rsa \(rsa(exponent: [1, 0, 1]))\nben ssh-rsa \(rsa(exponent: [3]))", "2:1 signers.shared-key"),
        ("ben ssh-rsa \(rsa(exponent: [0, 1, 0, 1]))", "1:13 signers.damaged-key"),
        ("ben ssh-rsa \(rsa(exponent: []))", "1:13 signers.damaged-key"),
        ("ben ssh-rsa \(rsa(exponent: [0x80, 1]))", "1:13 signers.damaged-key"),
        ("anu ssh-ed25519 \(anu)\nben ssh-ed25519 \(anu)", "2:1 signers.shared-key"),
        ("anu ssh-ed25519 \(anu)\nanu ssh-ed25519 \(anu)", "2:1 signers.shared-key"),
    ])
    func `a line that leaves something open is refused where it stands`(text: String, finding: String) {
        #expect(findings(text) == [finding])
    }

    @Test func `no text is no signers`() {
        #expect(AllowedSigners.parse([0xFF, 0xFE]).value == nil)
        #expect(AllowedSigners.parse([]).value?.keys.isEmpty == true)
    }

    @Test func `a key of somebody whom the policy does not know is reported`() throws {
        let signers = try AllowedSigners.parse(Array("anu ssh-ed25519 \(Self.anu)\n".utf8)).get()
        #expect(signers.lint(ApprovalPolicy()).map(\.code) == ["policy.unknown-person"])
        #expect(signers.lint(ApprovalPolicy(persons: ["anu": []])).isEmpty)
    }
}
