// SPDX-License-Identifier: Apache-2.0

package import CloudHTTP
internal import Glibc
package import MusterModel
internal import MusterSystem

/// Where to and as whom: an environment's `oci` section, secrets resolved.
package struct OracleConnection: Sendable {
    /// Nil when a principal's is fetched.
    package var identity: SigningIdentity?
    package var principal: Principal?
    /// For calls whose subject names no region of its own.
    package var region: Region
    /// By service, in place of the region's own; `{region}` in it stands for the region's name.
    package var endpoints: [String: String]
    /// Of `SYS`, the same on every member of a Data Guard group. Every change of roles takes it.
    package var databaseAdminPassword: String?
    /// Of the primary's wallet, which the making of a standby takes; nil: as that of `SYS`.
    package var tdeWalletPassword: String?
    package var caFile: String?

    private struct Section: Decodable {
        struct Profile: Decodable {
            var file: String?
            var name: String?
            var passPhrase: String?
            enum CodingKeys: String, CodingKey {
                case file, name
                case passPhrase = "pass-phrase"
            }
        }
        struct Credential: Decodable {
            enum Kind: String, Decodable {
                case apiKey = "api-key"
                case instancePrincipal = "instance-principal"
                case resourcePrincipal = "resource-principal"
            }
            var type: Kind?
            var tenancy: String?
            var user: String?
            var fingerprint: String?
            var key: String?
            var passPhrase: String?
            var metadataEndpoint: String?
            enum CodingKeys: String, CodingKey {
                case type, tenancy, user, fingerprint, key
                case passPhrase = "pass-phrase"
                case metadataEndpoint = "metadata-endpoint"
            }
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
        var tdeWalletPassword: String?
        var tls: TLS?

        enum CodingKeys: String, CodingKey {
            case profile, credential, region, endpoints, tls
            case databaseAdminPassword = "database-admin-password"
            case tdeWalletPassword = "tde-wallet-password"
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
        var tenancy = section.credential?.tenancy
        if let credential = section.credential {
            switch credential.type ?? .apiKey {
            case .apiKey: identity = try Self.identity(credential)
            case .instancePrincipal:
                let text = credential.metadataEndpoint ?? Principal.instanceMetadata
                guard let metadata = WebAddress(text.hasSuffix("/") ? String(text.dropLast()) : text) else {
                    throw Self.wrong("credential.metadata-endpoint is not an http or https URL")
                }
                principal = .instance(metadata: metadata)
            case .resourcePrincipal:
                let variables = try ResourceVariables { getenv($0).map { String(cString: $0) } }
                principal = .resource(variables)
                if regionText == nil { regionText = variables.region }
            }
        } else {
            let file = Self.expanded(section.profile?.file ?? "~/.oci/config")
            let text = try Self.read(file)
            let profile = try ConfigProfile(section.profile?.name ?? "DEFAULT", in: text, file: file)
            identity = try Self.identity(profile, passPhrase: section.profile?.passPhrase)
            if regionText == nil { regionText = try profile.required("region") }
            tenancy = profile.optional("tenancy")
        }
        guard let regionText else { throw Self.wrong("region is missing") }
        region = Region(regionText, realm: tenancy.flatMap { OracleID($0)?.realm })
        endpoints = section.endpoints ?? [:]
        databaseAdminPassword = section.databaseAdminPassword
        tdeWalletPassword = section.tdeWalletPassword
        caFile = section.tls?.caFile
        for service in OracleService.allCases { _ = try address(of: service, in: region) }
    }

    private static func identity(_ credential: Section.Credential) throws(OracleError) -> SigningIdentity {
        guard let tenancy = credential.tenancy, let user = credential.user, let fingerprint = credential.fingerprint,
            let key = credential.key
        else { throw wrong("a credential of type api-key needs tenancy, user, fingerprint and key") }
        return try SigningIdentity(
            tenancy: tenancy, user: user, fingerprint: fingerprint, pem: key, passPhrase: credential.passPhrase,
            origin: "The environment's oci.credential.key")
    }

    /// - Parameter passPhrase: the environment's, in place of the profile's own.
    private static func identity(
        _ profile: ConfigProfile, passPhrase: String?
    ) throws(OracleError) -> SigningIdentity {
        let keyFile = expanded(try profile.required("key_file"))
        let pem = try read(keyFile)
        let phrase = passPhrase ?? profile.optional("pass_phrase")
        if let tokenFile = profile.optional("security_token_file") {
            return try SigningIdentity(
                sessionToken: try read(expanded(tokenFile)), pem: pem, passPhrase: phrase, origin: keyFile)
        }
        return try SigningIdentity(
            tenancy: try profile.required("tenancy"), user: try profile.required("user"),
            fingerprint: try profile.required("fingerprint"), pem: pem, passPhrase: phrase, origin: keyFile)
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
    /// Where compute instances get their sessions.
    case auth
    case database
    case dbmulticloud
    case workRequests = "workrequests"

    /// Work requests of the database service are kept by the core service's host, `iaas`.
    var template: String {
        switch self {
        case .auth: "https://auth.{region}.{domain}"
        case .database: "https://database.{region}.{domain}"
        // Newer services have `.oci.` before the domain.
        case .dbmulticloud: "https://dbmulticloud.{region}.oci.{domain}"
        case .workRequests: "https://iaas.{region}.{domain}"
        }
    }
}

private func replacing(_ name: String, in text: String, with value: String) -> String {
    text.split(separator: name, omittingEmptySubsequences: false).joined(separator: value)
}
