// SPDX-License-Identifier: Apache-2.0

package import AzureClient

/// What the checks need to know of one server, read at one go. Each part may have failed by itself.
package struct ServerView: Sendable {
    /// A failover group as this server and its partners see it.
    package struct Group: Sendable {
        package var own: SQLFailoverGroup
        package var partners: [(server: ResourceID, view: Result<SQLFailoverGroup, AzureError>)]
    }

    package var id: ResourceID
    package var server: Result<SQLServer, AzureError>
    package var keys: Result<[SQLServerKey], AzureError>
    package var protector: Result<SQLEncryptionProtector, AzureError>
    package var operations: Result<[SQLServerOperation], AzureError>
    package var inaccessible: Result<[SQLDatabase], AzureError>
    package var groups: Result<[Group], AzureError>

    /// - Throws: ``AzureError`` when no answer came at all, or no token: then nothing can be checked.
    package static func read(_ id: ResourceID, _ sql: SQLOperations) async throws -> ServerView {
        let server = try await attempt { () throws(AzureError) in try await sql.server(id) }
        if case .failure(let error) = server, error.status == nil || error.code.hasPrefix("AADSTS") { throw error }
        async let keys = attempt { () throws(AzureError) in try await sql.keys(id) }
        async let protector = attempt { () throws(AzureError) in try await sql.protector(id) }
        async let operations = attempt { () throws(AzureError) in try await sql.operations(id) }
        async let inaccessible = attempt { () throws(AzureError) in try await sql.inaccessibleDatabases(id) }
        async let groups = readGroups(id, sql)
        return ServerView(
            id: id, server: server, keys: try await keys, protector: try await protector,
            operations: try await operations, inaccessible: try await inaccessible, groups: try await groups)
    }

    private static func readGroups(_ id: ResourceID, _ sql: SQLOperations) async throws -> Result<[Group], AzureError> {
        switch try await attempt({ () throws(AzureError) in try await sql.failoverGroups(id) }) {
        case .failure(let error): return .failure(error)
        case .success(let groups):
            var views: [Group] = []
            for group in groups {
                var view = Group(own: group, partners: [])
                for partner in group.properties.partnerServers {
                    let seen = try await attempt { () throws(AzureError) in
                        try await sql.failoverGroup(partner.id, group.name)
                    }
                    view.partners.append((partner.id, seen))
                }
                views.append(view)
            }
            return .success(views)
        }
    }

    /// The partners of all failover groups, each once.
    package var partners: Result<[ResourceID], AzureError> {
        groups.map { groups in
            groups.flatMap(\.partners).map(\.server).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        }
    }

    package func hasKey(_ key: KeyIdentifier) -> Result<Bool, AzureError> {
        keys.map { $0.contains { $0.isKey(key) } }
    }
}

extension SQLServerKey {
    /// Registered under its name and for its very URI.
    package func isKey(_ key: KeyIdentifier) -> Bool {
        name.lowercased() == key.serverKeyName.lowercased()
            && (properties.uri.flatMap { KeyIdentifier($0) }.map { $0 == key } ?? false)
    }
}
