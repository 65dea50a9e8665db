// SPDX-License-Identifier: Apache-2.0

import Foundation
import MusterModel
import Testing

@Suite struct RedactorTests {
    static let secret = "p@ss/word \"ü\"+1\\~"
    let redactor = Redactor(["db": secret])

    @Test func `a secret is found in every form that programs write`() throws {
        let bytes = Data(Self.secret.utf8)
        let base64 = bytes.base64EncodedString()
        let json = String(decoding: try JSONEncoder().encode([Self.secret]), as: UTF8.self)
        let forms = [
            Self.secret, base64, base64.replacing("+", with: "-").replacing("/", with: "_"),
            bytes.map { String(format: "%02x", $0) }.joined(), bytes.map { String(format: "%02X", $0) }.joined(),
            Self.secret.addingPercentEncoding(
                withAllowedCharacters: .alphanumerics.union(.init(charactersIn: "-._~")))!,
            json, JSON.string(Self.secret).canonicalText, #"p@ss/word \"\u00fc\"+1\\~"#,
        ]
        for form in forms {
            let redacted = redactor.redact("before \(form) after")
            #expect(redacted.contains("[secret:db]"), "\(form)")
            #expect(redacted.hasPrefix("before ") && redacted.hasSuffix(" after"))
        }
    }

    @Test(arguments: ["", "a", "ab", "abc", "user:"])
    func `it is found in base64 of a longer text, wherever it stands`(_ before: String) {
        let encoded = Data("\(before)\(Self.secret):more".utf8).base64EncodedString()
        #expect(redactor.redact("Authorization: Basic \(encoded)").contains("[secret:db]"))
        #expect(redactor.redact(Data("\(before)something else".utf8).base64EncodedString()).contains("secret") == false)
    }

    @Test func `each line of a key is a secret of its own`() {
        let key = "-----BEGIN-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END-----\n"
        let redactor = Redactor(["key": key])
        #expect(redactor.redact("line kqhkiG9w0BAQEF.") == "line [secret:key].")
        #expect(redactor.redact(JSON.string(key)) == .string("[secret:key]"))
    }

    @Test func `values and names of a document are redacted, the rest stays`() {
        let redactor = Redactor(["a": "longer-secret", "b": "longer-secret-still"])
        let document: JSON = ["x": ["is longer-secret-still", 1, true, nil], "longer-secret": .double(2.5)]
        #expect(redactor.redact(document) == ["x": ["is [secret:b]", 1, true, nil], "[secret:a]": .double(2.5)])
        #expect(Redactor().redact(document) == document)
        #expect(Redactor(["short": "abc"]).redact("abc") == "abc")
    }
}
