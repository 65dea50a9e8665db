// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import CloudHTTP
import MusterModel
import Synchronization

@testable import CloudSimulator

/// Both simulated clouds behind one transport, as the simulator's server holds them, without a socket.
final class Clouds: HTTPTransport {
    /// One key for all tests: making one takes a while.
    static let user = try? OracleUser()
    static let secret = "drill-secret"
    private let worlds: Mutex<(oracle: OracleWorld?, azure: AzureWorld)>
    /// Answers in the place of a cloud's own.
    private let lies = Mutex<[Lie]>([])
    let time: ManualTime

    typealias Lie = @Sendable (SimulatedRequest) -> SimulatedResponse?

    init(_ scenario: CloudScenario, faults: [String] = [], time: ManualTime) throws {
        let rules = try scenario.faults + faults.map { try FaultRule(commandLine: $0) }
        let azure = AzureWorld(
            state: try scenario.state(at: ManualTime.start, clientSecret: Self.secret), faults: rules,
            signingSecret: "s", speed: 1, started: ManualTime.start)
        var oracle: OracleWorld?
        if let state = try scenario.oracleState(password: "s3cr3t-sys", at: ManualTime.start), let user = Self.user {
            oracle = OracleWorld(state: state, user: user, faults: rules, speed: 1)
        }
        worlds = Mutex((oracle, azure))
        self.time = time
    }

    func send(_ request: HTTPRequest, timeout: Duration) async throws(TransportError) -> HTTPResponse {
        var headers: [String: String] = [:]
        for field in request.headers.fields { headers[field.name] = field.value }
        let asked = SimulatedRequest(
            request.method.rawValue, host: headers["host"] ?? request.url.host, target: request.url.target,
            headers: headers, body: request.body ?? [], scheme: "https")
        let told = lies.withLock { $0 }.lazy.compactMap { $0(asked) }.first
        let answer = worlds.withLock { worlds in
            told ?? worlds.oracle?.handle(asked, at: time.now, azure: &worlds.azure)
                ?? worlds.azure.handle(asked, at: time.now)
        }
        if answer.dropsConnection { throw TransportError(.connectionLost, "The connection was lost.") }
        var fields = HeaderFields()
        for (name, value) in answer.headers { fields.add(name, value) }
        return HTTPResponse(status: answer.status, headers: fields, body: answer.bytes)
    }

    /// What was really changed, as `kind target`, in order; Oracle's cloud first.
    var effects: [String] {
        worlds.withLock { ($0.oracle?.effects ?? []) + $0.azure.effects }.map { "\($0.kind) \($0.target)" }
    }

    var oracle: OracleWorld? { worlds.withLock { $0.oracle } }
    var azure: AzureWorld { worlds.withLock { $0.azure } }

    /// From now on that is answered, where it is not nil.
    func lie(_ lie: @escaping Lie) { lies.withLock { $0.append(lie) } }

    /// The clusters' lists of databases show nothing.
    func hideDatabases() {
        lie { asked in
            let isList = asked.method == "GET" && asked.path.hasSuffix("/databases") && asked.query("systemId") != nil
            return isList ? SimulatedResponse(200, []) : nil
        }
    }

    func tellTruth() { lies.withLock { $0 = [] } }

    func changeOracle(_ change: (inout OracleState) -> Void) {
        worlds.withLock { if $0.oracle != nil { change(&$0.oracle!.state) } }
    }

    func changeAzure(_ change: (inout AzureWorld) -> Void) { worlds.withLock { change(&$0.azure) } }
}
