// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Long-running operations: how they begin, end, and are asked for.
/// https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
extension AzureWorld {
    /// Begins one and answers 202 as the service does.
    mutating func begin(
        _ work: Operation.Work, on server: CaselessName, lasting duration: Duration, _ call: Call
    ) -> SimulatedResponse {
        let id = nextID("operation")
        let lasting = Duration.milliseconds(Int64(Double(duration.milliseconds) * call.injected.slowness))
        let ends = call.injected.neverEnds ? nil : call.at.advanced(by: lasting)
        var operation = Operation(id: id, server: server, work: work, started: call.at, ends: ends)
        operation.forcedError = call.injected.operationError
        operation.aftermath = call.injected.aftermath
        operations.append(operation)
        let headers = [
            "azure-asyncoperation": statusURL(operation, "AzureAsyncOperation", call),
            "location": statusURL(operation, "OperationResults", call),
        ].merging(pollHint) { first, _ in first }
        let body: JSON = ["operation": .string(operation.serviceName), "startTime": .string(call.at.description)]
        return SimulatedResponse(202, body, headers: headers)
    }

    /// The service sends no Retry-After here, and clients then wait 15 s or so. They can't know that this clock runs
    /// fast, so they are told when it does; Microsoft's SDKs read `retry-after-ms` before Retry-After.
    var pollHint: [String: String] {
        guard speed > 1 else { return [:] }
        let milliseconds = max(10, Int(15_000 / speed))
        return ["retry-after": String((milliseconds + 999) / 1000), "retry-after-ms": String(milliseconds)]
    }

    private func statusURL(_ operation: Operation, _ kind: String, _ call: Call) -> String {
        let server = state.servers[operation.server]
        let group = operation.pathHoldsGroup ? "/resourceGroups/\(server?.group ?? "")" : ""
        let path =
            "/subscriptions/\(state.subscription)\(group)/providers/Microsoft.Sql/locations/\(server?.location ?? "")"
            + "/\(operation.family)\(kind)/\(operation.id)"
        let version = call.request.query("api-version") ?? ""
        let signature = signed(path, started: operation.started)
        let query = signature.map { "&\($0.name)=\($0.value)" }.joined()
        return "\(call.request.origin)\(path)?api-version=\(version)\(query)"
    }

    /// The four parameters that the real URLs carry; `c` there is a certificate, so the URL is some 4 KB long.
    private func signed(_ path: String, started: Timestamp) -> [SimulatedRequest.QueryItem] {
        let certificate = base64URL(DerivedID.stretched(["certificate", state.tenant], count: 2400))
        let time = String(started.milliseconds * 10_000 + 621_355_968_000_000_000)
        let signature = base64URL(DerivedID.stretched([signingSecret, path.lowercased(), time], count: 256))
        let hash = base64URL(DerivedID.stretched([signingSecret, signature], count: 32))
        return [
            .init(name: "t", value: time), .init(name: "c", value: certificate), .init(name: "s", value: signature),
            .init(name: "h", value: hash),
        ]
    }

    func status(_ call: Call) throws(AzureError) -> SimulatedResponse {
        let operation = try asked(call)
        var body: [String: JSON] = [
            "name": .string(operation.id), "status": .string(operation.status.rawValue),
            "startTime": .string(operation.started.description),
        ]
        if let error = operation.error { body["error"] = error.json }
        return SimulatedResponse(200, .object(body), headers: operation.status == .running ? pollHint : [:])
    }

    func result(_ call: Call) throws(AzureError) -> SimulatedResponse {
        let operation = try asked(call)
        if operation.status == .running {
            let url =
                call.request.origin + call.request.path + "?"
                + call.request.query.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
            return SimulatedResponse(emptyWith: 202, headers: pollHint.merging(["location": url]) { first, _ in first })
        }
        if let error = operation.error { throw error }
        guard let server = state.servers[operation.server] else { throw SQLError.operationNotFound }
        switch operation.work {
        case .registerKey(let reference):
            guard let key = server.keys[CaselessName(reference.serverKeyName)] else { throw SQLError.keyNotFound }
            return SimulatedResponse(200, json(key, of: server))
        case .removeKey: return SimulatedResponse(emptyWith: 204)
        case .setProtector, .revalidate: return SimulatedResponse(200, protectorJSON(server))
        case .failover(let name, _):
            guard let group = state.failoverGroups[name] else { throw SQLError.operationNotFound }
            return SimulatedResponse(200, json(group, seenFrom: operation.server))
        }
    }

    private func asked(_ call: Call) throws(AzureError) -> Operation {
        guard let path = call.path, path.names.count == 2,
            let operation = operations.first(where: { $0.id == path.names[1].lowercased() }),
            path.types[1].lowercased().hasPrefix(operation.family.lowercased())
        else { throw SQLError.operationNotFound }
        for wanted in signed(call.request.path, started: operation.started)
        where call.request.query(wanted.name) != wanted.value {
            throw SQLError.invalidParameter
        }
        return operation
    }

    /// A failover occupies both servers.
    func isBusy(_ server: CaselessName) -> Bool {
        operations.contains { operation in
            guard operation.status == .running else { return false }
            if case .failover(let group, _) = operation.work, let group = state.failoverGroups[group] {
                return group.partner(of: server) != nil
            }
            return operation.server == server
        }
    }

    /// Lets everything happen that was due by now, in the order in which it was due.
    mutating func settle(at now: Timestamp) {
        let due = operations.indices.filter {
            operations[$0].status == .running && operations[$0].ends.map { $0 <= now } == true
        }
        for index in due.sorted(by: { operations[$0].ends ?? now < operations[$1].ends ?? now }) {
            let ends = operations[index].ends ?? now
            followStates(at: ends)
            do throws(AzureError) {
                if let error = operations[index].forcedError { throw error }
                try finish(operations[index], at: ends)
                operations[index].status = .succeeded
                befall(operations[index], at: ends)
            } catch {
                operations[index].status = .failed
                operations[index].error = error
            }
        }
        followStates(at: now)
    }

    /// What comes by itself as time goes on.
    private mutating func followStates(at now: Timestamp) {
        for (name, group) in state.failoverGroups {
            guard let at = group.catchesUpAt, at <= now else { continue }
            state.failoverGroups[name]?.catchesUpAt = nil
            state.failoverGroups[name]?.replicationState = "CATCH_UP"
            state.failoverGroups[name]?.replicatedUntil = nil
            dropStrandedMarkers(of: name)
        }
        reconnectMachines(at: now)
        followKeyAccess(at: now)
        followKeyChanges(at: now)
    }

    private mutating func finish(_ operation: Operation, at time: Timestamp) throws(AzureError) {
        switch operation.work {
        case .registerKey(let reference): try registerKey(reference, on: operation.server, at: time)
        case .removeKey(let name): try removeKey(name, from: operation.server, at: time)
        case .setProtector(let key, let rotation):
            try setProtector(key, autoRotation: rotation, on: operation.server, at: time)
        case .revalidate: try revalidate(operation.server, at: time)
        case .failover(let group, let kind): try failOver(group, kind, by: operation, at: time)
        }
    }
}
