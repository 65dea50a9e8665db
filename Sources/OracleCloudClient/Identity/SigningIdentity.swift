// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import Crypto
internal import CryptoExtras
internal import MusterModel

/// As whom requests are signed: a private key and the name under which Oracle knows its public half.
package struct SigningIdentity: Sendable {
    /// What Oracle knows the public key by.
    enum Kind: Hashable, Sendable {
        /// A user's list of API keys.
        case user
        /// The token of a session, a user's or a principal's.
        case session
        /// The certificate of a compute instance.
        case instance
    }

    /// `<tenancy>/<user>/<fingerprint>`, or `ST$<token>` for a session.
    package let keyID: String
    let kind: Kind
    let key: _RSA.Signing.PrivateKey
    /// Of a session; nil when it does not end, or does not say when.
    var expires: Timestamp?

    /// A user's API key.
    ///
    /// - Parameters:
    ///   - fingerprint: compared with the key's own, since a wrong one is refused by Oracle without a reason.
    ///   - passPhrase: opens the key where it is locked; it is not looked at otherwise.
    ///   - origin: where the key came from, for messages.
    /// - Throws: ``OracleError`` `oracle.key`.
    package init(
        tenancy: String, user: String, fingerprint: String, pem: String, passPhrase: String? = nil, origin: String
    ) throws(OracleError) {
        for (name, text) in [("tenancy", tenancy), ("user", user)] where OracleID(text) == nil {
            throw OracleError(code: "oracle.profile", "The \(name) is not an OCID: \(text)")
        }
        key = try Self.key(pem: pem, passPhrase: passPhrase, origin: origin)
        let own = Self.fingerprint(key)
        guard own == fingerprint.lowercased() else {
            throw OracleError(
                code: "oracle.key", "\(origin) has the fingerprint \(own), but \(fingerprint) is given.",
                remedy: "Name the key's own fingerprint, or the key that belongs to the fingerprint.")
        }
        keyID = "\(tenancy)/\(user)/\(own)"
        kind = .user
    }

    /// A session token, as `oci session authenticate` stores it, with the key that it was issued for.
    package init(
        sessionToken: String, pem: String, passPhrase: String? = nil, origin: String
    ) throws(OracleError) {
        self.init(
            sessionToken: sessionToken, key: try Self.key(pem: pem, passPhrase: passPhrase, origin: origin))
    }

    init(sessionToken: String, key: _RSA.Signing.PrivateKey) {
        let token = sessionToken.filter { !$0.isWhitespace }
        self.key = key
        keyID = "ST$" + token
        kind = .session
        expires = expiry(ofToken: token)
    }

    /// What a compute instance signs its request for a session with.
    ///
    /// - Parameter certificate: SHA-1 of the instance's certificate.
    init(federationOf tenancy: String, certificate: [UInt8], pem: String, origin: String) throws(OracleError) {
        key = try Self.key(pem: pem, passPhrase: nil, origin: origin)
        kind = .instance
        let digits = certificate.map { ($0 < 16 ? "0" : "") + String($0, radix: 16).uppercased() }
        keyID = "\(tenancy)/fed-x509/\(digits.joined(separator: ":"))"
    }

    /// Sessions are replaced a minute before they end, as Oracle's SDKs do.
    func isFresh(at now: Timestamp) -> Bool { expires.map { now.advanced(by: .seconds(60)) < $0 } ?? true }

    /// MD5 of the public key's DER, as Oracle's console shows it.
    private static func fingerprint(_ key: _RSA.Signing.PrivateKey) -> String {
        let digits = Array("0123456789abcdef")
        return Insecure.MD5.hash(data: key.publicKey.derRepresentation).map {
            "\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])"
        }.joined(separator: ":")
    }

    private static func key(
        pem: String, passPhrase: String?, origin: String
    ) throws(OracleError) -> _RSA.Signing.PrivateKey {
        func refuse(_ what: String, remedy: String? = nil) -> OracleError {
            OracleError(code: "oracle.key", "\(origin) \(what)", remedy: remedy)
        }
        guard let block = PEMBlock.all(in: pem).first(where: { $0.label.hasSuffix("PRIVATE KEY") }) else {
            throw refuse("holds no PEM private key.")
        }
        if let locked = EncryptedKey(block) {
            guard let passPhrase else {
                throw refuse(
                    "holds an encrypted private key, and no pass phrase is given.",
                    remedy: "Give it as pass_phrase in the profile, or in the environment as a secret: "
                        + "oci.profile.pass-phrase or oci.credential.pass-phrase.")
            }
            let der: [UInt8]
            do throws(EncryptedKey.Obstacle) {
                der = try locked.open(passPhrase)
            } catch {
                guard error == .wrongPassPhrase else {
                    throw refuse(
                        "is locked in a way that Muster does not know.",
                        remedy: "Write it anew: openssl pkey -in FILE -aes256 -out NEWFILE.")
                }
                throw refuse("cannot be opened with the pass phrase that is given.")
            }
            guard let key = try? _RSA.Signing.PrivateKey(derRepresentation: der) else {  // It names no reason.
                throw refuse("cannot be opened with the pass phrase that is given, or is not RSA of 2048 bits or more.")
            }
            return key
        }
        guard block.label != "EC PRIVATE KEY", let der = Base64.decode(block.content),
            let key = try? _RSA.Signing.PrivateKey(derRepresentation: der)  // CryptoKit's errors name no reason.
        else { throw refuse("holds a private key that is not RSA of 2048 bits or more.") }
        return key
    }
}
