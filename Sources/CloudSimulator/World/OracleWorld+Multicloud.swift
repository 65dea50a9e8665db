// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Oracle Database Multicloud Integrations, API 20240501: its routes.
extension OracleWorld {
    static let multicloudVersion = "20240501"

    mutating func multicloud(_ call: Call, _ azure: AzureWorld) -> SimulatedResponse {
        switch call.path.first {
        case "oracleDbAzureConnector": connectors(call, azure)
        case "oracleDbAzureVault": vaults(call, azure)
        case "oracleDbAzureVaultAssociation": associations(call, azure)
        case "oracleDbAzureKey": keys(call)
        case "multiCloudResourceDiscovery": discoveries(call)
        case "workRequests": cloudWork(call) ?? Self.missing
        default: Self.refusal(404, "NotFound", "There is no such path.")
        }
    }

    /// What the request's list asks for, apart from the compartment.
    func fits(_ call: Call, _ values: [String: String]) -> Bool {
        call.request.query("compartmentId") != nil
            && values.allSatisfy { name, value in call.request.query(name).map { $0 == value } ?? true }
    }

    func staleness(_ call: Call, _ etag: String) -> SimulatedResponse? {
        guard let wanted = call.request.headers["if-match"], wanted != etag else { return nil }
        return Self.refusal(412, "NoEtagMatch", "The resource was changed: its etag is another one.")
    }

    /// Keeps the answer for a repetition with the same retry token.
    mutating func answered(_ call: Call, _ response: SimulatedResponse) -> SimulatedResponse {
        if let token = call.request.headers["opc-retry-token"] { answered[token] = (call.request, response) }
        return response
    }

    static func items(_ items: [JSON]) -> SimulatedResponse { SimulatedResponse(200, ["items": .array(items)]) }

    static func text(_ body: JSON?, _ name: String) -> String? {
        body?[name]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }

    static let relatedMissing = refusal(
        400, "RelatedResourceNotAuthorizedOrNotFound", "A resource that the request names does not exist or is hidden.")
}

/// Work requests of this service and of the clusters.
extension OracleWorld {
    mutating func begin(
        _ task: Multicloud.Work.Task, _ operation: String, _ duration: String,
        of subject: (id: String, compartment: String), _ call: Call, problem: String? = nil
    ) -> String {
        let id = nextID("workrequest", in: call.region)
        let takes = (state.durations[duration] ?? .seconds(60)) * call.bend.slowness
        var work = Multicloud.Work(
            id: id, region: call.region, version: call.version, operation: operation, subject: subject.id,
            compartment: subject.compartment, task: task, started: call.at,
            ends: call.bend.neverEnds || call.bend.needsAttention ? nil : call.at.advanced(by: takes), problem: problem)
        if call.bend.needsAttention {
            work.status = "NEEDS_ATTENTION"
            work.problem = "The operation waits for the operator."
        }
        if call.bend.outcome == .notDone {
            work.problem = "The operation was given up after a while."
        }
        state.multicloud.work.append(work)
        return id
    }

    /// Nil when no such work request is known here.
    func cloudWork(_ call: Call) -> SimulatedResponse? {
        let path = call.path
        let wanted = state.multicloud.work.first {
            path.count >= 2 && $0.id == path[1] && $0.region == call.region && $0.version == call.version
        }
        guard call.request.method == "GET", let work = wanted else { return nil }
        if path.count == 3 {
            guard path[2] == "errors" else { return nil }
            let isOver = work.status != "IN_PROGRESS"
            let problems: [JSON] = (isOver ? work.problem.map { [$0] } ?? [] : []).map {
                ["code": "InternalServerError", "message": .string($0), "timestamp": .string(call.at.description)]
            }
            return work.version == Self.multicloudVersion
                ? Self.items(problems) : SimulatedResponse(200, .array(problems))
        }
        guard path.count == 2 else { return nil }
        let left = work.ends.map { max(.zero, $0.duration(since: call.at)) } ?? .seconds(30)
        // Clients can't know that this clock runs fast, so they are told when to look again.
        let wait = max(20, Int(Double(min(left, .seconds(30)).milliseconds) / speed))
        let runs = work.status == "IN_PROGRESS"
        return SimulatedResponse(
            200,
            [
                "id": .string(work.id), "operationType": .string(work.operation),
                "compartmentId": .string(work.compartment), "status": .string(work.status),
                "percentComplete": .double(runs ? 50 : 100), "timeAccepted": .string(work.started.description),
                "resources": [
                    [
                        "entityType": "resource", "actionType": runs ? "IN_PROGRESS" : "UPDATED",
                        "identifier": .string(work.subject),
                    ]
                ],
            ], headers: runs ? ["retry-after": "\((wait + 999) / 1000)", "retry-after-ms": "\(wait)"] : [:])
    }

