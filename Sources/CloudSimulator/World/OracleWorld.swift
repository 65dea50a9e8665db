// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// The simulated Oracle cloud as a value: one Data Guard group over two regions or more, the clusters with what connects
/// them to Azure, and one function from a request to an answer. It answers below `/oci/<region>`, and below `/simulator/oracle`.
package struct OracleWorld: Sendable {
    package internal(set) var state: OracleState
    package internal(set) var effects: [AzureWorld.Effect] = []
    package internal(set) var faults: [FaultRule]
    package let user: OracleUser
    /// Simulated seconds in a second of the client's clock.
    let speed: Double
    /// What a retry token was answered, by the token.
    var answered: [String: (request: SimulatedRequest, response: SimulatedResponse)] = [:]
    private var counter = 0

    package init(state: OracleState, user: OracleUser, faults: [FaultRule], speed: Double) {
        self.state = state
        self.user = user
        self.faults = faults
        self.speed = speed
    }

    /// One request, taken apart.
    struct Call {
        var request: SimulatedRequest
        var at: Timestamp
        var region: String
        /// Of the API, such as `20160918`.
        var version: String
        /// Behind the region and the API's version.
        var path: [String]
        /// A dry run changes nothing, whatever its method.
        var isChange: Bool { request.method != "GET" && request.headers["opc-dry-run"] != "true" }
        var bend = OracleBend()
    }

    /// Nil when the request is not for this cloud.
    ///
    /// - Parameter azure: where the clusters' identities and keys are.
    package mutating func handle(
        _ request: SimulatedRequest, at now: Timestamp, azure: inout AzureWorld
    ) -> SimulatedResponse? {
        let segments = request.segments
        if segments == ["simulator", "oracle", "sql"] {
            settle(at: now, &azure)
            return sql(request, at: now, &azure)
        }
        if segments == ["simulator", "oracle"] {
            settle(at: now, &azure)
            return SimulatedResponse(200, stateJSON)
        }
        guard segments.first == "oci", segments.count >= 3 else { return nil }
        settle(at: now, &azure)
        var call = Call(
            request: request, at: now, region: segments[1], version: segments[2], path: Array(segments.dropFirst(3)))
        call.bend = takeFaults(call)
        azure.takeKeyAccessFaults(for: call)
        var response: SimulatedResponse
        if call.version != "20160918" && call.version != Self.multicloudVersion {
            response = Self.refusal(404, "NotFound", "There is no such path.")
        } else if let reason = user.mismatch(request) {
            response = Self.refusal(
                401, "NotAuthenticated",
                "The required information to complete authentication was not provided or was incorrect. \(reason)")
        } else {
            response = call.bend.answer ?? replay(call) ?? answer(call, &azure)
        }
        counter += 1
        response.headers["opc-request-id"] =
            "\(request.headers["opc-request-id"] ?? "none")/SIMULATED/\(counter)"
        call.bend.distort(&response)
        return response
    }

    /// The same token means the same request, which is answered as the first time.
    private func replay(_ call: Call) -> SimulatedResponse? {
        guard call.isChange, let token = call.request.headers["opc-retry-token"], let earlier = answered[token] else {
            return nil
        }
        return earlier.request.path == call.request.path && earlier.request.body == call.request.body
            ? earlier.response
            : Self.refusal(409, "InvalidatedRetryToken", "The retry token was used for another request.")
    }

    private mutating func answer(_ call: Call, _ azure: inout AzureWorld) -> SimulatedResponse {
        let path = call.path
        if call.version == Self.multicloudVersion { return multicloud(call, azure) }
        switch (call.request.method, path.first, path.count) {
        case (_, "databases", 1): return databases(call, azure)
        case (_, "dbHomes", _): return homes(call)
        case (_, "dbNodes", _): return nodes(call)
        case (_, "pluggableDatabases", _): return pluggables(call)
        case (_, "cloudVmClusters", _): return clusters(call)
        case ("GET", "workRequests", 2), ("GET", "workRequests", 3): return cloudWork(call) ?? workRequest(call)
        case (_, "databases", 2...):
            guard let database = state.database(path[1]), database.region == call.region else { return Self.missing }
            switch (call.request.method, Array(path.dropFirst(2))) {
            case ("GET", []): return SimulatedResponse(200, json(database, call), headers: ["etag": database.etag])
            case ("DELETE", []): return delete(database, call)
            case ("POST", ["actions", "changeEncryptionKeyLocation"]): return moveKey(database, call)
            case ("POST", ["actions", "rotateKey"]): return rotateKey(database, nil, call)
            case ("GET", ["dataGuardAssociations"]): return SimulatedResponse(200, [])
            case ("POST", let rest) where rest.count == 3 && rest[0] == "dataGuard" && rest[1] == "actions":
                return begin(rest[2], database, call)
            default: return Self.missing
            }
        default: return Self.missing
        }
    }

    private func workRequest(_ call: Call) -> SimulatedResponse {
        guard let found = state.workRequests.first(where: { $0.id == call.path[1] && $0.region == call.region }) else {
            return Self.missing
        }
        if call.path.count == 3 {
            guard call.path[2] == "errors" else { return Self.missing }
            let problems: [JSON] = (found.problem.map { [$0] } ?? []).map {
                ["code": "InternalServerError", "message": .string($0), "timestamp": .string(call.at.description)]
            }
            return SimulatedResponse(200, .array(problems))
        }
        let done = found.status != .running
        let left = found.ends.map { max(.zero, $0.duration(since: call.at)) } ?? .seconds(30)
        // Clients can't know that this clock runs fast, so they are told when to look again.
        let wait = max(20, Int(Double(min(left, .seconds(30)).milliseconds) / speed))
        return SimulatedResponse(
            200,
            [
                "id": .string(found.id), "operationType": .string(found.change.name),
                "compartmentId": "ocid1.compartment.oc1..simulated",
                "status": .string(found.status.rawValue), "percentComplete": .double(done ? 100 : 50), "resources": [],
                "timeAccepted": .string(found.started.description),
            ], headers: done ? [:] : ["retry-after": "\((wait + 999) / 1000)", "retry-after-ms": "\(wait)"])
    }

    static let missing = refusal(
        404, "NotAuthorizedOrNotFound", "Authorization failed or requested resource not found.")

    static func refusal(_ status: Int, _ code: String, _ message: String) -> SimulatedResponse {
        SimulatedResponse(status, ["code": .string(code), "message": .string(message)])
    }

    /// What a client needs to reach it: an environment's `oci` section with its secrets in it.
    package func connection(base: String) -> JSON {
        let endpoint: JSON = .string("\(base)/oci/{region}")
        return [
            "credential": [
                "type": "api-key", "tenancy": .string(user.tenancy), "user": .string(user.user),
                "fingerprint": .string(user.fingerprint), "key": .string(user.privateKeyPEM),
            ],
            "region": .string(
                state.databases.first?.region ?? state.multicloud.clusters.first?.region ?? "eu-frankfurt-1"),
            "endpoints": ["database": endpoint, "dbmulticloud": endpoint, "workrequests": endpoint],
            "database-admin-password": .string(state.password),
        ]
    }

    mutating func nextID() -> String {
        counter += 1
        return "ocid1.coreservicesworkrequest.oc1..simulated\(counter)"
    }

    /// Of a new resource of that type.
    mutating func nextID(_ type: String, in region: String) -> String {
        counter += 1
        return "ocid1.\(type).oc1.\(region).simulated\(counter)"
    }
}
