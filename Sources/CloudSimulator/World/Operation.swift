// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// A long-running operation of Microsoft.Sql.
package struct Operation: Sendable, Hashable {
    package enum Status: String, Sendable, Hashable {
        case running = "InProgress", succeeded = "Succeeded", failed = "Failed"
    }

    /// What is done when the operation ends. Checks that the service makes on the way are made then as well.
    package enum Work: Sendable, Hashable {
        case registerKey(KeyReference)
        case removeKey(CaselessName)
        /// Nil: the service-managed key.
        case setProtector(CaselessName?, autoRotation: Bool)
        case revalidate
        case failover(group: CaselessName, kind: FailoverKind)
    }

    package enum FailoverKind: String, Sendable, Hashable { case planned, forced, plannedElseForced }

    package var id: String
    package var server: CaselessName
    package var work: Work
    package var started: Timestamp
    /// Nil: it never ends.
    package var ends: Timestamp?
    package var status = Status.running
    /// What it shall end with instead of its work, by a fault.
    package var forcedError: AzureError?
    /// What becomes of it besides when it succeeds, by a fault.
    package var aftermath = Aftermath()
    package var error: AzureError?

    /// The service's name for it, as its first answer holds it.
    var serviceName: String {
        switch work {
        case .registerKey: "UpsertLogicalServerEncryptionKeys"
        case .removeKey: "DeleteLogicalServerEncryptionKeys"
        case .setProtector: "UpsertLogicalServerEncryptionprotector"
        case .revalidate: "RevalidateLogicalServerEncryptionprotector"
        case .failover: "FailoverFailoverGroup"
        }
    }

    /// First word of the two status paths, such as `serverKeyAzureAsyncOperation`.
    var family: String {
        switch work {
        case .registerKey, .removeKey: "serverKey"
        case .setProtector, .revalidate: "encryptionProtector"
        case .failover: "failoverGroup"
        }
    }

    /// Recorded: failover groups' status URLs lack the resource group.
    var pathHoldsGroup: Bool { family != "failoverGroup" }
}
