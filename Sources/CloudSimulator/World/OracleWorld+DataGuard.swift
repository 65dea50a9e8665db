// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// Changes of roles, from the request to their end.
extension OracleWorld {
    mutating func begin(_ action: String, _ database: OracleState.Database, _ call: Call) -> SimulatedResponse {
        if let etag = call.request.headers["if-match"], etag != database.etag {
            return Self.refusal(412, "NoEtagMatch", "The resource was changed: its etag is another one.")
        }
        let body = try? JSON.parse(call.request.body)  // No JSON is treated as no members.
        guard action == "refresh" || body?["databaseAdminPassword"]?.string == state.password else {
            return Self.refusal(400, "InvalidParameter", "The database administrator's password is not right.")
        }
        guard let change = change(action, database, body) else {
            return Self.refusal(
                409, "IncorrectState", "\(database.uniqueName) is \(database.role): it takes no \(action).")
        }
        guard !state.isBusy(database.id),
            state.members(of: database.id).allSatisfy({ $0.lifecycleState != "UPDATING" })
        else {
            return Self.refusal(409, "IncorrectState", "Another operation works on the Data Guard group.")
        }
        let id = start(change, database, call)
        let updated = state.database(database.id) ?? database
        let response = SimulatedResponse(
            200, json(updated, call), headers: ["opc-work-request-id": id, "etag": updated.etag])
        if let token = call.request.headers["opc-retry-token"] { answered[token] = (call.request, response) }
        return response
    }

    /// What the action means for that database; nil when its role does not allow it.
    private func change(_ action: String, _ database: OracleState.Database, _ body: JSON?) -> OracleState.RoleChange? {
        let id = database.id
        let days = body?["snapshotDurationInDays"]?.int ?? 7
        switch (action, database.role, body?["standbyConversionType"]?.string) {
        case ("switchover", "STANDBY", _): return .switchover(to: id)
        case ("failover", "STANDBY", _): return .failover(to: id)
        case ("reinstate", "DISABLED_STANDBY", _):
            let source = body?["sourceDatabaseId"]?.string.flatMap { state.database($0) }
            return source?.role == "PRIMARY" ? .reinstate(id) : nil
        case ("convertStandbyDatabaseType", "STANDBY", "SNAPSHOT"):
            return (3...14).contains(days) ? .convert(id, role: "SNAPSHOT_STANDBY") : nil
        case ("convertStandbyDatabaseType", "SNAPSHOT_STANDBY", "PHYSICAL"): return .convert(id, role: "STANDBY")
        case ("refresh", _, _): return .refresh(id)
        default: return nil
        }
    }

    private mutating func start(
        _ change: OracleState.RoleChange, _ database: OracleState.Database, _ call: Call
    ) -> String {
        let id = nextID()
        let takes = (state.durations[change.name] ?? .seconds(60)) * call.bend.slowness
        state.workRequests.append(
            OracleState.WorkRequest(
                id: id, region: call.region, change: change, started: call.at,
                ends: call.bend.neverEnds ? nil : call.at.advanced(by: takes), outcome: call.bend.outcome))
        if change.name != "refresh" {
            state.changeGroup(of: database.id) {
                if $0.lifecycleState == "AVAILABLE" { $0.lifecycleState = "UPDATING" }
            }
        }
        return id
    }

    /// Ends what was due until now.
    mutating func settle(at now: Timestamp, _ azure: inout AzureWorld) {
        azure.reconnectMachines(at: now)
        settleCloudWork(at: now, &azure)
        settleApply(at: now, azure)
        for index in state.workRequests.indices {
            let request = state.workRequests[index]
            guard request.status == .running, let ends = request.ends, ends <= now else { continue }
            let target = request.change.target
            if request.change.name != "refresh" {
                state.changeGroup(of: target) { if $0.lifecycleState == "UPDATING" { $0.lifecycleState = "AVAILABLE" } }
            }
            var outcome = request.outcome
            var reason = ""
            if outcome == .asAsked, request.change.opensTheTarget, let why = keyObstacle(target, at: ends, azure) {
                outcome = request.change.name == "switchover" ? .halfDone : .notDone
                reason = " ORA-28374: typed master key not found in wallet. \(why)"
            }
            switch outcome {
            case .asAsked:
                state.workRequests[index].status = .succeeded
                make(request.change, at: ends)
                if request.change.opensTheTarget { open(target, at: ends, &azure) }
            case .halfDone:
                state.workRequests[index].status = .failed
                state.workRequests[index].problem =
                    "The primary was made a standby, but the target could not be opened as primary.\(reason)"
                for one in state.members(of: target) where one.role == "PRIMARY" {
                    state.change(one.id) { $0.take(role: "STANDBY") }
                }
                record("\(request.change.name).half-done", request.change.target, at: ends)
            case .notDone:
                state.workRequests[index].status = .failed
                state.workRequests[index].problem =
                    reason.isEmpty
                    ? "The broker did not carry out the request in time, and everything was put back."
                    : "The target could not be opened, and everything was put back.\(reason)"
            }
        }
    }

