// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// The simulated cloud as a value: what it holds, and one function from a request to an answer.
///
/// It reads no clock, opens no connection and rolls no dice: time comes with each request, ids are derived. Time may only
/// move forward; whatever was due in between happens before the request is answered.
package struct AzureWorld: Sendable {
    package internal(set) var state: AzureState
    package internal(set) var operations: [Operation] = []
    package internal(set) var effects: [Effect] = []
    package internal(set) var requests = RequestLog()
    package internal(set) var faults: [FaultRule]
    /// What reads of keys and protectors still show, by a fault.
    var formerServers: FormerServers?

    /// Signs tokens and operation URLs.
    let signingSecret: String
    /// How many simulated seconds pass in one second of the client's clock.
    let speed: Double
    let started: Timestamp
    /// By access token.
    var tokens: [String: IssuedToken] = [:]
    var counter = 0
    var remaining = RateLimits()

    package init(state: AzureState, faults: [FaultRule], signingSecret: String, speed: Double, started: Timestamp) {
        self.state = state
        self.faults = faults
        self.signingSecret = signingSecret
        self.speed = speed
        self.started = started
    }

    /// A change that was really made. Asking for what is there already makes none.
    package struct Effect: Sendable, Hashable {
        package var at: Timestamp
        /// Such as `server-key.registered`.
        package var kind: String
        package var target: String
    }

    /// The servers as they were, shown until then.
    struct FormerServers: Sendable {
        var servers: [CaselessName: SQLServer]
        var until: Timestamp
    }

    struct RateLimits {
        var reads = 11_999
        var writes = 1_199
        var deletes = 14_999
    }

    /// Answers one request at a simulated time.
    package mutating func handle(_ request: SimulatedRequest, at now: Timestamp) -> SimulatedResponse {
        settle(at: now)
        if let answer = sql(request, at: now) ?? control(request) { return answer }
        var call = route(request, at: now)
        call.injected = takeFaults(for: call)
        var response = answer(call)
        addHeaders(to: &response, for: call)
        let status = response.status
        call.injected.distort(&response)
        requests.append(
            RequestLog.Entry(
                request, operation: call.operation, status: status, faults: call.injected.names, at: now))
        return response
    }

    private mutating func answer(_ call: Call) -> SimulatedResponse {
        do throws(AzureError) {
            if let error = call.injected.answer { throw error }
            return try perform(call)
        } catch {
            return call.isToken ? tokenFailure(error, at: call.at) : error.response
        }
    }

    private mutating func perform(_ call: Call) throws(AzureError) -> SimulatedResponse {
        switch call.plane {
        case .token: return try issueToken(call)
        case .resourceManager:
            try checkApiVersion(call)
            try authenticate(call)
            try authorize(call)
            try checkPlace(call)
            return try resourceManager(call)
        case .logs:
            if call.operation == "Unknown" { throw ARMError.unknownPath(call.request.method, call.request.path) }
            try authenticate(call)
            try authorize(call)
            return try query(call)
        case .keyVault:
            let vault = try reachableVault(call)
            try authenticate(call)
            try checkApiVersion(call)
            try checkNetwork(vault)
            try authorize(call, on: vault)
            return try keyVault(call, vault)
        case .graph:
            try authenticate(call)
            try authorize(call)
            return try graph(call)
        }
    }

    mutating func record(_ kind: String, _ target: String, at now: Timestamp) {
        effects.append(Effect(at: now, kind: kind, target: target))
    }

    /// A new GUID, the same in every run of the same requests.
    mutating func nextID(_ purpose: String) -> String {
        counter += 1
        return DerivedID.guid(purpose, String(counter), state.subscription)
    }

    private mutating func addHeaders(to response: inout SimulatedResponse, for call: Call) {
        let id = nextID("request")
        response.headers["x-ms-request-id"] = id
        let client = call.request.headers["x-ms-client-request-id"]
        switch call.plane {
        case .token, .logs: return
        case .graph:
            response.headers["x-ms-request-id"] = nil
            response.headers["request-id"] = id
            if let client { response.headers["client-request-id"] = client }
        case .keyVault:
            response.headers["x-ms-keyvault-service-version"] = "1.9.1054.1"
            if let client { response.headers["x-ms-client-request-id"] = client }
        case .resourceManager:
            let correlation = call.request.headers["x-ms-correlation-request-id"] ?? nextID("correlation")
            response.headers["x-ms-correlation-request-id"] = correlation
            response.headers["x-ms-routing-request-id"] = "SIMULATED:\(id)"
            if let client, call.request.headers["x-ms-return-client-request-id"]?.lowercased() == "true" {
                response.headers["x-ms-client-request-id"] = client
            }
            countDown(call, in: &response)
        }
    }

    private mutating func countDown(_ call: Call, in response: inout SimulatedResponse) {
        let name: String
        let left: Int
        switch call.request.method {
        case "GET", "HEAD":
            remaining.reads = max(0, remaining.reads - 1)
            (name, left) = ("reads", remaining.reads)
        case "DELETE":
            remaining.deletes = max(0, remaining.deletes - 1)
            (name, left) = ("deletes", remaining.deletes)
        default:
            remaining.writes = max(0, remaining.writes - 1)
            (name, left) = ("writes", remaining.writes)
        }
        response.headers["x-ms-ratelimit-remaining-subscription-\(name)"] = String(left)
    }
}
