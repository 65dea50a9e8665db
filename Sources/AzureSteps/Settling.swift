// SPDX-License-Identifier: Apache-2.0

package import AzureClient
package import MusterPlugin

/// How an operation that an earlier attempt began has ended.
package enum OperationEnd: Hashable, Sendable {
    /// It succeeded, or the service has forgotten it, which it does a while after the end.
    case settled
    case failed
    /// It could not be followed to its end, for this reason.
    case unknown(String)
}

/// Waiting for what an earlier attempt began, so that what is read then is settled.
extension AzureSession {
    package func end(of operation: LongRunningOperation) async throws -> OperationEnd {
        do throws(AzureError) {
            try await azure.sql.wait(for: operation)
            return .settled
        } catch {
            try Task.checkCancellation()
            if error.advice != .unknownOutcome { return .failed }
            if error.isNotFound { return .settled }
            return .unknown("An operation that was begun before could not be followed to its end: \(error)")
        }
    }

    /// Waits for what an earlier attempt began. How it ended is for the next read to show.
    ///
    /// - Returns: why it could not be followed to its end; nil when it could, or was forgotten.
    package func unsettled(_ operation: LongRunningOperation?) async throws -> String? {
        guard let operation, case .unknown(let why) = try await end(of: operation) else { return nil }
        return why
    }

    /// Waits until nothing that an earlier attempt may have begun is in progress.
    ///
    /// - Parameter operation: nil when the attempt's answer was lost; then everything in progress on the server may be it.
    /// - Returns: why it is not at its end; nil when it is. How it ended does not matter: the state is read next.
    package func unsettled(
        _ operation: LongRunningOperation?, on server: ResourceID, _ context: StepContext
    ) async throws -> String? {
        if let operation {
            guard case .unknown(let why) = try await end(of: operation) else { return nil }
            return why
        }
        let going = try await azure.sql.waitUntilIdle(server) { going in
            context.progress("waiting for \(going.map(\.label).joined(separator: ", ")) on \(server.name)")
        }
        try Task.checkCancellation()
        guard !going.isEmpty else { return nil }
        let names = going.map { "\($0.label) (\($0.properties.state ?? "no state"))" }.joined(separator: ", ")
        return
            "The effect was begun but its answer is not known, and on \(server.name) this has not ended and may be it: "
            + "\(names)."
    }
}
