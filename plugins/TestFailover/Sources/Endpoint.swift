// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import MusterPlugin
internal import MusterSQL

/// A DNS name that databases are reached by.
struct Endpoint: Sendable {
    /// Short name of the server or of the failover group.
    let name: String
    let host: String

    /// The server itself, whichever role it has.
    init(server: ResourceID, _ session: AzureSession) async throws {
        name = server.name
        host = try await Self.host(of: server, session)
    }

    /// The server itself, also when it can't be read: then in the domain of another, for a cloud has one for all servers.
    ///
    /// - Returns: nil when neither tells its DNS name.
    init?(server: ResourceID, read: Result<SQLServer, AzureError>, like other: Result<SQLServer, AzureError>) {
        func told(_ read: Result<SQLServer, AzureError>) -> String? {
            if case .success(let server) = read { server.properties.fullyQualifiedDomainName } else { nil }
        }
        let host =
            told(read)
            ?? told(other).flatMap { host in
                host.firstIndex(of: ".").map { server.name + host[$0...] }
            }
        guard let host else { return nil }
        (name, self.host) = (server.name, host)
    }

    /// The group's read-write listener, which leads to whichever server is primary: the server's name with its first
    /// label replaced (learn.microsoft.com/azure/azure-sql/database/failover-group-sql-db).
    init(listenerOf view: GroupView, _ session: AzureSession) async throws {
        name = view.name
        var domain: Substring?
        var failure: (any Error)?
        for side in view.sides where domain == nil {
            do {
                let host = try await Self.host(of: side.server, session)
                domain = host.firstIndex(of: ".").map { host[$0...] }
            } catch {
                try Task.checkCancellation()
                failure = error
            }
        }
        guard let domain else {
            throw failure ?? StepError.permanent("test-failover.no-host", "\(view.name) has no listener that is known.")
        }
        host = view.name + domain
    }

    private static func host(of server: ResourceID, _ session: AzureSession) async throws -> String {
        guard let host = try await session.azure.sql.server(server).properties.fullyQualifiedDomainName else {
            throw StepError.retryable("test-failover.no-host", "\(server.name) does not tell its DNS name.")
        }
        return host
    }

    func target(_ database: String, _ intent: SQLTarget.Intent) -> SQLTarget {
        SQLTarget(server: name, host: host, database: database, intent: intent)
    }
}
