// SPDX-License-Identifier: Apache-2.0

package import MusterPlugin
package import OracleCloudClient

extension OracleSession {
    /// Waits for what an earlier attempt began on the database, and until nothing works on it.
    ///
    /// - Returns: why it could not be followed to its end; nil when it could.
    package func unsettled(
        _ operation: OracleOperation?, on database: OracleID, _ context: StepContext
    ) async throws -> String? {
        if let operation {
            do throws(OracleError) {
                _ = try await followDatabase(operation, context)
            } catch {
                try Task.checkCancellation()
                // The service forgets its work requests a while after their end.
                guard error.isNotFound else {
                    return "What was begun before could not be followed to its end: \(error)"
                }
            }
        }
        do throws(OracleError) {
            try await settle(database, context)
            return nil
        } catch {
            try Task.checkCancellation()
            return "What was begun before could not be followed to its end: \(error)"
        }
    }
}
