// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import CloudHTTP
import Foundation
import MusterDocuments
import MusterModel
import MusterPlugin
import OracleSteps
import Synchronization
import Testing

@testable import CloudSimulator
@testable import OracleCloudClient
@testable import TestFailover

/// The shipped scenario's Oracle cloud without a server.
final class SimulatedOracle: HTTPTransport {
    /// One key for all tests: making one takes a while.
    static let user = try? OracleUser()
    private let worlds: Mutex<(oracle: OracleWorld, azure: AzureWorld)>
    private let time: ManualTime

    init(_ oracle: OracleWorld, _ azure: AzureWorld, time: ManualTime) {
        worlds = Mutex((oracle, azure))
        self.time = time
    }

    func send(_ request: HTTPRequest, timeout: Duration) async throws(TransportError) -> HTTPResponse {
        var headers: [String: String] = [:]
        for field in request.headers.fields { headers[field.name] = field.value }
        let asked = SimulatedRequest(
            request.method.rawValue, host: request.headers["host"] ?? "", target: request.url.target, headers: headers,
            body: request.body ?? [], scheme: "https")
        let answer = worlds.withLock { $0.oracle.handle(asked, at: time.now, azure: &$0.azure) }
        guard let answer else {
            throw TransportError(.cannotConnect, "Nothing answers at \(request.url).")
        }
        if answer.dropsConnection { throw TransportError(.connectionLost, "The connection was lost.") }
        var fields = HeaderFields()
        for (name, value) in answer.headers { fields.add(name, value) }
        return HTTPResponse(status: answer.status, headers: fields, body: answer.bytes)
    }

    /// What was really changed, as `kind target`, in order.
    var effects: [String] { worlds.withLock { $0.oracle.effects.map { "\($0.kind) \($0.target)" } } }

    func change(_ change: (inout OracleState) -> Void) { worlds.withLock { change(&$0.oracle.state) } }
}

let primary = "ocid1.database.oc1.eu-frankfurt-1.salesfra"
let standby = "ocid1.database.oc1.eu-amsterdam-1.salesams"

/// The shipped scenario with its simulated cloud, and the plugin's steps on it.
struct Lab {
    let time = ManualTime()
    let cloud: SimulatedOracle
    private let section: JSON

    /// - Parameters:
    ///   - faults: as on the simulator's command line, `NAME[:setting=value,…]`.
    ///   - change: to the group's first state.
    ///   - without: members that the environment's section lacks.
    init(
        faults: [String] = [], without: [String] = [], change: (inout OracleState) -> Void = { _ in }
    ) async throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = "runbooks/tests/data-guard-drill/default.yaml"
        let bytes = Array(try Data(contentsOf: root.appendingPathComponent(file)))
        let scenario = try CloudScenario(bytes, file: file)
        var state = try #require(try scenario.oracleState(password: "s3cr3t-sys", at: ManualTime.start))
        change(&state)
        let world = OracleWorld(
            state: state, user: try #require(SimulatedOracle.user),
            faults: try faults.map { try FaultRule(commandLine: $0) }, speed: 1)
        let azure = AzureWorld(
            state: try scenario.state(at: ManualTime.start, clientSecret: ""), faults: [], signingSecret: "s", speed: 1,
            started: ManualTime.start)
        cloud = SimulatedOracle(world, azure, time: time)
        var members = world.connection(base: "https://simulated.example").object ?? [:]
        members["lab"] = .string(RequestID.random())
        for name in without { members[name] = nil }
        section = .object(members)
        let client = OracleClient(try OracleConnection(section), transport: cloud, time: time.source)
        await OracleClients.shared.use(client, for: section)
    }

    func harness<S: Step>(
        _ step: S.Type, attempt: Int = 1, isPlanned: Bool = false
    ) throws -> StepHarness<S> {
        var options = StepHarness<S>.Options()
        options.timeout = .seconds(5400)
        options.attempt = attempt
        if isPlanned { options.run = nil }
        return try StepHarness(step, connections: ["oci": section], options: options)
    }
}

func switchover(to id: String = standby, _ more: [String: JSON] = [:]) -> JSON {
    inputs(
        [
            "to": .string(id), "lagWithin": "30s", "statusWithin": "15m", "settleWithin": "1s", "reachWithin": "1h",
        ], more)
}

func failover(_ more: [String: JSON] = [:]) -> JSON {
    inputs(
        [
            "to": .string(standby), "reason": "the quarterly exercise", "confirm": "SALES", "lossWithin": "5m",
            "statusWithin": "1h", "evenIfHealthy": false, "reachWithin": "1h", "evenIfKeyUnproven": false,
        ], more)
}

func conversion(_ more: [String: JSON] = [:]) -> JSON {
    inputs(
        ["database": .string(standby), "to": "snapshot", "days": 3, "settleWithin": "1s", "reachWithin": "1h"], more)
}

private func inputs(_ base: [String: JSON], _ more: [String: JSON]) -> JSON { .object(base.merging(more) { $1 }) }

extension OracleState {
    /// Changes the databases that have the unique name.
    mutating func alter(_ name: String, _ change: (inout Database) -> Void) {
        for one in databases where one.uniqueName == name { self.change(one.id, change) }
    }
}

extension [Condition] {
    /// The ids of those that do not hold.
    var notMet: [String] { filter { $0.verdict != .met }.map(\.id) }

    subscript(_ id: String) -> Condition? { first { $0.id == id } }
}

/// The error that the work throws; the test fails when it throws none.
func stepError(
    _ work: () async throws -> some Sendable, at location: Testing.SourceLocation = #_sourceLocation
) async -> StepError? {
    do {
        _ = try await work()
        Issue.record("no error was thrown", sourceLocation: location)
    } catch let error as StepError {
        return error
    } catch {
        Issue.record("\(error)", sourceLocation: location)
    }
    return nil
}
