// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps

/// What is asked of a failover group.
extension GroupView {
    static func exists(_ view: Result<GroupView, AzureError>, _ group: ResourceID) -> Finding {
        found(view, group) { .met("\($0.name) joins \($0.sides.map(\.server.name).joined(separator: " and ")).") }
    }

    static func joins(_ view: Result<GroupView, AzureError>, _ group: ResourceID, _ target: ResourceID) -> Finding {
        found(view, group) { view in
            view.side(target) == nil
                ? .unmet("\(target.name) is not a server of \(view.name).")
                : .met("\(view.name) joins \(view.sides.map(\.server.name).joined(separator: " and ")).")
        }
    }

    private static func found(
        _ view: Result<GroupView, AzureError>, _ group: ResourceID, _ look: (GroupView) -> Finding
    ) -> Finding {
        if case .failure(let error) = view, error.isNotFound {
            return .unmet("There is no failover group \(group.name): \(error.message)")
        }
        return view.finding(look)
    }

    var isCaughtUpFinding: Finding {
        if case .unclear(let why) = roles { return .unmet(why) }
        return .all(
            sides.map { side in
                side.group.finding { group in
                    switch group.properties.replicationState {
                    case "CATCH_UP": .met("\(name) is CATCH_UP on \(side.server.name).")
                    case let state?: .unmet("\(name) is \(state) on \(side.server.name), not CATCH_UP.")
                    case nil: .unverifiable("\(name) does not say its state on \(side.server.name).")
                    }
                }
            }, none: "")
    }

    /// The server itself says so.
    func has(_ role: String, _ server: ResourceID) -> Finding {
        guard let side = side(server) else { return .unmet("\(server.name) is not a server of \(name).") }
        return side.group.finding { group in
            switch group.properties.replicationRole {
            case role?: .met("\(server.name) is \(role) of \(name).")
            case let other?: .unmet("\(server.name) is \(other) of \(name), not \(role).")
            case nil: .unverifiable("\(server.name) does not say its role in \(name).")
            }
        }
    }

    func isServed(by server: ResourceID) -> Finding {
        guard let partner = partner(of: server) else { return .unmet("\(server.name) is not a server of \(name).") }
        return .all([has("Primary", server), has("Secondary", partner)], none: "")
    }

    /// Each database of the group has a link from the primary to its partner, and that is CATCH_UP.
    func linksAreCaughtUp(_ sql: SQLOperations) async throws -> Finding {
        guard case .settled(let primary, let secondary) = roles else { return .unmet("The roles are not settled.") }
        let databases = databases
        guard !databases.isEmpty else { return .unmet("\(name) holds no database, so nothing is replicated.") }
        let links = try await attempt { () throws(AzureError) in try await sql.replicationLinks(primary) }
        return links.finding { links in
            .all(
                databases.map { database in
                    let link = links.first { link in
                        link.id.parent?.name.lowercased() == database.lowercased()
                            && link.properties.partnerServer?.lowercased() == secondary.name.lowercased()
                    }
                    guard let link else { return .unmet("\(database) has no replication link to \(secondary.name).") }
                    switch link.properties.replicationState {
                    case "CATCH_UP": return .met("\(database) is CATCH_UP with \(secondary.name).")
                    case let state?: return .unmet("\(database) is \(state) with \(secondary.name), not CATCH_UP.")
                    case nil: return .unverifiable("The link of \(database) does not say its state.")
                    }
                }, none: "")
        }
    }
}
