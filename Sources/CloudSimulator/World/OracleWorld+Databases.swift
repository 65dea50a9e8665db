// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Databases, their homes and pluggable databases: what the service lists, makes and deletes.
extension OracleWorld {
    mutating func databases(_ call: Call, _ azure: AzureWorld) -> SimulatedResponse {
        if call.request.method == "POST" { return create(call, azure) }
        guard call.request.method == "GET" else { return Self.missing }
        let wanted = { (name: String, value: String?) in call.request.query(name).map { $0 == value } ?? true }
        return SimulatedResponse(
            200,
            .array(
                state.databases.filter {
                    $0.region == call.region && wanted("compartmentId", state.compartment(of: $0))
                        && wanted("systemId", $0.cluster) && wanted("dbHomeId", $0.place.home)
                        && wanted("lifecycleState", $0.lifecycleState)
                        && wanted("dbName", $0.name ?? state.databaseName)
                }.map { json($0, call) }))
    }

    func homes(_ call: Call) -> SimulatedResponse {
        guard call.request.method == "GET", call.path.count == 1 else { return Self.missing }
        let cluster = call.request.query("vmClusterId")
        let found = state.homes.filter { home in
            let own = state.multicloud.cluster(home.cluster)
            return (cluster == nil || home.cluster == cluster) && own?.region == call.region
                && call.request.query("compartmentId").map { $0 == own?.compartment } ?? true
        }
        return SimulatedResponse(
            200,
            .array(
                found.map {
                    [
                        "id": .string($0.id), "displayName": .string($0.name), "lifecycleState": "AVAILABLE",
                        "vmClusterId": .string($0.cluster), "dbVersion": .string($0.version),
                        "dbHomeLocation": .string("/u02/app/oracle/\($0.name)"),
                        "compartmentId": .string(state.multicloud.cluster($0.cluster)?.compartment ?? ""),
                    ]
                }))
    }

    mutating func pluggables(_ call: Call) -> SimulatedResponse {
        let path = call.path
        if path.count == 1, call.request.method == "GET" {
            guard let database = state.database(call.request.query("databaseId") ?? "") else {
                return SimulatedResponse(200, [])
            }
            return SimulatedResponse(200, .array(database.place.pluggables.map { json($0, of: database) }))
        }
        for database in state.databases where database.region == call.region {
            guard let one = database.place.pluggables.first(where: { path.count > 1 && $0.id == path[1] }) else {
                continue
            }
            switch (call.request.method, Array(path.dropFirst(2))) {
            case ("GET", []): return SimulatedResponse(200, json(one, of: database), headers: ["etag": database.etag])
            case ("POST", ["actions", "rotateKey"]): return rotateKey(database, one, call)
            default: return Self.missing
            }
        }
        return Self.missing
    }

    private func json(_ pluggable: OracleState.Pluggable, of database: OracleState.Database) -> JSON {
        [
            "id": .string(pluggable.id), "containerDatabaseId": .string(database.id),
            "pdbName": .string(pluggable.name),
            "lifecycleState": .string(pluggable.state), "compartmentId": .string(state.compartment(of: database)),
            "openMode": .string(pluggable.openMode), "timeCreated": "2026-01-01T00:00:00.000Z",
            "connectionStrings": ["pdbDefault": .string(database.connectString(pluggable.name))],
            "pdbNodeLevelDetails": .array(
                state.nodes(of: database).map {
                    [
                        "nodeName": .string($0),
                        "openMode": database.place.closed.contains($0) ? "MOUNTED" : .string(pluggable.openMode),
                    ]
                }),
        ]
    }

    // MARK: Making and deleting

    private mutating func create(_ call: Call, _ azure: AzureWorld) -> SimulatedResponse {
        let body = try? JSON.parse(call.request.body)  // No JSON is treated as no members.
        guard let home = state.homes.first(where: { $0.id == body?["dbHomeId"]?.string }),
            let cluster = state.multicloud.cluster(home.cluster), cluster.region == call.region
        else { return Self.relatedMissing }
        guard cluster.state == "AVAILABLE" else {
            return Self.refusal(409, "IncorrectState", "\(cluster.name) is \(cluster.state).")
        }
        let made: (OracleState.Database, OracleState.DatabaseChange)
        switch body?["source"]?.string {
        case "NONE":
            switch newDatabase(body?["database"], home, cluster) {
            case .failure(let refusal): return refusal.response
            case .success(let database): made = (database, .create(database.id))
            }
        case "DATAGUARD":
            switch newStandby(body?["database"], home, cluster) {
            case .failure(let refusal): return refusal.response
            case .success(let (database, source)): made = (database, .addStandby(database.id, of: source))
            }
        default: return Self.refusal(400, "InvalidParameter", "The source is not known.")
        }
        // The service says what it would make, and makes nothing.
        if call.request.headers["opc-dry-run"] == "true" { return SimulatedResponse(200, json(made.0, call)) }
        state.databases.append(made.0)
        let isStandby = body?["source"] == "DATAGUARD"
        let id = begin(
            .database(made.1), isStandby ? "Create Data Guard" : "Create Database",
            isStandby ? "create-standby" : "create-database", of: (made.0.id, cluster.compartment), call)
        return answered(
            call,
            SimulatedResponse(
                200, json(made.0, call), headers: ["opc-work-request-id": id, "etag": made.0.etag]))
    }

    private struct Refusal: Error {
        var response: SimulatedResponse
        init(_ response: SimulatedResponse) { self.response = response }
        init(_ status: Int, _ code: String, _ message: String) {
            response = OracleWorld.refusal(status, code, message)
        }
    }

