// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
package import MusterModel
package import OracleCloudClient

/// A Data Guard group as its members see it, read at one go. The region of a peer may be down: then only what the
/// others say of it is known.
package struct DataGuardView: Sendable {
    package typealias Read = Result<Tagged<OracleDatabase>, OracleError>

    /// The database that the step is about.
    package var target: Tagged<OracleDatabase>
    /// The group's other members, in its order.
    package var peers: [(id: OracleID, read: Read)]
    package var now: Timestamp

    package init(target: Tagged<OracleDatabase>, peers: [(id: OracleID, read: Read)], now: Timestamp) {
        self.target = target
        self.peers = peers
        self.now = now
    }

    /// - Throws: ``OracleError`` when the database itself cannot be read: then nothing can be said.
    package static func read(_ id: OracleID, _ session: OracleSession) async throws -> DataGuardView {
        let databases = session.oracle.databases
        let target = try await databases.database(id)
        var peers: [(OracleID, Read)] = []
        for member in target.value.dataGuardGroup?.members ?? [] where member.databaseId != id {
            do throws(OracleError) {
                peers.append((member.databaseId, .success(try await databases.database(member.databaseId))))
            } catch {
                try Task.checkCancellation()
                peers.append((member.databaseId, .failure(error)))
            }
        }
        return DataGuardView(target: target, peers: peers, now: session.time.now)
    }

    package var id: OracleID { target.value.id }
    package var name: String { target.value.label }

    /// The role that the target gives to a member; its own is the target's own account.
    package func role(of id: OracleID) -> String? { entry(of: id, by: target.value)?.role }

    /// The role that a peer gives to itself; nil when the peer could not be read.
    package func ownRole(of id: OracleID) -> String? { database(id).flatMap { entry(of: id, by: $0)?.role } }

    package func database(_ id: OracleID) -> OracleDatabase? {
        if id == self.id { return target.value }
        guard case .success(let read)? = peers.first(where: { $0.id == id })?.read else { return nil }
        return read.value
    }

    /// For people; the id where the database could not be read.
    package func label(_ id: OracleID) -> String { database(id)?.label ?? id.text }

    /// What the target says of its own lags and readiness.
    package var status: DataGuardMember? { entry(of: id, by: target.value) }

    /// What a member says of its own lags and readiness; where it cannot be read, what the target says of it.
    package func status(of id: OracleID) -> DataGuardMember? {
        database(id).flatMap { entry(of: id, by: $0) } ?? entry(of: id, by: target.value)
    }

    private func entry(of id: OracleID, by database: OracleDatabase) -> DataGuardMember? {
        database.dataGuardGroup?.members?.first { $0.databaseId == id }
    }

    /// The members that are primary by anybody's account, the target's or their own.
    package var primaries: [OracleID] {
        ([id] + peers.map(\.id)).filter {
            role(of: $0) == DataGuardRole.primary || ownRole(of: $0) == DataGuardRole.primary
        }
    }

    /// `SALES_FRA (eu-frankfurt-1) is PRIMARY, SALES_IAD (us-ashburn-1) is STANDBY`
    package var roles: String {
        ([id] + peers.map(\.id)).map { id in
            let said = role(of: id) ?? "in no group"
            let own = id == self.id ? nil : ownRole(of: id)
            return "\(label(id)) is \(said)" + (own.map { $0 == said ? "" : " and says of itself \($0)" } ?? "")
        }.joined(separator: ", ")
    }

    /// For outputs and people: `apply lag 0 seconds, transport lag 1 second`, of the standby that is asked for.
    package func replication(of id: OracleID) -> String {
        guard let member = status(of: id) else { return "unknown" }
        return "apply lag \(member.applyLag ?? "unknown"), transport lag \(member.transportLag ?? "unknown")"
    }
}

/// For evidence: a group's members with what they said.
package struct DataGuardEvidence: Codable, Hashable, Sendable {
    package struct Entry: Codable, Hashable, Sendable {
        package var database: String
        package var name: String?
        package var lifecycleState: String?
        package var etag: String?
        package var group: DataGuardGroup?
        package var failure: String?
    }

    package var members: [Entry]

    package init(_ view: DataGuardView) {
        members = ([(view.id, .success(view.target))] + view.peers).map { id, read in
            switch read {
            case .success(let read):
                Entry(
                    database: id.text, name: read.value.label, lifecycleState: read.value.lifecycleState,
                    etag: read.etag, group: read.value.dataGuardGroup)
            case .failure(let error): Entry(database: id.text, failure: "\(error)")
            }
        }
    }
}
