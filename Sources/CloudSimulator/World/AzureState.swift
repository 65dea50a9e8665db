// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// Everything that the simulated cloud holds, apart from running operations, tokens and counters.
package struct AzureState: Sendable, Hashable {
    package var tenant: String
    package var subscription: String
    package var client: Client
    package var groups: Set<CaselessName> = []
    package var servers: [CaselessName: SQLServer] = [:]
    package var failoverGroups: [CaselessName: FailoverGroup] = [:]
    package var vaults: [CaselessName: Vault] = [:]
    package var managedHSMs: [CaselessName: Vault] = [:]
    package var directory = Directory()
    package var roleAssignments: [RoleAssignment] = []
    /// How long a new role assignment takes until it has an effect.
    package var rolePropagation: Duration = .zero
    /// What a PUT of a server key that is there already answers; Microsoft's documents leave it open.
    package var repeatedKeyPut: RepeatedKeyPut = .conflict
    package var durations = Durations()
    package var markers: [MarkerRow] = []
    /// Rows that only a former primary holds since a forced failover, until it is caught up.
    package var strandedMarkers: [MarkerRow] = []
    package var surroundings = Surroundings()

    package enum RepeatedKeyPut: String, Sendable, Hashable, Codable { case conflict, accept }

    /// How long operations take, by the recorded exchanges of one small database.
    package struct Durations: Sendable, Hashable {
        package var key: Duration = .seconds(2)
        package var protector: Duration = .seconds(5)
        package var plannedFailover: Duration = .seconds(40)
        package var forcedFailover: Duration = .seconds(10)
        /// Until a group is caught up again after a forced failover.
        package var catchUp: Duration = .seconds(60)
        /// Until a new primary's databases are encrypted with its own protector.
        package var keyChange: Duration = .seconds(20)
        package var managedHSM: Duration = .seconds(1200)
        /// Until people have activated a new Managed HSM.
        package var managedHSMActivation: Duration = .seconds(600)
        /// What was written in this time before a forced failover is lost.
        package var dataLoss: Duration = .seconds(5)
    }
}

/// The application as which the drill signs in.
package struct Client: Sendable, Hashable {
    package var id: String
    /// Object id of its service principal, which errors and assignments name.
    package var objectID: String
    /// Never part of `/simulator/state`.
    package var secret: String
    /// `x5t` or `x5t#S256` of the registered certificates. Empty: any certificate is taken for registered.
    package var certificates: Set<String> = []
    /// Resource Manager actions and data actions that it lacks, with `*` for any text.
    package var deniedActions: [String] = []
    /// True once the scenario grants it a role on keys: it has no others then. False: it may do everything with them.
    package var isHeldToItsRoles = false
    /// Local roles that the administrators of a Managed HSM give it when they activate one that was made.
    package var localRoles: [String] = []
    /// The virtual network from which it asks; nil: one in which every private endpoint is found.
    package var network: CaselessName?
}

package struct SQLServer: Sendable, Hashable {
    package var name: String
    package var group: String
    /// Short form, such as `eastus`.
    package var location: String
    package var state = "Ready"
    /// Object id of the system-assigned identity; nil when the server has none.
    package var principal: String?
    /// By server key name. The service-managed key is not in it; it is always there.
    package var keys: [CaselessName: ServerKey] = [:]
    /// The name of a key in ``keys``, or nil for the service-managed key.
    package var protector: CaselessName?
    package var autoRotation = false
    package var databases: [CaselessName: Database] = [:]
    /// Since when the protector's key can't be reached; nil while all is well.
    package var accessLostAt: Timestamp?
    /// True: the databases closed when the key was lost, and not ten minutes later.
    package var closedAtOnce = false
    /// True: the key and the databases go when SQL asks for the encryption.
    package var losesKeyWhenAsked = false
    /// True: the server can't use its key, whatever its vault and its roles say.
    package var isKeyless = false

    package var protectorKey: ServerKey? { protector.flatMap { keys[$0] } }
}

/// A Key Vault key that a server knows.
package struct ServerKey: Sendable, Hashable {
    /// `vault_key_version`
    package var name: String
    package var reference: KeyReference
    package var thumbprint: String
    package var created: Timestamp
}

package struct Database: Sendable, Hashable {
    package var name: String
    package var id: String
    package var created: Timestamp
}

