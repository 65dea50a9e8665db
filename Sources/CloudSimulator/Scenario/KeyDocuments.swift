// SPDX-License-Identifier: Apache-2.0

/// What a scenario says of Managed HSMs and groups.
extension CloudDocument {
    enum Access: String, Decodable { case enabled, disabled }

    struct ManagedHSMDocument: Decodable {
        var location: String
        var resourceGroup: String?
        var sku: String?
        var purgeProtection: Bool?
        var publicAccess: Access?
        var activated: Bool?
        var deleted: Bool?
        /// Object ids.
        var administrators: [String]?
        var keys: [String: KeyDocument]?
        var localRoles: [LocalRoleDocument]?

        enum CodingKeys: String, CodingKey {
            case location, sku, activated, deleted, administrators, keys
            case resourceGroup = "resource-group"
            case purgeProtection = "purge-protection"
            case publicAccess = "public-access"
            case localRoles = "local-roles"
        }
    }

    struct LocalRoleDocument: Decodable {
        /// `client`, name of a server or a group, or an object id.
        var principal: String
        /// One of the names in ``LocalRole``.
        var role: String
        /// `/`, `/keys` or `/keys/NAME`.
        var scope: String?

        enum CodingKeys: String, CodingKey { case principal, role, scope }
    }

    struct GroupDocument: Decodable {
        var id: String?
        /// Names of servers or groups, or object ids.
        var members: [String]?
        /// False: a distribution list, which can be granted nothing.
        var security: Bool?

        enum CodingKeys: String, CodingKey { case id, members, security }
    }
}
