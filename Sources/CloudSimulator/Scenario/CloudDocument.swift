// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// The `cloud` of a scenario as it is written; `docs/formats/scenario-v1.md` says what each part means.
struct CloudDocument: Decodable {
    var tenant: String?
    var subscription: String?
    var start: Timestamp?
    var client: ClientDocument?
    var resourceGroup: String?
    var servers: [String: ServerDocument]?
    var failoverGroups: [String: FailoverGroupDocument]?
    var vaults: [String: VaultDocument]?
    var managedHSMs: [String: ManagedHSMDocument]?
    var groups: [String: GroupDocument]?
    var oracle: OracleDocument?
    var roleAssignments: [RoleAssignmentDocument]?
    var rolePropagation: String?
    var groupPropagation: String?
    var repeatedKeyPut: AzureState.RepeatedKeyPut?
    var durations: [String: String]?
    /// Namespaces that the subscription has registered.
    var providers: [String]?
    /// Registered features, as NAMESPACE/NAME.
    var features: [String]?
    var virtualNetworks: [String: NetworkDocument]?
    var privateEndpoints: [String: PrivateEndpointDocument]?
    var privateLinkScopes: [String: PrivateLinkScopeDocument]?
    var arcMachines: [String: ArcMachineDocument]?
    var vmClusters: [String: VMClusterDocument]?
    /// By the name of a vault or Managed HSM.
    var diagnostics: [String: DiagnosticsDocument]?
    var logDelay: String?

    enum CodingKeys: String, CodingKey {
        case tenant, subscription, start, client, servers, vaults, durations, oracle, groups
        case managedHSMs = "managed-hsms"
        case groupPropagation = "group-propagation"
        case resourceGroup = "resource-group"
        case failoverGroups = "failover-groups"
        case roleAssignments = "role-assignments"
        case rolePropagation = "role-propagation"
        case repeatedKeyPut = "repeated-key-put"
        case providers, features, diagnostics
        case virtualNetworks = "virtual-networks"
        case privateEndpoints = "private-endpoints"
        case privateLinkScopes = "private-link-scopes"
        case arcMachines = "arc-machines"
        case vmClusters = "vm-clusters"
        case logDelay = "log-delay"
    }

    struct ClientDocument: Decodable {
        var id: String?
        var objectID: String?
        var certificates: [String]?
        var deniedActions: [String]?
        /// The virtual network from which it asks.
        var network: String?
        /// In a Managed HSM that is made: names in ``LocalRole``.
        var localRoles: [String]?

        enum CodingKeys: String, CodingKey {
            case id, certificates, network
            case objectID = "object-id"
            case localRoles = "local-roles"
            case deniedActions = "denied-actions"
        }
    }

    struct ServerDocument: Decodable {
        enum Identity: String, Decodable { case system, none }
        var location: String
        var resourceGroup: String?
        var state: String?
        var identity: Identity?
        var keys: [String]?
        /// A key identifier, or `service-managed`.
        var protector: String?
        var autoRotation: Bool?
        var databases: [String]?

        enum CodingKeys: String, CodingKey {
            case location, state, identity, keys, protector, databases
            case resourceGroup = "resource-group"
            case autoRotation = "auto-rotation"
        }
    }

    struct FailoverGroupDocument: Decodable {
        enum ReplicationState: String, Decodable { case CATCH_UP, SUSPENDED, SEEDING, PENDING }
        enum Policy: String, Decodable { case manual, automatic }
        var primary: String
        var secondary: String
        var databases: [String]?
        var policy: Policy?
        var gracePeriod: String?
        var replicationState: ReplicationState?

        enum CodingKeys: String, CodingKey {
            case primary, secondary, databases, policy
            case gracePeriod = "grace-period"
            case replicationState = "replication-state"
        }
    }

    struct VaultDocument: Decodable {
        enum SKU: String, Decodable { case standard, premium }
        var sku: SKU?
        /// `enabled` or `disabled`.
        var publicAccess: Access?
        enum Permissions: String, Decodable {
            case roles
            case accessPolicies = "access-policies"
        }
        var location: String
        var resourceGroup: String?
        var softDelete: Bool?
        var purgeProtection: Bool?
        var permissions: Permissions?
        /// Key permissions by server name or object id.
        var accessPolicies: [String: [String]]?
        var deleted: Bool?
        var keys: [String: KeyDocument]?

        enum CodingKeys: String, CodingKey {
            case location, permissions, deleted, keys, sku
            case publicAccess = "public-access"
            case resourceGroup = "resource-group"
            case softDelete = "soft-delete"
            case purgeProtection = "purge-protection"
            case accessPolicies = "access-policies"
        }
    }

    struct KeyDocument: Decodable {
        var deleted: Bool?
        var rotationPolicy: Bool?
        /// By version, 32 hexadecimal digits.
        var versions: [String: VersionDocument]

        enum CodingKeys: String, CodingKey {
            case deleted, versions
            case rotationPolicy = "rotation-policy"
        }
    }

    struct VersionDocument: Decodable {
        enum KeyType: String, Decodable {
            case RSA
            case RSAHSM = "RSA-HSM"
            case octHSM = "oct-HSM"
            case EC
        }
        var type: KeyType?
        var bits: Int?
        var enabled: Bool?
        var expires: Timestamp?
        var notBefore: Timestamp?
        var created: Timestamp?
        var material: String?

        enum CodingKeys: String, CodingKey {
            case type, bits, enabled, expires, created, material
            case notBefore = "not-before"
        }
    }

    struct RoleAssignmentDocument: Decodable {
        /// `client`, name of a server or a group, or an object id.
        var principal: String
        /// One of the names in ``BuiltInRole``, or a GUID.
        var role: String
        /// Name of a vault or Managed HSM, or full resource id; absent: every vault.
        var scope: String?

        enum CodingKeys: String, CodingKey { case principal, role, scope }
    }
}

/// Built-in roles by the names that people use.
/// https://learn.microsoft.com/azure/key-vault/general/rbac-guide
enum BuiltInRole {
    static let ids = [
        "Key Vault Crypto Service Encryption User": "e147488a-f6f5-4113-8e2d-b22465e65bf6",
        "Key Vault Crypto User": "12338af0-0e69-4776-bea7-57ae8d297424",
        "Key Vault Crypto Officer": "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
        "Key Vault Administrator": "00482a5a-887f-4fb3-b363-3b7fe8e74483",
        "Key Vault Reader": "21090545-7ca7-4776-b22c-e363652d74d2",
        "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
        "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
        "Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    ]
}
