// SPDX-License-Identifier: Apache-2.0

package struct VirtualNetwork: Sendable, Hashable {
    package var name: String
    package var group: String
    package var location: String
    package var subnets: [CaselessName: Subnet] = [:]
}

package struct Subnet: Sendable, Hashable {
    package var name: String
    package var prefix: String
    /// Such as `Oracle.Database/networkAttachments`.
    package var delegatedTo: [String] = []
    /// A name in ``Surroundings/natGateways``.
    package var natGateway: CaselessName?
}

package struct NATGateway: Sendable, Hashable {
    package var name: String
    package var group: String
    package var location: String
    /// Without one it lets nothing out.
    package var hasAddress = true
}

/// An address in a subnet that leads to a resource of another network, and the names by which it is found.
package struct PrivateEndpoint: Sendable, Hashable {
    package var name: String
    package var group: String
    package var location: String
    /// A network's name and a subnet's in it.
    package var network: CaselessName
    package var subnet: CaselessName
    /// Resource id.
    package var target: String
    /// `vault`, `managedhsm` or `hybridcompute`.
    package var groupID: String
    /// `Approved`, `Pending`, `Rejected` or `Disconnected`.
    package var status = "Approved"
    package var address: String
    /// Private DNS zones with its records; empty: it has no zone group.
    package var zones: [Zone] = []

    package struct Zone: Sendable, Hashable {
        /// Such as `privatelink.vaultcore.azure.net`.
        package var name: String
        /// First labels of the records in it.
        package var records: [String]
        /// Names of the networks in which the zone is answered.
        package var links: [CaselessName]
    }
}

package struct PrivateLinkScope: Sendable, Hashable {
    package var name: String
    package var group: String
    package var location: String
    package var publicAccess = false
}

/// An Exadata VM cluster as Azure shows it. Connectors, key stores and databases are on Oracle's side.
package struct VMCluster: Sendable, Hashable {
    package var name: String
    package var group: String
    package var location: String
    package var ocid: String
    /// `Available`, `Updating`, `MaintenanceInProgress` …
    package var state = "Available"
    package var nodes = 2
    package var network: CaselessName
    package var subnet: CaselessName
}

package struct DiagnosticSetting: Sendable, Hashable {
    package var name: String
    /// A name in ``Surroundings/workspaces``; nil: the logs go to storage alone.
    package var workspace: CaselessName?
    /// True: the logs are in a table of their own.
    package var isDedicated = true
    /// Such as `AuditEvent`, or a category group such as `audit`.
    package var categories: [String] = ["audit"]
    package var isEnabled = true
}

package struct LogWorkspace: Sendable, Hashable {
    package var name: String
    package var group: String
    package var location: String
    /// By which queries name it.
    package var customerID: String
}
