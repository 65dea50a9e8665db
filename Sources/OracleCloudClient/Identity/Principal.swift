// SPDX-License-Identifier: Apache-2.0

package import CloudHTTP
internal import MusterModel
internal import MusterSystem

/// As whom a machine or a function of Oracle's cloud signs: by a token that is fetched, and fetched again before it ends.
package enum Principal: Hashable, Sendable {
    /// A compute instance, by the certificate that its metadata service hands out.
    case instance(metadata: WebAddress)
    /// What runs in a service of Oracle's, by the variables that the service sets (version 2.2).
    case resource(ResourceVariables)

    package static let instanceMetadata = "http://169.254.169.254/opc/v2"
}

/// Texts, or the absolute paths of files that hold them: those are read again when the token ends.
package struct ResourceVariables: Hashable, Sendable {
    package var token: String
    package var key: String
    package var passPhrase: String?
    package var region: String

    /// - Parameter variable: reads a variable of the process; nil when it is unset.
    /// - Throws: ``OracleError`` `oracle.connection`, naming what is missing.
    package init(_ variable: (String) -> String?) throws(OracleError) {
        func required(_ name: String) throws(OracleError) -> String {
            let full = "OCI_RESOURCE_PRINCIPAL_\(name)"
            guard let value = variable(full), !value.isEmpty else {
                throw OracleError(
                    code: "oracle.connection", "\(full) is not set, so that this is no resource principal.",
                    remedy: "Run where Oracle's service sets it, or give another credential in the environment.")
            }
            return value
        }
        let version = try required("VERSION")
        guard version == "2.2" else {
            throw OracleError(
                code: "oracle.connection", "OCI_RESOURCE_PRINCIPAL_VERSION is \(version); only 2.2 is known.")
        }
        token = try required("RPST")
        key = try required("PRIVATE_PEM")
        passPhrase = variable("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM_PASSPHRASE")
        region = try required("REGION")
    }

    /// Read at each use.
    func identity() throws(OracleError) -> SigningIdentity {
        try SigningIdentity(
            sessionToken: try Self.text(token), pem: try Self.text(key),
            passPhrase: try passPhrase.map { value throws(OracleError) in try Self.text(value) },
            origin: "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM")
    }

    private static func text(_ value: String) throws(OracleError) -> String {
        guard value.hasPrefix("/") else { return value }
        do throws(FileReadError) {
            return String(decoding: try readFile(value, limit: 65_536), as: UTF8.self)
        } catch {
            throw OracleError(code: "oracle.connection", error.message)
        }
    }
}

/// When a session's token ends; nil when it does not say in a way that is known.
func expiry(ofToken token: String) -> Timestamp? {
    let parts = token.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3 else { return nil }
    let plain = parts[1].map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
    let padded = String(plain) + String(repeating: "=", count: (4 - plain.count % 4) % 4)
    // A token that cannot be read is sent as it is: the service is the judge of it.
    guard let bytes = Base64.decode(padded), let claims = try? JSON.parse(bytes), let seconds = claims["exp"]?.int
    else {
        return nil
    }
    return Timestamp(milliseconds: min(seconds, 1 << 40) * 1000)
}
