// SPDX-License-Identifier: Apache-2.0

import CloudHTTP
import MusterModel
import Testing

@testable import OracleCloudClient

struct SigningTests {
    @Test(arguments: try #require(vectors["vectors"]?.array))
    func `a request is signed as Oracle's SDK signs it`(vector: JSON) throws {
        let keyID = try #require(vector["keyId"]?.string)
        let identity =
            keyID.hasPrefix("ST$")
            ? try SigningIdentity(sessionToken: "\(keyID.dropFirst(3))\n", pem: keyText("pkcs8Pem"), origin: "k")
            : try apiKey(pem: keyText("pkcs8Pem"))
        #expect(identity.keyID == keyID)
        let method = try #require(vector["method"]?.string.flatMap(RequestMethod.init))
        var request = HTTPRequest(method, try #require(vector["url"]?.string.flatMap { WebAddress($0) }))
        request.body = vector["body"]?.string.map { Array($0.utf8) }
        let date = try #require(vector["headersBeforeSigning"]?["date"]?.string)
        let signed = try RequestSigner(identity: identity).signed(request, at: try #require(httpDate(date)))
        let names = try #require(vector["signedHeaders"]?.array).compactMap(\.string)
        #expect(RequestSigner.signingText(signed, names) == vector["signingString"]?.string)
        #expect(signed.headers["authorization"] == vector["authorization"]?.string)
        for (name, value) in try #require(vector["addedHeaders"]?.object) where names.contains(name) {
            #expect(signed.headers[name] == value.string)
        }
    }

    private func apiKey(pem: String, fingerprint: String = keyText("fingerprint")) throws -> SigningIdentity {
        try SigningIdentity(
            tenancy: keyText("tenancy"), user: keyText("user"), fingerprint: fingerprint, pem: pem, origin: "key.pem")
    }

    @Test func `keys in both PEM forms are read, whatever stands around them`() throws {
        for name in ["pkcs8Pem", "pkcs1Pem"] {
            let identity = try apiKey(pem: "comment\n" + keyText(name) + "\nOCI_API_KEY\n")
            #expect(identity.keyID.hasSuffix(keyText("fingerprint")))
        }
    }

    @Test(arguments: ["pkcs8EncryptedPem", "pkcs1EncryptedPem"])
    func `an encrypted key is opened with its pass phrase, and refused without it or with another`(
        name: String
    ) async throws {
        func open(_ passPhrase: String?) throws -> SigningIdentity {
            try SigningIdentity(
                tenancy: keyText("tenancy"), user: keyText("user"), fingerprint: keyText("fingerprint"),
                pem: keyText(name), passPhrase: passPhrase, origin: "key.pem")
        }
        #expect(try open(keyText("passPhrase")).keyID.hasSuffix(keyText("fingerprint")))
        let none = await oracleError { try open(nil).keyID }
        #expect(none?.code == "oracle.key" && none?.message.contains("no pass phrase is given") == true)
        let other = await oracleError { try open("another-phrase").keyID }
        #expect(other?.message.contains("cannot be opened with the pass phrase") == true)
        #expect(other.map { "\($0)".contains("another-phrase") } == false)
    }

    @Test func `a pass phrase that is not needed is not looked at`() throws {
        let identity = try SigningIdentity(
            tenancy: keyText("tenancy"), user: keyText("user"), fingerprint: keyText("fingerprint"),
            pem: keyText("pkcs8Pem"), passPhrase: "superfluous", origin: "key.pem")
        #expect(identity.keyID.hasSuffix(keyText("fingerprint")))
    }

    @Test(arguments: ["DES-EDE3-CBC,0011223344556677", "AES-256-CBC,0011"])
    func `a key that is locked in another way is refused with a way out`(headers: String) async throws {
        let pem = """
            -----BEGIN RSA PRIVATE KEY-----
            Proc-Type: 4,ENCRYPTED
            DEK-Info: \(headers)

            e4fqfEOh/mQQVj8jJotymZaAsvDOl6bVJad/8lX7c0hbwDgN+SsJbfk5tWHHg1JI
            -----END RSA PRIVATE KEY-----
            """
        let error = await oracleError {
            try SigningIdentity(sessionToken: "t", pem: pem, passPhrase: "x", origin: "key.pem").keyID
        }
        #expect(error?.code == "oracle.key")
    }

    @Test func `a fingerprint of another key is found before anything is sent`() async throws {
        let error = await oracleError {
            try apiKey(pem: keyText("pkcs8Pem"), fingerprint: "00:" + keyText("fingerprint").dropFirst(3)).keyID
        }
        #expect(error?.code == "oracle.key")
        #expect(error?.message.contains(keyText("fingerprint")) == true)
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ("2000-02-29T23:59:59.999Z", "Tue, 29 Feb 2000 23:59:59 GMT"),
        ("2034-01-05T21:31:40Z", "Thu, 05 Jan 2034 21:31:40 GMT"),
        ("1969-12-31T23:59:59Z", "Wed, 31 Dec 1969 23:59:59 GMT"),
    ])
    func `dates are written as HTTP wants them`(moment: String, text: String) throws {
        #expect(httpDateText(try #require(Timestamp(moment))) == text)
    }
}
