// SPDX-License-Identifier: Apache-2.0

import AzureClient
import AzureSteps
import CloudHTTP
import MusterModel
import MusterPlugin
import MusterSQL
import SQLSteps
import Synchronization

/// A step that asks the database that its inputs name, and keeps the answer as evidence.
struct AskingStep: ProofStep {
    static let name = "ask"
    static let definition: [UInt8] = []

    struct Inputs: Codable, Sendable {
        var database: String
        var statement: String
        /// Read by the connection string.
        var port: Int?
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        let target = SQLTarget(
            server: "tdeprimarytest", host: "tdeprimarytest.database.windows.net", database: inputs.database,
            intent: .readWrite)
        let door = try await DatabaseDoors.shared.door(for: context)
        var source: SQLSource?
        do throws(SQLError) {
            let session = try await door.open(target, .seconds(1800))
            source = session.source
            let rows = try await session.run(inputs.statement, [], timeout: .seconds(1800))
            await session.close()
            try? context.evidence(  // A test looks at it.
                "sql", SQLEvidence(inputs.statement, of: target, source: source, answer: .success(rows)))
            return [.met("asked", "\(rows.rows.count) rows")]
        } catch {
            try? context.evidence(  // A test looks at it.
                "sql", SQLEvidence(inputs.statement, of: target, source: source, answer: .failure(error)))
            throw StepError(error, reads: true)
        }
    }
}

/// Answers by a function, and keeps what it was sent.
final class AnsweringTransport: HTTPTransport {
    private let received = Mutex([HTTPRequest]())
    private let answer: @Sendable (HTTPRequest) throws(TransportError) -> HTTPResponse

    init(_ answer: @escaping @Sendable (HTTPRequest) throws(TransportError) -> HTTPResponse) { self.answer = answer }

    var requests: [HTTPRequest] { received.withLock { $0 } }

    func send(_ request: HTTPRequest, timeout: Duration) async throws(TransportError) -> HTTPResponse {
        received.withLock { $0.append(request) }
        return try answer(request)
    }
}
