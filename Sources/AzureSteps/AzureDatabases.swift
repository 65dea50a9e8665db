// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
package import CloudHTTP
internal import CloudSteps
internal import MusterModel
package import MusterPlugin
internal import MusterSQL
package import SQLSteps

extension DatabaseDoors.Kind {
    package static let azure = Self(section: "sql.azure", simulatorPath: "/simulator/sql")
}

extension DatabaseDoors {
    /// The way to the Azure SQL databases that the step's environment names, for this call.
    ///
    /// - Parameter record: told each exchange with the cloud that a token takes.
    /// - Throws: ``StepError`` for a section that is missing or at fault, before anything is reached.
    package func door(
        for context: StepContext, record: @escaping @Sendable (Exchange) -> Void = { _ in }
    ) async throws(StepError) -> DatabaseDoor {
        try await door(to: .azure, for: context) { () async throws(StepError) in
            try await azureTokens(for: context, record)
        }
    }
}

private func azureTokens(
    for context: StepContext, _ record: @escaping @Sendable (Exchange) -> Void
) async throws(StepError) -> DatabaseDoors.Token {
    let client: AzureClient
    do {
        client = try await AzureClients.shared.client(for: try context.connection("azure", as: JSON.self))
    } catch let error as StepError {
        throw error
    } catch let error as AzureError {
        throw StepError(error, reads: true)
    } catch {
        throw .permanent(SQLError.Kind.configuration.rawValue, "\(error)")
    }
    return { timeout async throws(SQLError) in
        do throws(AzureError) {
            let deadline = Deadline(after: timeout, from: client.time)
            return try await client.calls(RequestContext(deadline: deadline, record: record)).databaseToken()
        } catch {
            throw SQLError(
                kind: error.advice == .retryable ? .unreachable : .refused, state: nil, native: 0,
                message: "No token for the database: \(error)", remedy: "Look at the environment's Azure credential.")
        }
    }
}