    private mutating func newDatabase(
        _ body: JSON?, _ home: OracleState.Home, _ cluster: Multicloud.Cluster
    ) -> Result<OracleState.Database, Refusal> {
        guard let name = Self.text(body, "dbName"), name.count <= 8,
            name.allSatisfy(\.isLetter) || name.first?.isLetter == true,
            Self.text(body, "adminPassword") == state.password
        else {
            return .failure(Refusal(400, "InvalidParameter", "The name or the password does not follow the rules."))
        }
        let unique = Self.text(body, "dbUniqueName") ?? "\(name)_\(home.name)"
        if let refusal = unusedName(unique, name, cluster) { return .failure(refusal) }
        var database = OracleState.Database(
            id: nextID("database", in: cluster.region), uniqueName: unique, region: cluster.region, role: "PRIMARY",
            lifecycleState: "PROVISIONING", applyLag: "0 seconds", transportLag: "0 seconds", readiness: "HEALTHY")
        database.name = name
        database.tags = body?["freeformTags"]
        (database.place.cluster, database.place.home) = (cluster.id, home.id)
        if let pluggable = Self.text(body, "pdbName") {
            database.place.pluggables = [
                OracleState.Pluggable(id: nextID("pluggabledatabase", in: cluster.region), name: pluggable)
            ]
        }
        if let location = body?["encryptionKeyLocationDetails"] {
            guard location["providerType"]?.string == "AZURE", cluster.keyStore == "AZURE" else {
                return .failure(
                    Refusal(400, "InvalidParameter", "\(cluster.name) has no key store of that provider."))
            }
            guard let key = location["azureEncryptionKeyId"]?.string, state.multicloud.key(key) != nil else {
                return .failure(Refusal(Self.relatedMissing))
            }
            database.keys = OracleState.MasterKeys(registered: key, history: [])
        }
        return .success(database)
    }

    private mutating func newStandby(
        _ body: JSON?, _ home: OracleState.Home, _ cluster: Multicloud.Cluster
    ) -> Result<(OracleState.Database, String), Refusal> {
        guard let source = Self.text(body, "sourceDatabaseId").flatMap({ state.database($0) }) else {
            return .failure(Refusal(Self.relatedMissing))
        }
        guard body?["databaseAdminPassword"]?.string == state.password,
            Self.text(body, "sourceTdeWalletPassword") != nil
        else {
            return .failure(Refusal(400, "InvalidParameter", "The database administrator's password is not right."))
        }
        guard source.role == "PRIMARY", source.lifecycleState == "AVAILABLE" else {
            return .failure(
                Refusal(409, "IncorrectState", "\(source.uniqueName) is \(source.role) and \(source.lifecycleState)."))
        }
        guard source.keys.registered == nil || cluster.keyStore == "AZURE" else {
            return .failure(Refusal(400, "InvalidParameter", "\(cluster.name) has no key store for keys of Azure."))
        }
        let given = body?["sourceEncryptionKeyLocationDetails"]?["azureEncryptionKeyId"]?.string
        guard given == source.keys.registered else {
            return .failure(Refusal(400, "InvalidParameter", "The key is not that of \(source.uniqueName)."))
        }
        let unique = Self.text(body, "dbUniqueName") ?? "\(source.uniqueName)_S"
        if let refusal = unusedName(unique, nil, cluster) { return .failure(refusal) }
        var database = OracleState.Database(
            id: nextID("database", in: cluster.region), uniqueName: unique, region: cluster.region, role: "STANDBY",
            lifecycleState: "PROVISIONING", applyLag: "0 seconds", transportLag: "0 seconds", readiness: "HEALTHY")
        database.name = source.name
        database.keys = source.keys
        database.place = source.place
        (database.place.cluster, database.place.home) = (cluster.id, home.id)
        (database.place.closed, database.place.started) = ([], [:])
        database.place.isActive = body?["isActiveDataGuardEnabled"] == true
        for index in database.place.pluggables.indices {
            database.place.pluggables[index].id = nextID("pluggabledatabase", in: cluster.region)
            database.place.pluggables[index].openMode = database.place.isActive ? "READ_ONLY" : "MOUNTED"
        }
        return .success((database, source.id))
    }

    private func unusedName(_ unique: String, _ name: String?, _ cluster: Multicloud.Cluster) -> Refusal? {
        let isTaken = state.databases.contains {
            $0.lifecycleState != "TERMINATED"
                && ($0.uniqueName == unique
                    || (name != nil && $0.place.cluster == cluster.id && ($0.name ?? state.databaseName) == name))
        }
        guard isTaken else { return nil }
        return Refusal(409, "NotAuthorizedOrResourceAlreadyExists", "There is a database of that name.")
    }

    mutating func delete(_ database: OracleState.Database, _ call: Call) -> SimulatedResponse {
        if let refusal = staleness(call, database.etag) { return refusal }
        let others = state.members(of: database.id).filter { $0.id != database.id }
        guard ["AVAILABLE", "FAILED"].contains(database.lifecycleState), database.role != "PRIMARY" || others.isEmpty
        else {
            return Self.refusal(
                409, "IncorrectState", "\(database.uniqueName) is \(database.lifecycleState), or has a standby.")
        }
        state.change(database.id) { $0.lifecycleState = "TERMINATING" }
        let id = begin(
            .database(.delete(database.id)), "Delete Database", "delete-database",
            of: (database.id, state.compartment(of: database)), call)
        return SimulatedResponse(emptyWith: 204, headers: ["opc-work-request-id": id])
    }
}