    /// Ends what was due until now, in the order in which it is due.
    mutating func settleCloudWork(at now: Timestamp, _ azure: inout AzureWorld) {
        let due = state.multicloud.work.indices
            .filter { index in
                let work = state.multicloud.work[index]
                return work.status == "IN_PROGRESS" && work.ends.map { $0 <= now } ?? false
            }
            .sorted { state.multicloud.work[$0].ends! < state.multicloud.work[$1].ends! }
        for index in due {
            let work = state.multicloud.work[index]
            let ends = work.ends ?? now
            let problem = work.problem ?? carryOut(work.task, at: ends, &azure)
            state.multicloud.work[index].problem = problem
            state.multicloud.work[index].status = problem == nil ? "SUCCEEDED" : "FAILED"
            if let problem { giveUp(work.task, problem) }
        }
    }

    /// - Returns: why it could not be done.
    private mutating func carryOut(
        _ task: Multicloud.Work.Task, at moment: Timestamp, _ azure: inout AzureWorld
    ) -> String? {
        switch task {
        case .connect(let id, let missing): return connect(id, missing: missing, at: moment, &azure)
        case .refresh(let id): state.multicloud.change(connector: id) { $0.state = "ACTIVE" }
        case .disconnect(let id): disconnect(id, at: moment, &azure)
        case .register(let id), .reread(let id): return readKeys(id, at: moment, azure)
        case .forget(let id):
            state.multicloud.change(vault: id) { $0.state = "DELETED" }
            note("vault.unregistered", id, at: moment)
        case .replicate(let id, let region): replicate(id, to: region, at: moment)
        case .endReplica(let id, let region): endReplica(id, in: region, at: moment)
        case .associate(let id):
            state.multicloud.change(association: id) { $0.state = "ACTIVE" }
            note("vault.associated", id, at: moment)
        case .dissociate(let id):
            state.multicloud.change(association: id) { $0.state = "DELETED" }
            note("vault.dissociated", id, at: moment)
        case .discover(let id): discover(id, at: moment, azure)
        case .forgetDiscovery(let id): state.multicloud.discoveries.removeAll { $0.id == id }
        case .keyStore(let id, let isOn):
            state.multicloud.change(cluster: id) { ($0.state, $0.keyStore) = ("AVAILABLE", isOn ? "AZURE" : nil) }
            note(isOn ? "key-store.enabled" : "key-store.disabled", id, at: moment)
        case .database(let task): return carryOut(task, at: moment, &azure)
        }
        return nil
    }

    private mutating func giveUp(_ task: Multicloud.Work.Task, _ problem: String) {
        switch task {
        case .connect(let id, _):
            state.multicloud.change(connector: id) { ($0.state, $0.details) = ("FAILED", problem) }
        case .refresh(let id), .disconnect(let id):
            state.multicloud.change(connector: id) { ($0.state, $0.details) = ("ACTIVE", problem) }
        case .register(let id): state.multicloud.change(vault: id) { ($0.state, $0.details) = ("FAILED", problem) }
        case .reread(let id), .forget(let id):
            state.multicloud.change(vault: id) { ($0.state, $0.details) = ("ACTIVE", problem) }
        case .replicate(let id, let region):
            state.multicloud.change(vault: id) { ($0.state, $0.replicas[region]) = ("ACTIVE", "FAILED") }
        case .endReplica(let id, let region):
            state.multicloud.change(vault: id) { ($0.state, $0.replicas[region]) = ("ACTIVE", "ACTIVE") }
        case .associate(let id): state.multicloud.change(association: id) { $0.state = "FAILED" }
        case .dissociate(let id): state.multicloud.change(association: id) { $0.state = "ACTIVE" }
        case .discover(let id), .forgetDiscovery(let id):
            state.multicloud.change(discovery: id) { ($0.state, $0.details) = ("FAILED", problem) }
        case .keyStore(let id, _): state.multicloud.change(cluster: id) { $0.state = "AVAILABLE" }
        case .database(let task): giveUp(task, problem)
        }
    }
}
