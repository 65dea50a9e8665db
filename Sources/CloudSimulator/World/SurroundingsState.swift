// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// What lies around keys and databases in a subscription: networks, Arc machines, resource providers, logs.
package struct Surroundings: Sendable, Hashable {
    /// By namespace, such as `Microsoft.HybridCompute`. What is not in it was never registered.
    package var providers: [CaselessName: ProviderRegistration] = [:]
    /// Registered ones, as NAMESPACE/NAME.
    package var features: Set<CaselessName> = []
    /// By ``MachinePlace``.
    package var machines: [MachinePlace: ArcMachine] = [:]
    /// How often a machine of this place was enrolled: each enrolment makes an identity of its own.
    package var enrolments: [MachinePlace: Int] = [:]
    /// Key operations, in the order in which they happened.
    package var keyUses: [KeyUse] = []
    package var networks: [CaselessName: VirtualNetwork] = [:]
    package var natGateways: [CaselessName: NATGateway] = [:]
    package var privateEndpoints: [CaselessName: PrivateEndpoint] = [:]
    package var privateLinkScopes: [CaselessName: PrivateLinkScope] = [:]
    package var vmClusters: [CaselessName: VMCluster] = [:]
    /// By the id of the resource, in lower case.
    package var diagnostics: [String: [DiagnosticSetting]] = [:]
    package var workspaces: [CaselessName: LogWorkspace] = [:]
    /// How long a line of a log takes until a query shows it.
    package var logDelay: Duration = .seconds(120)
}

package struct ProviderRegistration: Sendable, Hashable {
    package var name: String
    /// When a registration that was asked for ends; nil: it is registered.
    package var registeringUntil: Timestamp?
}

/// A resource group and a name in it.
package struct MachinePlace: Sendable, Hashable, Comparable {
    package var group: CaselessName
    package var name: CaselessName

    init(_ group: String, _ name: String) {
        self.group = CaselessName(group)
        self.name = CaselessName(name)
    }

    package static func < (lhs: Self, rhs: Self) -> Bool { (lhs.group, lhs.name) < (rhs.group, rhs.name) }
}

/// A machine outside Azure that Azure Arc gives an identity: here, a node of an Oracle cluster.
package struct ArcMachine: Sendable, Hashable {
    package var name: String
    package var group: String
    package var location: String
    /// Object id of its system-assigned identity.
    package var principal: String
    /// `Connected`, `Disconnected`, `Error` or `Expired`.
    package var status = "Connected"
    package var statusChanged: Timestamp
    /// When a fault that disconnected it will be mended.
    var connectsAgain: Timestamp?
    /// Resource id; nil when it speaks to Azure in public.
    package var privateLinkScope: String?
    /// OCID of the VM cluster whose node it is.
    package var cluster: String?
}

/// One key operation as a vault's log has it.
package struct KeyUse: Sendable, Hashable {
    package var at: Timestamp
    package var principal: String
    /// Resource id.
    package var vault: CaselessName
    package var key: String
    /// As in the log: `KeyUnwrap`, `KeyWrap`, `KeyGet`, `KeyCreate` …
    package var operation: String
    package var status = 200
}
