// SPDX-License-Identifier: Apache-2.0

package import CloudHTTP
internal import Glibc
package import MusterModel
internal import MusterSystem

/// Where to and as whom: an environment's `oci` section, secrets resolved.
package struct OracleConnection: Sendable {
    package var identity: SigningIdentity
    /// For calls whose subject names no region of its own.
    package var region: Region
    /// By service, in place of the region's own; `{region}` in it stands for the region's name.
    package var endpoints: [String: String]
    /// Of `SYS`, the same on every member of a Data Guard group. Every change of roles takes it.
    package var databaseAdminPassword: String?
    package var caFile: String?

    private struct Section: Decodable {
        struct Profile: Decodable {
            var file: String?
            var name: String?
        }
        struct Credential: Decodable {
            var tenancy: String
            var user: String
            var fingerprint: String
            var key: String
        }
        struct TLS: Decodable {
            var caFile: String?
            enum CodingKeys: String, CodingKey { case caFile = "ca-file" }
        }

        var profile: Profile?
        var credential: Credential?
        var region: String?
        var endpoints: [String: String]?
        var databaseAdminPassword: String?
        var tls: TLS?

        enum CodingKeys: String, CodingKey {
            case profile, credential, region, endpoints, tls
            case databaseAdminPassword = "database-admin-password"
        }
    }

    /// Longest configuration, key or token that is read.
    private static let fileBytesMax = 65_536

    /// Reads the section, and the files that its profile names.
    ///
    /// - Throws: ``OracleError`` `oracle.connection`, `oracle.profile` or `oracle.key`.
    package init(_ json: JSON) throws(OracleError) {
        let section: Section
        do {
            section = try json.decode(Section.self)
        } catch {
            throw Self.wrong(describeDecodingError(error))
        }
        guard (section.profile == nil) != (section.credential == nil) else {
            throw Self.wrong("it needs either a profile or a credential")
        }
        var regionText = section.region
        if let credential = section.credential {
            identity = try SigningIdentity(
                tenancy: credential.tenancy, user: credential.user, fingerprint: credential.fingerprint,
                pem: credential.key, origin: "The environment's oci.credential.key")
        } else {
            let file = Self.expanded(section.profile?.file ?? "~/.oci/config")
            let text = try Self.read(file)
            let profile = try ConfigProfile(section.profile?.name ?? "DEFAULT", in: text, file: file)
            identity = try Self.identity(profile)
            if regionText == nil { regionText = try profile.required("region") }
        }
        guard let regionText else { throw Self.wrong("region is missing") }
        region = Region(regionText)
        endpoints = section.endpoints ?? [:]
        databaseAdminPassword = section.databaseAdminPassword
        caFile = section.tls?.caFile
        for service in OracleService.allCases { _ = try address(of: service, in: region) }
    }

    private static func identity(_ profile: ConfigProfile) throws(OracleError) -> SigningIdentity {
        let keyFile = expanded(try profile.required("key_file"))
        let pem = try read(keyFile)
        if let tokenFile = profile.optional("security_token_file") {
            return try SigningIdentity(sessionToken: try read(expanded(tokenFile)), pem: pem, origin: keyFile)
        }
        return try SigningIdentity(
            tenancy: try profile.required("tenancy"), user: try profile.required("user"),
            fingerprint: try profile.required("fingerprint"), pem: pem, origin: keyFile)
    }

    private static func read(_ path: String) throws(OracleError) -> String {
        do throws(FileReadError) {
            return String(decoding: try readFile(path, limit: fileBytesMax), as: UTF8.self)
        } catch {
            throw OracleError(code: "oracle.profile", error.message)
        }
    }

    /// `~` is the user's home, as Oracle's own tools read it.
    private static func expanded(_ path: String) -> String {
        guard path.hasPrefix("~/"), let home = getenv("HOME") else { return path }
        return String(cString: home) + path.dropFirst(1)
    }

    /// The service's base address in that region, without its API version and without a slash at its end.
    ///
    /// - Throws: ``OracleError`` `oracle.connection` when an endpoint is no address.
    package func address(of service: OracleService, in region: Region) throws(OracleError) -> WebAddress {
        let template = endpoints[service.rawValue] ?? service.template
        let text = replacing(
            "{domain}", in: replacing("{region}", in: template, with: region.name), with: region.domain)
        // A slash at the end would be signed doubled.
        guard let address = WebAddress(text.hasSuffix("/") ? String(text.dropLast()) : text), address.query.isEmpty
        else {
            throw Self.wrong("endpoints.\(service.rawValue) is not an http or https URL")
        }
        return address
    }

    private static func wrong(_ what: String) -> OracleError {
        OracleError(code: "oracle.connection", "The environment's oci section cannot be used: \(what).")
    }
}

/// The services that are called, by their name under `endpoints`.
package enum OracleService: String, Hashable, Sendable, CaseIterable {
    case database
    case workRequests = "workrequests"

    /// Work requests of the database service are kept by the core service's host, `iaas`.
    var template: String {
        switch self {
        case .database: "https://database.{region}.{domain}"
        case .workRequests: "https://iaas.{region}.{domain}"
        }
    }
}

private func replacing(_ name: String, in text: String, with value: String) -> String {
    text.split(separator: name, omittingEmptySubsequences: false).joined(separator: value)
}
