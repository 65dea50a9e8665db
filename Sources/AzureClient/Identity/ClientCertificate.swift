// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import Crypto
internal import CryptoExtras
package import MusterModel

/// A certificate and its key, with which a client proves itself by a signed assertion
/// (learn.microsoft.com/entra/identity-platform/certificate-credentials).
package struct ClientCertificate: Sendable {
    /// DER of the certificates, the client's own first.
    let certificates: [[UInt8]]
    let key: _RSA.Signing.PrivateKey

    /// - Parameters:
    ///   - pem: certificate, and the key where `keyPEM` is nil.
    ///   - origin: where the PEM came from, for messages.
    package init(pem: String, keyPEM: String?, origin: String) throws(AzureError) {
        func refuse(_ what: String) -> AzureError { AzureError(code: "azure.certificate", "\(origin) \(what)") }
        let blocks = PEMBlock.all(in: pem)
        certificates = blocks.filter { $0.label == "CERTIFICATE" }.compactMap { Base64.decode($0.content) }
        guard !certificates.isEmpty else { throw refuse("holds no PEM certificate.") }
        let keyBlocks = keyPEM.map { PEMBlock.all(in: $0) } ?? blocks
        guard let block = keyBlocks.first(where: { $0.label.hasSuffix("PRIVATE KEY") }) else {
            throw refuse("holds no PEM private key, and none is given beside it.")
        }
        guard block.label != "ENCRYPTED PRIVATE KEY", !block.content.contains("DEK-Info") else {
            throw refuse("holds an encrypted private key. Decrypt it: openssl pkcs8 -in FILE -out FILE.")
        }
        guard block.label != "EC PRIVATE KEY", let der = Base64.decode(block.content),
            let key = try? _RSA.Signing.PrivateKey(derRepresentation: der)  // CryptoKit's errors name no reason.
        else { throw refuse("holds a private key that is not RSA of 2048 bits or more.") }
        self.key = key
    }

    /// The assertion: a JSON Web Token signed with PS256 that names the certificate by its SHA-256.
    ///
    /// - Parameter audience: the token endpoint's URL.
    package func assertion(
        clientID: String, audience: String, now: Timestamp, id: String, sendsChain: Bool = false
    ) throws(AzureError) -> String {
        var header: [String: JSON] = [
            "alg": "PS256", "typ": "JWT",
            "x5t#S256": .string(Base64.encodeForURL(Array(SHA256.hash(data: certificates[0])))),
        ]
        if sendsChain { header["x5c"] = .array(certificates.map { .string(Base64.encode($0)) }) }
        let seconds = now.milliseconds / 1000
        let claims: JSON = [
            "aud": .string(audience), "iss": .string(clientID), "sub": .string(clientID), "jti": .string(id),
            "iat": .int(seconds), "nbf": .int(seconds), "exp": .int(seconds + 600),
        ]
        let signed =
            Base64.encodeForURL(JSON.object(header).canonicalBytes()) + "."
            + Base64.encodeForURL(claims.canonicalBytes())
        do {
            let signature = try key.signature(for: SHA256.hash(data: Array(signed.utf8)), padding: .PSS)
            return signed + "." + Base64.encodeForURL(Array(signature.rawRepresentation))
        } catch {
            throw AzureError(code: "azure.certificate", "The client assertion could not be signed: \(error).")
        }
    }
}
