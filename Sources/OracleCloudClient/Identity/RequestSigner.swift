// SPDX-License-Identifier: Apache-2.0

package import CloudHTTP
internal import Crypto
internal import CryptoExtras
package import MusterModel

/// Oracle's request signature, version 1: the draft `cavage-http-signatures-08` with RSA and SHA-256
/// (docs.oracle.com/iaas/Content/API/Concepts/signingrequests.htm).
package struct RequestSigner: Sendable {
    package let identity: SigningIdentity

    package init(identity: SigningIdentity) { self.identity = identity }

    /// The request with `date`, `host`, what describes its body, and the signature over them.
    ///
    /// - Parameter withHost: false for the federation endpoint alone, which wants the host unsigned.
    /// - Throws: ``OracleError`` `oracle.signature` when the key does not sign.
    package func signed(
        _ request: HTTPRequest, at moment: Timestamp, withHost: Bool = true
    ) throws(OracleError) -> HTTPRequest {
        var request = request
        request.headers["date"] = httpDateText(moment)
        request.headers["host"] = Self.authority(request.url)
        request.headers["content-type"] = "application/json"
        var names = ["date", "(request-target)"] + (withHost ? ["host"] : [])
        if [.post, .put, .patch].contains(request.method) {
            let body = request.body ?? []
            request.headers["content-length"] = String(body.count)
            request.headers["x-content-sha256"] = Base64.encode(Array(SHA256.hash(data: body)))
            names += ["content-length", "content-type", "x-content-sha256"]
        }
        let text = Self.signingText(request, names)
        let signature: [UInt8]
        do {
            let digest = SHA256.hash(data: Array(text.utf8))
            signature = Array(
                try identity.key.signature(for: digest, padding: .insecurePKCS1v1_5).rawRepresentation)
        } catch {
            throw OracleError(code: "oracle.signature", "The request could not be signed: \(error).")
        }
        request.headers["authorization"] =
            "Signature algorithm=\"rsa-sha256\",headers=\"\(names.joined(separator: " "))\","
            + "keyId=\"\(identity.keyID)\",signature=\"\(Base64.encode(signature))\",version=\"1\""
        return request
    }

    static func signingText(_ request: HTTPRequest, _ names: [String]) -> String {
        names.map { name in
            name == "(request-target)"
                ? "\(name): \(request.method.rawValue.lowercased()) \(request.url.target)"
                : "\(name): \(request.headers[name] ?? "")"
        }.joined(separator: "\n")
    }

    /// Host, with the port when the URL has one.
    private static func authority(_ url: WebAddress) -> String {
        String(url.origin.dropFirst(url.isSecure ? 8 : 7))
    }
}
