// SPDX-License-Identifier: Apache-2.0

package import CloudHTTP
internal import CloudSteps
package import MusterModel
package import MusterPlugin
package import OracleCloudClient

/// One client for each connection, for the whole process: TLS connections serve all calls.
package actor OracleClients {
    package static let shared = OracleClients()
    private var clients: [JSON: OracleClient] = [:]

    package func client(for section: JSON) throws(OracleError) -> OracleClient {
        if let client = clients[section] { return client }
        let client = try OracleClient(overNetworkTo: try OracleConnection(section))
        clients[section] = client
        return client
    }

    /// Puts another client in the place of the one for this connection.
    package func use(_ client: OracleClient, for section: JSON) { clients[section] = client }
}

/// Oracle's cloud during one call of a step.
package struct OracleSession: Sendable {
    package let oracle: OracleCalls
    package let time: TimeSource

    /// Runs the work with the step's connection. Whatever becomes of it, the exchanges are kept as evidence.
    ///
    /// - Parameter reads: nothing is to be changed.
    /// - Throws: ``StepError`` for Oracle's refusals.
    package static func run<Value>(
        _ context: StepContext, reads: Bool = true, _ work: (OracleSession) async throws -> Value
    ) async throws -> Value {
        let section = try context.connection("oci", as: JSON.self)
        let exchanges = ExchangeList()
        do {
            let client = try await OracleClients.shared.client(for: section)
            // Some time is kept to tell what happened before the engine ends the process.
            let deadline = Deadline(after: context.timeout * 95 / 100, from: client.time)
            let calls = client.calls(
                OracleContext(
                    deadline: deadline, idempotencyKey: context.idempotencyKey, attempt: context.attempt,
                    record: exchanges.add))
            let value = try await work(OracleSession(oracle: calls, time: client.time))
            try context.evidence("requests", exchanges.all)
            return value
        } catch {
            // The error that is on its way says more than one about the evidence.
            try? context.evidence("requests", exchanges.all)
            throw (error as? OracleError).map { StepError($0, reads: reads) } ?? error
        }
    }

    /// Reads made once an effect has begun: what fails there leaves the effect in doubt, it does not make it retryable.
    package func afterEffect<Value>(_ read: () async throws -> Value) async throws -> Value {
        do {
            return try await read()
        } catch let error as OracleError {
            throw error.inDoubt
        }
    }

    /// Gives what is in progress some time to end. Whether it has is for the next read to show.
    package func letSettle(_ database: OracleID, within duration: Duration, _ context: StepContext) async throws {
        guard duration > .zero else { return }
        let hurried = OracleSession(oracle: oracle.within(duration), time: time)
        do throws(OracleError) {
            try await hurried.settle(database, context)
        } catch {
            try Task.checkCancellation()
            guard error.code == "oracle.still-running" else { throw error }
        }
    }

    /// Waits until no operation works on the database any more, as far as the work's time allows.
    package func settle(_ database: OracleID, _ context: StepContext) async throws(OracleError) {
        let silent = OracleOperation(action: "operation", database: database, workRequest: nil)
        _ = try await oracle.workRequests.wait(for: silent) { _ in
            context.progress("waiting until nothing is in progress on \(database)")
        }
    }
}

extension StepError {
    /// - Parameter reads: nothing was to be changed, so no outcome can be unknown.
    package init(_ error: OracleError, reads: Bool) {
        let facts = [error.status.map { "HTTP \($0)" }, error.requestID.map { "request \($0)" }].compactMap { $0 }
        let text = error.message + (facts.isEmpty ? "" : " (\(facts.joined(separator: ", ")))")
        self =
            switch error.advice {
            case .retryable: .retryable(error.code, text, remedy: error.remedy)
            case .permanent: .permanent(error.code, text, remedy: error.remedy)
            case .unknownOutcome:
                reads
                    ? .retryable(error.code, text, remedy: error.remedy)
                    : .unknownOutcome(error.code, text, remedy: error.remedy)
            }
    }
}
