// SPDX-License-Identifier: Apache-2.0

package import CloudSteps
internal import MusterPlugin
package import OracleCloudClient

extension OracleSession {
    /// The nodes of the cluster that a database is on.
    package func nodes(of database: OracleDatabase) async throws -> [DatabaseNode] {
        guard let cluster = database.vmClusterId.flatMap({ OracleID($0) }),
            let compartment = database.compartmentId.flatMap({ OracleID($0) })
        else {
            throw StepError.permanent(
                "oracle.no-cluster", "\(database.label) does not name its cluster and compartment.",
                remedy: "Look at the database in Oracle's console; only those on a VM cluster can be used here.")
        }
        return try await oracle.databases.nodes(of: cluster, in: compartment)
            .filter { !["TERMINATED", "TERMINATING"].contains($0.lifecycleState) }
    }

    package func nodeNames(of database: OracleDatabase) async throws -> [String] {
        try await nodes(of: database).map(\.label)
    }
}

extension [DatabaseNode] {
    package var allAvailable: Finding {
        .all(
            map {
                $0.lifecycleState == "AVAILABLE"
                    ? .met("\($0.label) is AVAILABLE.") : .unmet("\($0.label) is \($0.lifecycleState).")
            }, none: "")
    }
}
