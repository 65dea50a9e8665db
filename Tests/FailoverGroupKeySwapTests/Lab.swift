// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import CloudHTTP
import CloudSimulator
import Foundation
import MusterDocuments
import MusterModel
import MusterPlugin
import MusterSystem
import Testing

@testable import AzureClient
@testable import AzureSteps
@testable import FailoverGroupKeySwap

/// Takes requests to the simulated cloud without a socket.
struct SimulatedTransport: HTTPTransport {
    let cloud: SimulatedCloud
    let time: ManualTime

    func send(_ request: HTTPRequest, timeout: Duration) async throws(TransportError) -> HTTPResponse {
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

/// The shipped scenario with its simulated cloud, and the plugin's steps on it.
struct Lab {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    let cloud: SimulatedCloud
    let time = ManualTime()
    let inputs: [String: JSON]
    let section: JSON

    init(faults: [String] = [], lacking lack: Lack? = nil) async throws {
        let file = "runbooks/tests/failover-group-key-swap/default.yaml"
        let document = try RehearsalScenario.parse(Self.read(file), file: file).get()
        inputs = document.inputs.mapValues(\.value)
        cloud = try SimulatedCloud(document, faults: faults) { lack?.take(from: &$0) }
        section = [
            "tenant": document.cloud?.json["tenant"] ?? .null, "lab": .string(RequestID.random()),
            "credential": [
                "type": "client-secret", "client-id": document.cloud?.json["client"]?["id"] ?? .null,
                "secret": .string(SimulatedCloud.secret),
            ],
        ]
        let transport = SimulatedTransport(cloud: cloud, time: time)
        let client = AzureClient(try AzureConnection(section), transport: transport, time: time.source)
        await AzureClients.shared.use(client, for: section)
        if lack == .idle { try await makeBusy() }
    }

    static func read(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: root.appendingPathComponent(path)))
    }

    func text(_ name: String) -> String { inputs[name]?.string ?? "" }

    /// `server` and `key` of a step by the names of the scenario's inputs.
    func pair(_ server: String, _ key: String) -> [String: String] { ["server": text(server), "key": text(key)] }

    func harness<S: Step>(
        _ step: S.Type, onBegin: @escaping @Sendable () async throws -> Void = {}
    ) throws -> StepHarness<S> {
        var options = StepHarness<S>.Options()
        options.onBegin = onBegin
        options.timeout = .seconds(600)
        return try StepHarness(step, connections: ["azure": section], options: options)
    }

    func register(_ server: String, _ key: String) async throws {
        _ = try await harness(RegisterKey.self).apply(pair(server, key))
    }

    var proof: [String: String] {
        ["primary", "primaryKey", "secondary", "secondaryKey", "failoverGroup"].reduce(into: [:]) { $0[$1] = text($1) }
    }

    /// Begins a registration on the primary and does not wait for it.
    private func makeBusy() async throws {
        let client = try await AzureClients.shared.client(for: section)
        let sql = client.calls(RequestContext(deadline: Deadline(boot: .max))).sql
        let key = try #require(KeyIdentifier(text("primaryKey")))
        let server = try #require(ResourceID(text("primary")))
        do {
            _ = try await sql.createKey(server, name: key.serverKeyName, uri: key.text) { _ in throw CancellationError()
            }
            Issue.record("the registration was to be left alone")
        } catch is CancellationError {}
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
