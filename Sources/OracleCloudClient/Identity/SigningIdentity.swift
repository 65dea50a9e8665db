// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import Crypto
internal import CryptoExtras

/// As whom requests are signed: a private key and the name under which Oracle knows its public half.
package struct SigningIdentity: Sendable {
    /// `<tenancy>/<user>/<fingerprint>`, or `ST$<token>` for a session.
    package let keyID: String
    let key: _RSA.Signing.PrivateKey

    /// A user's API key.
    ///
    /// - Parameters:
    ///   - fingerprint: compared with the key's own, since a wrong one is refused by Oracle without a reason.
    ///   - origin: where the key came from, for messages.
    /// - Throws: ``OracleError`` `oracle.key`.
    package init(
        tenancy: String, user: String, fingerprint: String, pem: String, origin: String
    ) throws(OracleError) {
        for (name, text) in [("tenancy", tenancy), ("user", user)] where OracleID(text) == nil {
            throw OracleError(code: "oracle.profile", "The \(name) is not an OCID: \(text)")
        }
        key = try Self.key(pem: pem, origin: origin)
        let own = Self.fingerprint(key)
        guard own == fingerprint.lowercased() else {
            throw OracleError(
                code: "oracle.key", "\(origin) has the fingerprint \(own), but \(fingerprint) is given.",
                remedy: "Name the key's own fingerprint, or the key that belongs to the fingerprint.")
        }
        keyID = "\(tenancy)/\(user)/\(own)"
    }

    /// A session token, as `oci session authenticate` stores it, with the key that it was issued for.
    package init(sessionToken: String, pem: String, origin: String) throws(OracleError) {
        key = try Self.key(pem: pem, origin: origin)
        keyID = "ST$" + sessionToken.filter { !$0.isWhitespace }
    }

    /// MD5 of the public key's DER, as Oracle's console shows it.
    private static func fingerprint(_ key: _RSA.Signing.PrivateKey) -> String {
        let digits = Array("0123456789abcdef")
        return Insecure.MD5.hash(data: key.publicKey.derRepresentation).map {
            "\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])"
        }.joined(separator: ":")
    }

    private static func key(pem: String, origin: String) throws(OracleError) -> _RSA.Signing.PrivateKey {
        func refuse(_ what: String, remedy: String? = nil) -> OracleError {
            OracleError(code: "oracle.key", "\(origin) \(what)", remedy: remedy)
        }
        guard let block = PEMBlock.all(in: pem).first(where: { $0.label.hasSuffix("PRIVATE KEY") }) else {
            throw refuse("holds no PEM private key.")
        }
        guard block.label != "ENCRYPTED PRIVATE KEY", !block.content.contains("DEK-Info") else {
            throw refuse(
                "holds an encrypted private key, whose pass phrase Muster does not ask for.",
                remedy: "Give the key in the environment as a secret that a command writes: oci.credential.key: "
                    + "{ command: [openssl, pkey, -in, FILE, -passin, file:PASSPHRASE] }; or name an unencrypted key.")
        }
        guard block.label != "EC PRIVATE KEY", let der = Base64.decode(block.content),
            let key = try? _RSA.Signing.PrivateKey(derRepresentation: der)  // CryptoKit's errors name no reason.
        else { throw refuse("holds a private key that is not RSA of 2048 bits or more.") }
        return key
    }
}
