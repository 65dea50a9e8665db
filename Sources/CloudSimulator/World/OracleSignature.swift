// SPDX-License-Identifier: Apache-2.0

internal import Crypto
internal import CryptoExtras
internal import MusterModel

/// The user of the simulated Oracle cloud. Its private key leaves the process by the ready line alone.
package struct OracleUser: Sendable {
    package let tenancy = "ocid1.tenancy.oc1..simulatedtenancy"
    package let user = "ocid1.user.oc1..simulateduser"
    package let fingerprint: String
    /// PKCS#8.
    package let privateKeyPEM: String
    let publicKey: _RSA.Signing.PublicKey

    /// With a new key of 2048 bits.
    package init() throws {
        let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        publicKey = key.publicKey
        privateKeyPEM = key.pkcs8PEMRepresentation
        let digits = Array("0123456789abcdef")
        fingerprint = Insecure.MD5.hash(data: publicKey.derRepresentation).map {
            "\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])"
        }.joined(separator: ":")
    }

    /// Why the request is not signed by this user as the service demands it; nil when it is
    /// (docs.oracle.com/iaas/Content/API/Concepts/signingrequests.htm). The date's age is not looked at: the simulated clock
    /// need not be the client's.
    func mismatch(_ request: SimulatedRequest) -> String? {
        guard let header = request.headers["authorization"], header.hasPrefix("Signature ") else {
            return "The request is not signed."
        }
        let parts = Self.parts(header.dropFirst("Signature ".count))
        guard parts["keyId"] == "\(tenancy)/\(user)/\(fingerprint)" else { return "The key id is unknown." }
        guard parts["algorithm"] == "rsa-sha256", parts["version"] == "1" else { return "The algorithm is unknown." }
        let names = (parts["headers"] ?? "").split(separator: " ").map(String.init)
        let changes = ["POST", "PUT", "PATCH"].contains(request.method)
        let required =
            ["date", "(request-target)", "host"]
            + (changes ? ["content-length", "content-type", "x-content-sha256"] : [])
        if let missing = required.first(where: { !names.contains($0) }) { return "\(missing) is not signed." }
        if changes, request.headers["x-content-sha256"] != base64(SHA256.hash(data: request.body)) {
            return "x-content-sha256 is not that of the body."
        }
        let text = names.map { name in
            switch name {
            case "(request-target)": "\(name): \(request.method.lowercased()) \(request.target)"
            case "host": "\(name): \(request.host)"
            default: "\(name): \(request.headers[name] ?? "")"
            }
        }.joined(separator: "\n")
        guard let bytes = base64Decoded(parts["signature"] ?? "") else { return "The signature is no Base64." }
        let signature = _RSA.Signing.RSASignature(rawRepresentation: bytes)
        let isValid = publicKey.isValidSignature(
            signature, for: SHA256.hash(data: Array(text.utf8)), padding: .insecurePKCS1v1_5)
        return isValid ? nil : "The signature does not fit."
    }

    /// `name="value"`, separated by commas.
    private static func parts(_ text: Substring) -> [String: String] {
        var parts: [String: String] = [:]
        for match in text.matches(of: /(\w+)="([^"]*)"/) { parts[String(match.1)] = String(match.2) }
        return parts
    }
}

private func base64(_ bytes: some Sequence<UInt8>) -> String {
    let text = base64URL(bytes).map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
    return String(text) + String(repeating: "=", count: (4 - text.count % 4) % 4)
}

private func base64Decoded(_ text: String) -> [UInt8]? {
    base64URLDecoded(String(text.filter { $0 != "=" }.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 }))
}

/// `Thu, 05 Jan 2034 21:31:40 GMT`, as clients date their requests.
func clientDate(_ text: String) -> Timestamp? {
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let words = text.split(separator: " ")
    guard words.count == 6, let month = months.firstIndex(of: String(words[2])) else { return nil }
    return Timestamp("\(words[3])-\(month < 9 ? "0" : "")\(month + 1)-\(words[1])T\(words[4])Z")
}
