// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Where the databases of a scenario are, and what encrypts them at its start.
extension OracleDocument {
    struct HomeDocument: Decodable {
        /// By its display name.
        var cluster: String
        /// Of Oracle's software, such as `19.0.0.0`.
        var version: String?

        enum CodingKeys: String, CodingKey { case cluster, version }
    }

    /// - Throws: `simulator.invalid-scenario` for what does not hang together.
    func databaseHomes(_ cloud: Multicloud) throws(MusterError) -> [OracleState.Home] {
        var found: [OracleState.Home] = []
        for (name, written) in (homes ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard let cluster = cloud.clusters.first(where: { $0.name == written.cluster }) else {
                throw Self.failure("The home \(name) names no cluster.", "Name one of oracle.clusters.")
            }
            found.append(
                OracleState.Home(
                    id: "ocid1.dbhome.oc1.\(cluster.region).\(name)", name: name, cluster: cluster.id,
                    version: written.version ?? "19.0.0.0"))
        }
        return found
    }

    /// - Throws: `simulator.invalid-scenario` for what does not hang together.
    func place(
        _ database: inout OracleState.Database, _ written: DatabaseDocument, _ state: OracleState, at started: Timestamp
    ) throws(MusterError) {
        let name = database.uniqueName
        database.name = written.name
        database.group = written.alone == true ? nil : databaseName ?? written.name ?? name
        if let wanted = written.cluster {
            guard let cluster = state.multicloud.clusters.first(where: { $0.name == wanted }),
                cluster.region == database.region
            else {
                throw Self.failure("\(name) names no cluster of its region.", "Name one of oracle.clusters.")
            }
            database.place.cluster = cluster.id
        }
        if let wanted = written.home {
            guard let home = state.homes.first(where: { $0.name == wanted }),
                home.cluster == database.place.cluster
            else { throw Self.failure("\(name) names no home of its cluster.", "Name one of oracle.homes.") }
            database.place.home = home.id
        }
        database.place.pluggables = (written.pdbs ?? []).map {
            OracleState.Pluggable(id: "ocid1.pluggabledatabase.oc1.\(database.region).\(name)-\($0)", name: $0)
        }
        database.place.isActive = written.activeDataGuard == true
        database.openPluggables()
        database.place.tablespaces = written.tablespaces ?? ["USERS": true]
        let age = try duration(written.keyAge, "databases.\(name).key-age")
        let since = age.map { started.advanced(by: .zero - $0) }
        database.keys = OracleState.MasterKeys(
            registered: nil, history: [.init(id: "1", isExternal: false, activated: since)])
        if written.restarted == true {
            let moment = since?.advanced(by: .seconds(60)) ?? Timestamp(milliseconds: 7_200_000)
            for node in state.nodes(of: database) { database.place.started[node] = moment }
        }
        guard let wanted = written.key, wanted != "wallet" else { return }
        let parts = wanted.split(separator: "/").map(String.init)
        guard parts.count == 2, let vault = state.multicloud.vaults.first(where: { $0.name == parts[0] }),
            let key = vault.keys.first(where: { $0.name == parts[1] })
        else {
            throw Self.failure(
                "\(name) names no registered key.", "Write VAULT/KEY of oracle.vaults, or wallet.")
        }
        database.keys = OracleState.MasterKeys(
            registered: key.id, history: [.init(id: "1", isExternal: true, activated: since)])
    }
}
