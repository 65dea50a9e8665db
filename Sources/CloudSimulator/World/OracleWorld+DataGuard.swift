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
        guard !state.isBusy, state.databases.allSatisfy({ $0.lifecycleState != "UPDATING" }) else {
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
            state.changeAll { if $0.lifecycleState == "AVAILABLE" { $0.lifecycleState = "UPDATING" } }
        }
        return id
    }

    /// Ends what was due until now.
    mutating func settle(at now: Timestamp) {
        for index in state.workRequests.indices {
            let request = state.workRequests[index]
            guard request.status == .running, let ends = request.ends, ends <= now else { continue }
            state.changeAll { if $0.lifecycleState == "UPDATING" { $0.lifecycleState = "AVAILABLE" } }
            switch request.outcome {
            case .asAsked:
                state.workRequests[index].status = .succeeded
                make(request.change, at: ends)
            case .halfDone:
                state.workRequests[index].status = .failed
                state.workRequests[index].problem =
                    "The primary was made a standby, but the target could not be opened as primary."
                for one in state.databases where one.role == "PRIMARY" { state.change(one.id) { $0.role = "STANDBY" } }
                record("\(request.change.name).half-done", request.change.target, at: ends)
            case .notDone:
                state.workRequests[index].status = .failed
                state.workRequests[index].problem =
                    "The broker did not carry out the request in time, and everything was put back."
            }
        }
    }

    private mutating func make(_ change: OracleState.RoleChange, at moment: Timestamp) {
        switch change {
        case .switchover(let id), .failover(let id):
            let left = change.name == "switchover" ? "STANDBY" : "DISABLED_STANDBY"
            for one in state.databases where one.role == "PRIMARY" {
                state.change(one.id) {
                    $0.role = left
                    ($0.applyLag, $0.transportLag) = ("0 seconds", "0 seconds")
                }
            }
            state.change(id) { $0.role = "PRIMARY" }
        case .reinstate(let id): state.change(id) { $0.role = "STANDBY" }
        case .convert(let id, let role): state.change(id) { $0.role = role }
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
        let members: [JSON] = state.databases.map { member in
            var fields: [String: JSON] = [
                "databaseId": .string(member.id),
                "dbSystemId": .string("ocid1.cloudvmcluster.oc1.\(member.region).simulated"),
                "role": .string(member.role), "transportType": .string(state.transport),
                "isActiveDataGuardEnabled": false,
                "timeUpdated": .string(read.description),
            ]
            if member.role == "STANDBY" {
                fields["applyLag"] = .string(member.applyLag)
                fields["transportLag"] = .string(member.transportLag)
                fields["switchoverReadiness"] = .string(member.readiness)
                fields["failoverReadiness"] = .string(member.readiness)
            }
            return .object(fields)
        }
        return [
            "id": .string(database.id), "compartmentId": "ocid1.compartment.oc1..simulated",
            "dbName": .string(state.databaseName), "dbUniqueName": .string(database.uniqueName),
            "lifecycleState": .string(database.lifecycleState),
            "vmClusterId": .string("ocid1.cloudvmcluster.oc1.\(database.region).simulated"),
            "dataGuardGroup": ["protectionMode": .string(state.protectionMode), "members": .array(members)],
        ]
    }

    package var stateJSON: JSON {
        [
            "databases": .object(
                Dictionary(
                    uniqueKeysWithValues: state.databases.map {
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
