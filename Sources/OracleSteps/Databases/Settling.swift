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
        if let operation,
            let unsettled = try await unsettled(following: { () throws(OracleError) in
                _ = try await followDatabase(operation, context)
            })
        {
            return unsettled.why
        }
        return try await unsettled(database, context)?.why
    }
}