package struct FailoverGroup: Sendable, Hashable {
    package var name: String
    package var primary: CaselessName
    package var secondary: CaselessName
    package var databases: [CaselessName]
    package var automatic = false
    package var gracePeriodMinutes: Int64?
    /// `CATCH_UP`, `SUSPENDED`, `SEEDING` or `PENDING`.
    package var replicationState = "CATCH_UP"
    /// When a group that a forced failover suspended is caught up again.
    package var catchesUpAt: Timestamp?
    /// Up to when the secondary has everything; nil while it is caught up.
    package var replicatedUntil: Timestamp?
    /// Nil while the databases are encrypted with the primary's own protector.
    package var keyChange: KeyChange?
    /// Until then the listeners' names still lead where they led before the failover.
    package var listenersFollowAt: Timestamp?
    /// How many statements lose their connection from now on.
    package var connectionsToDrop = 0

    func partner(of server: CaselessName) -> CaselessName? {
        if server == primary { secondary } else if server == secondary { primary } else { nil }
    }
}

package struct Vault: Sendable, Hashable {
    package var kind = VaultKind.vault
    package var name: String
    package var group: String
    package var location: String
    /// `standard` or `premium`; of a Managed HSM such as `Standard_B1`.
    package var sku = "standard"
    package var retentionDays = 90
    package var publicNetworkAccess = "Enabled"
    /// Of its firewall: `Allow` or `Deny`.
    package var defaultAction = "Allow"
    package var tags: [String: String] = [:]
    package var hsm = HSMState()
    package var softDelete = true
    package var purgeProtection = true
    /// True: role assignments count. False: ``accessPolicies`` count.
    package var roleBased = true
    /// Key permissions by object id, such as `get`, `wrapKey`, `unwrapKey`.
    package var accessPolicies: [String: Set<String>] = [:]
    package var keys: [CaselessName: VaultKey] = [:]
    package var deletedAt: Timestamp?
}

package struct VaultKey: Sendable, Hashable {
    package var name: String
    package var versions: [KeyVersion]
    package var deletedAt: Timestamp?
    /// True: the vault makes new versions by itself.
    package var rotatesByPolicy = false

    /// The newest version, by creation; of two of the same moment the one that was added last.
    package var current: KeyVersion? { versions.max { $0.created <= $1.created } }
}

package struct KeyVersion: Sendable, Hashable {
    package var version: String
    package var type = "RSA"
    package var bits = 2048
    package var enabled = true
    package var notBefore: Timestamp?
    package var expires: Timestamp?
    package var created: Timestamp
    /// Versions of equal material are the same key, in whichever vaults they lie.
    package var material: String
    package var tags: [String: String] = [:]

    package var thumbprint: String { DerivedID.thumbprint(material: material) }
}

package struct RoleAssignment: Sendable, Hashable {
    package var name: String
    /// Resource id without a slash at its end.
    package var scope: String
    /// GUID of the role.
    package var role: String
    package var principal: String
    package var principalType: String
    package var created: Timestamp
    package var effective: Timestamp

    func covers(_ resource: String) -> Bool {
        let scope = scope.lowercased()
        let resource = resource.lowercased()
        return resource == scope || resource.hasPrefix(scope + "/")
    }
}

/// Names a key of a vault, with or without its version, as in `https://v.vault.azure.net/keys/k/0123…`.
package struct KeyReference: Sendable, Hashable {
    package var uri: String
    package var vault: String
    package var key: String
    package var version: String?

    /// Nil unless the text is a key identifier. Any host counts whose second label is `vault`, so that keys are named
    /// as in the real cloud, whatever port the simulator listens on.
    package init?(_ uri: String) {
        let scheme = uri.hasPrefix("https://") ? "https://" : "http://"
        guard uri.hasPrefix(scheme) else { return nil }
        let parts = uri.dropFirst(scheme.count).split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3 || parts.count == 4, parts[1] == "keys", !parts[2].isEmpty else { return nil }
        let labels = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count >= 3, labels[1].lowercased() == "vault", !labels[0].isEmpty else { return nil }
        if parts.count == 4 {
            guard parts[3].utf8.count == 32, parts[3].allSatisfy(\.isHexDigit) else { return nil }
            version = parts[3]
        }
        self.uri = uri
        vault = String(labels[0])
        key = parts[2]
    }

    /// `vault_key_version`, or `vault_key` without a version.
    package var serverKeyName: String { ([vault, key] + (version.map { [$0] } ?? [])).joined(separator: "_") }
}
