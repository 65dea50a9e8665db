// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps

/// The keys that protect the servers of a group at this moment, and what each server can do with them.
///
/// After a failover the new primary must unwrap with the key of the old one, and after coming back the other way round.
struct ProtectingKeys: Sendable {
    let servers: [ServerView]
    /// Of each server, in the same order; nil inside for the service's own key.
    let keys: [Result<KeyIdentifier?, AzureError>]

    init(_ servers: [ServerView]) {
        self.servers = servers
        keys = servers.map(Self.key)
    }

    private static func key(_ server: ServerView) -> Result<KeyIdentifier?, AzureError> {
        server.protector.flatMap { protector in
            guard protector.properties.serverKeyType == "AzureKeyVault" else { return .success(nil) }
            guard let key = protector.properties.uri.flatMap({ KeyIdentifier($0) }) else {
                return .failure(
                    AzureError(
                        code: "azure.unknown-key",
                        "The protector \(protector.keyName) of \(server.id.name) names no key version that is understood."
                    ))
            }
            return .success(key)
        }
    }

    /// The sentence for each key of a server; what is said of the other servers is up to the caller.
    private func each(_ look: (KeyIdentifier, ServerView) async throws -> Finding) async throws -> Finding {
        var findings: [Finding] = []
        for (server, key) in zip(servers, keys) {
            switch key {
            case .failure(let error):
                findings.append(.unverifiable("The protector of \(server.id.name) could not be read: \(error)"))
            case .success(nil): findings.append(.met("\(server.id.name) uses the service's own key."))
            case .success(let key?): findings.append(try await look(key, server))
            }
        }
        return .all(findings, none: "No server was read.")
    }

    func areKnown() async throws -> Finding {
        try await each { key, owner in
            .all(servers.filter { $0.id != owner.id }.map { $0.knows(key) }, none: "")
        }
    }

    func areUsable(_ session: AzureSession) async throws -> Finding {
        try await each { key, owner in try await KeyView.read(key, for: owner.id, session).isUsable }
    }

    func areReachable(_ session: AzureSession) async throws -> Finding {
        try await each { key, owner in
            let view = try await KeyView.read(key, for: owner.id, session)
            var findings: [Finding] = []
            for server in servers {
                findings.append(try await KeyAccess(view: view, server: server, azure: session.azure).finding())
            }
            return .all(findings, none: "")
        }
    }
}
