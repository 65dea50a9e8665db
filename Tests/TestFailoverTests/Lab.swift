// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import CloudHTTP
import CloudSimulator
import Foundation
import MusterDocuments
import MusterModel
import MusterPlugin
import SQLSteps
import Testing

@testable import AzureClient
@testable import AzureSteps
@testable import TestFailover

/// The shipped drill's scenario with its simulated cloud and databases, and the plugin's steps on it.
struct Lab {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    let cloud: SimulatedCloud
    let databases: SimulatedDatabases
    let time = ManualTime()
    let inputs: [String: JSON]
    private let sections: [String: JSON]

    /// - Parameters:
    ///   - faults: as on the simulator's command line, `NAME[:setting=value,…]`.
    ///   - silent: requests whose path contains it never get an answer.
    init(faults: [String] = [], silent: String? = nil, change: (inout AzureState) -> Void = { _ in }) async throws {
        let file = "runbooks/tests/failover-group-drill/default.yaml"
        let document = try RehearsalScenario.parse(Self.read(file), file: file).get()
        inputs = document.inputs.mapValues(\.value)
        cloud = try SimulatedCloud(document, faults: faults, change: change)
        databases = SimulatedDatabases(cloud, time)
        let name = JSON.string(RequestID.random())
        let azure: JSON = [
            "tenant": document.cloud?.json["tenant"] ?? .null, "lab": name,
            "credential": [
                "type": "client-secret", "client-id": document.cloud?.json["client"]?["id"] ?? .null,
                "secret": .string(SimulatedCloud.secret),
            ],
        ]
        sections = ["azure": azure, "sql.azure": ["connection": "test", "lab": name]]
        let transport = SimulatedTransport(cloud: cloud, time: time, silent: silent)
        let client = AzureClient(try AzureConnection(azure), transport: transport, time: time.source)
        await AzureClients.shared.use(client, for: azure)
        await DatabaseDoors.shared.use(databases.door, for: ["connection": "test", "lab": name])
    }

    static func read(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: root.appendingPathComponent(path)))
    }

    var primary: JSON { inputs["primary"] ?? .null }
    var secondary: JSON { inputs["secondary"] ?? .null }

    /// The group with what a case gives besides.
    func with(_ more: [String: JSON]) -> [String: JSON] {
        more.merging(["failoverGroup": inputs["failoverGroup"] ?? .null]) { first, _ in first }
    }

    func harness<S: Step>(
        _ step: S.Type, timeout: Duration = .seconds(3600), run: String? = "20260310-120000-test-000000",
        sql: JSON? = nil,
        onBegin: @escaping @Sendable () async throws -> Void = {}
    ) throws -> StepHarness<S> {
        var options = StepHarness<S>.Options()
        options.run = run
        options.onBegin = onBegin
        options.timeout = timeout
        options.executor = OneThread()
        var sections = sections
        if let sql { sections["sql.azure"] = sql }
        return try StepHarness(step, connections: sections, options: options)
    }

    var over: [String: JSON] { with(["to": secondary, "within": "10m"]) }
    var back: [String: JSON] { with(["to": primary, "within": "10m"]) }

    func failOver() async throws { _ = try await harness(PlannedFailover.self).apply(over) }

    func forced(_ change: [String: JSON] = [:]) -> [String: JSON] {
        with(
            [
                "to": secondary, "reason": "the region is down", "confirm": "tdefailovergroup", "evenIfHealthy": false,
            ].merging(change) { $1 })
    }

    func probe(_ change: [String: JSON] = [:]) -> [String: JSON] {
        with(
            ["primary": primary, "reads": 3, "interval": "2s", "within": "10m", "query": "SELECT 1 AS good"]
                .merging(change) { $1 })
    }

    func markers(_ change: [String: JSON] = [:]) -> [String: JSON] {
        with(["table": "dbo.muster_markers", "count": 5, "interval": "1s"].merging(change) { $1 })
    }
}

extension [Condition] {
    /// The ids of those that do not hold.
    var notMet: [String] { filter { $0.verdict != .met }.map(\.id) }

    subscript(_ id: String) -> Condition? { first { $0.id == id } }
}

/// The error that the work throws; the test fails when it throws none.
func stepError(_ work: () async throws -> some Sendable, at location: Testing.SourceLocation = #_sourceLocation) async
    -> StepError?
{
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
