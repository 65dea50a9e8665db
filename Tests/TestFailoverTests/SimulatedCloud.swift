// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import CloudHTTP
import Foundation
import MusterDocuments
import MusterModel
import Synchronization

@testable import AzureClient
@testable import CloudSimulator

/// The simulator's world as the shipped scenario builds it, without a server: a function from request to answer.
final class SimulatedCloud: Sendable {
    static let primary = CaselessName("tdeprimarytest")
    static let secondary = CaselessName("tdesecondarytest")
    static let group = CaselessName("tdefailovergroup")
    static let secret = "drill-secret"
    static let start = ManualTime.start
    private let world: Mutex<AzureWorld>

    /// - Parameter faults: as on the simulator's command line, `NAME[:setting=value,…]`.
    init(_ scenario: RehearsalScenario, faults: [String] = [], change: (inout AzureState) -> Void = { _ in }) throws {
        var state = try CloudScenario(scenario).state(at: Self.start, clientSecret: Self.secret)
        change(&state)
        world = Mutex(
            AzureWorld(
                state: state, faults: try faults.map { try FaultRule(commandLine: $0) }, signingSecret: "s", speed: 1,
                started: Self.start))
    }

    func answer(_ request: SimulatedRequest, at now: Timestamp) -> SimulatedResponse {
        world.withLock { $0.handle(request, at: now) }
    }

    /// What was really changed, as `kind target-name`, in order.
    var effects: [String] {
        world.withLock { $0.effects.map { "\($0.kind) \(Self.short($0.target))" } }
    }

    private static func short(_ target: String) -> String {
        target.replacing(/\/subscriptions\/.*\/servers\//, with: "")
    }

    var failovers: [String] { effects.filter { $0.hasPrefix("failover-group") } }

    func change(_ change: (inout AzureState) -> Void) { world.withLock { change(&$0.state) } }

    /// Disables the version of the key that protects the server.
    func disableKey(of server: CaselessName) { changeKey(of: server) { $0.enabled = false } }

    func changeKey(of server: CaselessName, _ change: (inout KeyVersion) -> Void) {
        self.change { state in
            guard let reference = state.servers[server]?.protectorKey?.reference else { return }
            change(&state.vaults[CaselessName(reference.vault)]!.keys[CaselessName(reference.key)]!.versions[0])
        }
    }

    /// A server of the same making in no failover group.
    func addServer(_ name: String, like other: CaselessName) {
        change { state in
            var server = state.servers[other]!
            server.name = name
            state.servers[CaselessName(name)] = server
        }
    }

    var state: AzureState { world.withLock { $0.state } }
}

/// Takes requests to the simulated cloud without a socket.
struct SimulatedTransport: HTTPTransport {
    let cloud: SimulatedCloud
    let time: ManualTime
    var silent: String?

    func send(_ request: HTTPRequest, timeout: Duration) async throws(TransportError) -> HTTPResponse {
        if let silent, request.url.target.contains(silent) {
            time.advance(timeout)
            throw TransportError(.timeout, "No answer came within \(timeout).")
        }
        var headers: [String: String] = [:]
        for field in request.headers.fields { headers[field.name] = field.value }
        let asked = SimulatedRequest(
            request.method.rawValue, host: request.url.host, target: request.url.target, headers: headers,
            body: request.body ?? [], scheme: "https")
        let answer = cloud.answer(asked, at: time.now)
        if answer.dropsConnection { throw TransportError(.connectionLost, "The connection was lost.") }
        var fields = HeaderFields()
        for (name, value) in answer.headers { fields.add(name, value) }
        return HTTPResponse(status: answer.status, headers: fields, body: answer.bytes)
    }
}
