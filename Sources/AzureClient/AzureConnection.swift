// SPDX-License-Identifier: Apache-2.0

package import CloudHTTP
package import MusterModel

/// Where to and as whom: an environment's `azure` section, secrets resolved.
package struct AzureConnection: Hashable, Sendable {
    package var tenant: String
    package var subscription: String?
    package var credential: Credential
    package var authority: WebAddress
    package var resourceManager: WebAddress
    package var resourceManagerScope: String
    package var vaultHosts: VaultHosts
    package var graph: GraphEndpoint?
    package var logAnalytics: WebAddress?
    package var logAnalyticsScope: String?
    /// Of tokens for databases; nil where a cloud of its own does not tell.
    package var databaseScope: String?
    package var versions: APIVersions
    package var caFile: String?

    /// Reads the section; `tls.ca-file` may stand in it or beside it in the environment.
    ///
    /// - Throws: ``AzureError`` `azure.connection`, naming the member that is missing or wrong.
    package init(_ section: JSON) throws(AzureError) {
        let reader = SectionReader(section, at: "azure")
        let name = try reader.optional("cloud") ?? "public"
        let cloud = Cloud.named(name)
        guard cloud != nil || name == "custom" else {
            throw reader.wrong("cloud", "is \"\(name)\"; known are public, usgovernment, china and custom")
        }
        let endpoints = try reader.section("endpoints")
        func endpoint(_ name: String, _ standard: String?) throws(AzureError) -> String {
            guard let value = try endpoints.optional(name) ?? standard else { throw endpoints.missing(name) }
            return value
        }
        authority = try endpoints.address("authority", endpoint("authority", cloud?.authority))
        let manager = try endpoint("resource-manager", cloud?.resourceManager)
        resourceManager = try endpoints.address("resource-manager", manager)
        resourceManagerScope = cloud?.resourceManagerScope ?? resourceManager.origin + "/.default"
        vaultHosts = try VaultHosts(cloud: cloud, endpoints: endpoints)
        graph = try GraphEndpoint(cloud: cloud, endpoints: endpoints)
        logAnalytics = try (try endpoints.optional("log-analytics") ?? cloud?.logAnalytics).map {
            (text) throws(AzureError) in try endpoints.address("log-analytics", text)
        }
        logAnalyticsScope = (cloud?.logAnalytics ?? logAnalytics?.origin).map { $0 + "/.default" }
        databaseScope = try endpoints.optional("database").map { $0 + "/.default" } ?? cloud?.databaseScope
        tenant = try reader.required("tenant")
        guard tenant.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == ".") }) else {
            throw reader.wrong("tenant", "is neither a GUID nor a domain name")
        }
        subscription = try reader.optional("subscription")
        credential = try Credential(reader.section("credential"))
        versions = try APIVersions(reader.section("api-versions").optional)
        caFile = try reader.section("tls").optional("ca-file")
    }

}

/// Reads strings out of a section and words what is wrong with its path. Values are never repeated: some are secrets.
struct SectionReader {
    private let members: [String: JSON]
    private let path: String
    private let notAnObject: Bool

    init(_ json: JSON?, at path: String) {
        members = json?.object ?? [:]
        notAnObject = json != nil && json != .null && json?.object == nil
        self.path = path
    }

    func optional(_ name: String) throws(AzureError) -> String? {
        if notAnObject { throw failure("\(path) is not a section") }
        switch members[name] {
        case nil, .null: return nil
        case .string(let text) where !text.isEmpty: return text
        default: throw wrong(name, "is not a text, or empty")
        }
    }

    func required(_ name: String) throws(AzureError) -> String {
        guard let value = try optional(name) else { throw missing(name) }
        return value
    }

    /// False unless it stands there.
    func flag(_ name: String) throws(AzureError) -> Bool {
        if notAnObject { throw failure("\(path) is not a section") }
        switch members[name] {
        case nil, .null: return false
        case .bool(let value): return value
        default: throw wrong(name, "is neither true nor false")
        }
    }

    func section(_ name: String) throws(AzureError) -> SectionReader {
        if notAnObject { throw failure("\(path) is not a section") }
        return SectionReader(members[name], at: "\(path).\(name)")
    }

    func address(_ name: String, _ text: String) throws(AzureError) -> WebAddress {
        guard let url = WebAddress(text.hasSuffix("/") ? String(text.dropLast()) : text), url.query.isEmpty else {
            throw wrong(name, "is not an http or https URL")
        }
        return url
    }

    func missing(_ name: String) -> AzureError { failure("\(path).\(name) is missing") }
    func wrong(_ name: String, _ what: String) -> AzureError { failure("\(path).\(name) \(what)") }

    private func failure(_ what: String) -> AzureError {
        AzureError(code: "azure.connection", "The environment's \(what).")
    }
}
