// SPDX-License-Identifier: Apache-2.0

internal import CloudSteps
package import MusterPlugin
package import OracleCloudClient

/// What the service says of a database that a run has made.
package enum Presence: Sendable {
    case there(OracleDatabase)
    /// Never made, `TERMINATED`, or not to be found by its OCID.
    case gone
    /// Two answers that cannot both be true, in words.
    case disputed(String)

    /// Something works on it, or it is about to end: nil when not.
    package var unrest: String? {
        guard case .there(let database) = self, database.isBusy || database.lifecycleState == "TERMINATING" else {
            return nil
        }
        return "\(database.label) is \(database.lifecycleState)."
    }
}

/// The databases of a cluster, as far as the service's lists agree.
package struct ListedDatabases<Item: Sendable>: Sendable {
    package var all: [Item]
    /// Why a list that shows too little cannot be believed; nil when nothing speaks against it.
    package var doubt: String?
}

extension OracleSession {
    /// The databases on the cluster, ended ones included. What a home of the cluster shows and the cluster's list does
    /// not is added and told.
    ///
    /// - Parameter compartment: that the cluster was in; it may have been moved since, and its databases with it.
    package func databases(
        on cluster: OracleID, in compartment: OracleID
    ) async throws -> ListedDatabases<OracleDatabase> {
        var all: [OracleDatabase] = []
        var byHome: [OracleDatabase] = []
        for place in try await compartments(of: cluster, besides: compartment) {
            all += try await oracle.databases.databases(on: cluster, in: place)
            for home in try await oracle.databases.homes(on: cluster, in: place) {
                byHome += try await oracle.databases.databases(of: home.id, in: place)
            }
        }
        let known = Set(all.map(\.id))
        let hidden = byHome.filter { !known.contains($0.id) && $0.isLive }
        return ListedDatabases(all: all + hidden, doubt: Self.doubt(hidden.map(\.label)))
    }

    static func doubt(_ hidden: [String]) -> String? {
        if hidden.isEmpty { return nil }
        let names = Set(hidden).sorted().joined(separator: ", ")
        return "A home of the cluster shows \(names), and the cluster's own list does not: one of the two is wrong."
    }

    private func compartments(of cluster: OracleID, besides given: OracleID) async throws -> [OracleID] {
        do throws(OracleError) {
            let now = try await oracle.clusters.cluster(cluster).value.compartmentId
            return now == given ? [given] : [now, given]
        } catch {
            // A cluster that does not exist is told where it is asked for; its list is empty.
            guard error.isNotFound else { throw error }
            return [given]
        }
    }

    /// The database of that unique name on the cluster; nil when there is none, or none any more.
    package func database(
        named uniqueName: String, on cluster: OracleID, in compartment: OracleID
    ) async throws -> OracleDatabase? {
        try await databases(on: cluster, in: compartment).all.last {
            $0.isLive && $0.dbUniqueName.lowercased() == uniqueName.lowercased()
        }
    }

    /// What became of the database that was made.
    ///
    /// Where its OCID is known it is read by that. A list never shows that it is gone, and where one contradicts what the
    /// OCID shows, nothing is built on either.
    package func presence(of undo: CreatedDatabase) async throws -> Presence {
        guard let id = undo.knownID else { return try await markedPresence(of: undo) }
        do throws(OracleError) {
            let database = try await oracle.databases.database(id).value
            if database.lifecycleState == "TERMINATED" { return .gone }
            return try await listing(of: database, undo)
        } catch {
            guard error.isNotFound else { throw error }
        }
        let listed = try await databases(on: undo.cluster, in: undo.compartment).all
        guard let still = listed.first(where: { $0.id == id && $0.lifecycleState != "TERMINATED" }) else {
            return .gone
        }
        return .disputed(
            "\(id) is not to be found, and a list shows \(still.label) as \(still.lifecycleState): one of the two is wrong."
        )
    }

    private func listing(
        of database: OracleDatabase, _ undo: CreatedDatabase
    ) async throws(OracleError) -> Presence {
        let cluster = database.vmClusterId.flatMap { OracleID($0) } ?? undo.cluster
        let compartment = database.compartmentId.flatMap { OracleID($0) } ?? undo.compartment
        let listed = try await oracle.databases.databases(on: cluster, in: compartment)
        if listed.contains(where: { $0.id == database.id && $0.lifecycleState != "TERMINATED" }) {
            return .there(database)
        }
        return .disputed(
            "\(database.label) is \(database.lifecycleState) by its OCID \(database.id), and the list of its cluster "
                + "does not show it: one of the two is wrong.")
    }

    /// The answer to the request was lost, and only the mark tells it.
    private func markedPresence(of undo: CreatedDatabase) async throws -> Presence {
        let listed = try await databases(on: undo.cluster, in: undo.compartment)
        let named = listed.all.last {
            $0.isLive && $0.dbUniqueName.lowercased() == undo.uniqueName.lowercased()
        }
        if let named, let tags = undo.tags, tags.allSatisfy({ named.freeformTags?[$0.key] == $0.value }) {
            return .there(named)
        }
        return listed.doubt.map(Presence.disputed) ?? .gone
    }

    /// The same once nothing works on the database any more, as far as the step's time allows.
    package func settledPresence(of undo: CreatedDatabase, _ context: StepContext) async throws -> Presence {
        try await wait(within: context.timeout, pausingUpTo: .seconds(30), context) {
            let found = try await presence(of: undo)
            return found.unrest.map { .notYet(found, "waiting: \($0)") } ?? .done(found)
        }
    }
}
