// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps

/// A failover group as each of its two servers tells it at one moment.
struct GroupView: Sendable {
    struct Side: Sendable {
        let server: ResourceID
        let group: Result<SQLFailoverGroup, AzureError>

        /// `Primary` or `Secondary`; nil when the server could not be asked or does not say.
        var role: String? { told(\.replicationRole) }
        /// `CATCH_UP` when all is well.
        var state: String? { told(\.replicationState) }

        private func told(_ property: KeyPath<SQLFailoverGroup.Properties, String?>) -> String? {
            guard case .success(let group) = group else { return nil }
            return group.properties[keyPath: property]
        }
    }

    enum Roles: Hashable, Sendable {
        case settled(primary: ResourceID, secondary: ResourceID)
        /// Both or none say that they are primary, as in the middle of a failover.
        case unclear(String)
    }

    let name: String
    /// Two; first the one that was asked first.
    let sides: [Side]

    /// - Parameter other: asked when the server of the group's id gives no answer, as when its region is down.
    static func read(
        _ group: ResourceID, or other: ResourceID? = nil, _ sql: SQLOperations
    ) async throws(AzureError) -> GroupView {
        guard let owner = group.parent else { throw AzureError(code: "azure.not-a-group", "\(group) has no server.") }
        var first = await side(owner, group.name, sql)
        if case .failure(let error) = first.group {
            guard let other, other != owner else { throw error }
            first = await side(other, group.name, sql)
            guard case .success = first.group else { throw error }
        }
        guard let partner = try first.group.get().properties.partnerServers.first?.id else {
            throw AzureError(code: "azure.no-partner", "\(group.name) has no partner server.")
        }
        return GroupView(name: group.name, sides: [first, await side(partner, group.name, sql)])
    }

    private static func side(_ server: ResourceID, _ group: String, _ sql: SQLOperations) async -> Side {
        do throws(AzureError) {
            return Side(server: server, group: .success(try await sql.failoverGroup(server, group)))
        } catch {
            return Side(server: server, group: .failure(error))
        }
    }

    /// What one server alone tells counts only while the other can't be asked.
    var roles: Roles {
        let told = sides.map { $0.role }
        switch (told[0], told[1]) {
        case ("Primary", "Secondary"), ("Primary", nil), (nil, "Secondary"):
            return .settled(primary: sides[0].server, secondary: sides[1].server)
        case ("Secondary", "Primary"), ("Secondary", nil), (nil, "Primary"):
            return .settled(primary: sides[1].server, secondary: sides[0].server)
        default:
            let all = sides.map { "\($0.server.name) says \($0.role ?? "nothing")" }.joined(separator: ", ")
            return .unclear("The roles in \(name) are not settled: \(all).")
        }
    }

    var primary: ResourceID? { if case .settled(let primary, _) = roles { primary } else { nil } }

    func partner(of server: ResourceID) -> ResourceID? {
        guard sides.contains(where: { $0.server == server }) else { return nil }
        return sides.first { $0.server != server }?.server
    }

    func side(_ server: ResourceID) -> Side? { sides.first { $0.server == server } }

    var isCaughtUp: Bool { sides.allSatisfy { $0.state == "CATCH_UP" } }

    /// One word where both servers say the same, else what each says.
    var replication: String {
        let told = sides.map { $0.state ?? "not known" }
        return told[0] == told[1]
            ? told[0] : zip(sides, told).map { "\($1) on \($0.server.name)" }.joined(separator: ", ")
    }

    /// Names of the group's databases, in order.
    var databases: [String] {
        for side in sides {
            guard case .success(let group) = side.group, let ids = group.properties.databases else { continue }
            return ids.map { ResourceID($0)?.name ?? $0 }.sorted()
        }
        return []
    }
}
