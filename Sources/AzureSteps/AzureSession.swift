// SPDX-License-Identifier: Apache-2.0

package import AzureClient
package import CloudHTTP
package import CloudSteps
package import MusterModel
package import MusterPlugin

/// One client for each connection, for the whole process: tokens and TLS connections serve all calls.
package actor AzureClients {
    package static let shared = AzureClients()
    private var clients: [JSON: AzureClient] = [:]

    package func client(for section: JSON) throws(AzureError) -> AzureClient {
        if let client = clients[section] { return client }
        let connection = try AzureConnection(section)
        let client = try AzureClient(overNetworkTo: connection)
        clients[section] = client
        return client
    }

    /// Puts another client in the place of the one for this connection.
    package func use(_ client: AzureClient, for section: JSON) { clients[section] = client }
}

/// Azure during one call of a step: its operations, what was said to it, and the time.
package struct AzureSession: Sendable {
    package let azure: AzureCalls
    package let time: TimeSource
    /// When the call's own time is over, but for what is kept to tell what happened.
    package let deadline: Deadline
    package let exchanges: ExchangeList

    /// The same session for reads of what may be gone: what does not answer holds none of them up for long, so that the
    /// time suffices for the others.
    package var hurried: AzureSession {
        AzureSession(azure: azure.patient(for: .seconds(30)), time: time, deadline: deadline, exchanges: exchanges)
    }

    /// Runs the work with the step's connection. Whatever becomes of it, the exchanges are kept as evidence.
    ///
    /// - Throws: ``StepError`` for Azure's refusals.
    package static func run<Value>(
        _ context: StepContext, reads: Bool = true, _ work: (AzureSession) async throws -> Value
    ) async throws -> Value {
        let section = try context.connection("azure", as: JSON.self)
        let exchanges = ExchangeList()
        do {
            let client = try await AzureClients.shared.client(for: section)
            // Some time is kept to tell what happened before the engine ends the process.
            let deadline = Deadline(after: context.timeout * 95 / 100, from: client.time)
            let calls = client.calls(
                RequestContext(
                    deadline: deadline, correlationID: RequestID.derived(from: context.run ?? context.idempotencyKey),
                    clientRequestID: RequestID.derived(from: context.idempotencyKey), record: exchanges.add))
            // What looks at many things says once that nothing can be looked at.
            if reads { try await calls.signIn() }
            let value = try await work(
                AzureSession(azure: calls, time: client.time, deadline: deadline, exchanges: exchanges))
            try context.evidence("requests", exchanges.all)
            return value
        } catch {
            // The error that is on its way says more than one about the evidence.
            try? context.evidence("requests", exchanges.all)
            throw (error as? AzureError).map { StepError($0, reads: reads) } ?? error
        }
    }
}

extension StepError {
    /// - Parameter reads: nothing was to be changed, so no outcome can be unknown.
    package init(_ error: AzureError, reads: Bool) {
        let text = error.descriptionWithoutCode
        self =
            switch error.advice {
            case .retryable: .retryable(error.code, text)
            case .permanent: .permanent(error.code, text)
            case .unknownOutcome: reads ? .retryable(error.code, text) : .unknownOutcome(error.code, text)
            }
    }
}

/// Reads made once an effect has begun: what fails there leaves the effect in doubt, it does not make it retryable.
package func afterEffect<Value>(_ read: () async throws -> Value) async throws -> Value {
    do {
        return try await read()
    } catch let error as AzureError {
        throw error.inDoubt
    } catch let error as StepError {
        throw StepError.unknownOutcome(error.code, error.message, remedy: error.remedy)
    }
}

/// What a read gave, or why it gave nothing; only cancellation is thrown on.
package func attempt<Value: Sendable>(_ read: () async throws(AzureError) -> Value) async throws -> Result<
    Value, AzureError
> {
    do throws(AzureError) {
        return .success(try await read())
    } catch {
        try Task.checkCancellation()
        return .failure(error)
    }
}
