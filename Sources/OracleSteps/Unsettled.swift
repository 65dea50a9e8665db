// SPDX-License-Identifier: Apache-2.0

package import MusterPlugin
package import OracleCloudClient

/// What was begun before could not be followed to its end.
package struct Unsettled: Error {
    package let error: OracleError

    init(_ error: OracleError) { self.error = error }

    package var why: String { "\(Self.opening)\(error)" }

    /// With the code and the remedy of what hindered it: a refused signature does not pass by waiting.
    package var stepError: StepError {
        var told = error
        told.message = Self.opening + error.message
        return StepError(told, reads: true)
    }

    private static let opening = "What was begun before could not be followed to its end: "
}

extension OracleSession {
    /// Waits for what an earlier attempt began. The service forgets its work requests a while after their end, and how it ended
    /// is for the next read to show.
    ///
    /// - Returns: what hindered it; nil when it is at its end.
    package func unsettled(following follow: () async throws(OracleError) -> Void) async throws -> Unsettled? {
        do throws(OracleError) {
            try await follow()
            return nil
        } catch {
            try Task.checkCancellation()
            return error.isNotFound ? nil : Unsettled(error)
        }
    }

    /// Waits until nothing works on the database.
    ///
    /// - Returns: what hindered it; a database that is not found does.
    func unsettled(_ database: OracleID, _ context: StepContext) async throws -> Unsettled? {
        do throws(OracleError) {
            try await settle(database, context)
            return nil
        } catch {
            try Task.checkCancellation()
            return Unsettled(error)
        }
    }
}