    private mutating func make(_ change: OracleState.RoleChange, at moment: Timestamp) {
        switch change {
        case .switchover(let id), .failover(let id):
            let left = change.name == "switchover" ? "STANDBY" : "DISABLED_STANDBY"
            for one in state.members(of: id) where one.role == "PRIMARY" {
                state.change(one.id) {
                    $0.take(role: left)
                    ($0.applyLag, $0.transportLag) = ("0 seconds", "0 seconds")
                }
            }
            state.change(id) { $0.take(role: "PRIMARY") }
        case .reinstate(let id): state.change(id) { $0.take(role: "STANDBY") }
        case .convert(let id, let role): state.change(id) { $0.take(role: role) }
        case .refresh: return
        }
        record(change.name, change.target, at: moment)
    }

    private mutating func record(_ kind: String, _ target: String, at moment: Timestamp) {
        effects.append(
            AzureWorld.Effect(
                at: moment, kind: "data-guard.\(kind)", target: state.database(target)?.uniqueName ?? target))
    }

    /// As the service describes it (API 20160918, `Database`).
    func json(_ database: OracleState.Database, _ call: Call) -> JSON {
        // By the client's clock, which the simulated one may have left far behind.
        let read = (call.request.headers["date"].flatMap(clientDate) ?? call.at).advanced(by: .zero - state.figuresAge)
        let protection = database.group.flatMap { state.protections[$0] } ?? (state.protectionMode, state.transport)
        let members: [JSON] = state.members(of: database.id).map { member in
            var fields: [String: JSON] = [
                "databaseId": .string(member.id),
                "dbSystemId": .string(member.cluster),
                "role": .string(member.role), "transportType": .string(protection.transport),
                "isActiveDataGuardEnabled": false,
                "timeUpdated": .string(read.description),
            ]
            if member.role == "STANDBY" {
                fields["applyLag"] = .string(member.applyLag)
                fields["transportLag"] = .string(member.transportLag)
                let problem =
                    member.place.gaps > 0
                    ? "ORA-16783: cannot resolve gap for the database"
                    : member.place.applyStopped.map { _ in "ORA-16766: Redo Apply is stopped" }
                for kind in ["switchover", "failover"] {
                    fields["\(kind)Readiness"] = problem == nil ? .string(member.readiness) : "CRITICAL"
                    fields["\(kind)ReadinessMessage"] = problem.map { .string($0) }
                }
            }
            return .object(fields)
        }
        var shown: [String: JSON] = [
            "id": .string(database.id), "compartmentId": .string(state.compartment(of: database)),
            "dbName": .string(database.name ?? state.databaseName), "dbUniqueName": .string(database.uniqueName),
            "lifecycleState": .string(database.lifecycleState), "vmClusterId": .string(database.cluster),
            "connectionStrings": ["cdbDefault": .string(database.connectString(nil))],
        ]
        shown["freeformTags"] = database.tags
        if database.group != nil {
            shown["dataGuardGroup"] = ["protectionMode": .string(protection.mode), "members": .array(members)]
        }
        shown["dbHomeId"] = database.place.home.map { .string($0) }
        shown["encryptionKeyLocationDetails"] = database.keys.registered.map {
            ["providerType": "AZURE", "azureEncryptionKeyId": .string($0)]
        }
        for (name, id) in database.keys.elsewhere { shown[name] = .string(id) }
        shown["lifecycleDetails"] = database.place.details.map { .string($0) }
        return .object(shown)
    }

    /// A database that was terminated is still listed by the service, and no part of what is there.
    package var stateJSON: JSON {
        [
            "databases": .object(
                Dictionary(
                    uniqueKeysWithValues: state.databases.filter { $0.lifecycleState != "TERMINATED" }.map {
                        ($0.uniqueName, ["role": .string($0.role), "state": .string($0.lifecycleState)])
                    })),
            "effects": .array(
                effects.map {
                    ["kind": .string($0.kind), "target": .string($0.target), "at": .string($0.at.description)]
                }),
            "faults": .array(faults.map(\.stateJSON)),
        ]
    }
}
