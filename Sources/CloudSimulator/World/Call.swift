// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// A request whose operation is known.
struct Call: Sendable {
    enum Plane: Sendable { case token, resourceManager, keyVault, graph, logs }

    var request: SimulatedRequest
    /// Simulated time.
    var at: Timestamp
    var plane: Plane
    /// The operation's name in Microsoft's API descriptions; `Unknown` when there is none.
    var operation: String
    /// What the caller must be allowed to do.
    var action: String?
    /// True when the operation changes something.
    var isMutation = false
    var path: ARMPath?
    /// Scope of role assignments.
    var scope: String?
    var injected = InjectedFaults()

    var isToken: Bool { plane == .token }

    /// The name at this depth of the path.
    func name(_ depth: Int) -> String { path.map { depth < $0.names.count ? $0.names[depth] : "" } ?? "" }

    func jsonBody() throws(AzureError) -> JSON {
        do {
            return try JSON.parse(request.body, limits: .init(bytes: 4 << 20))
        } catch {
            throw ARMError.invalidBody(error.description)
        }
    }
}

/// One operation that the Resource Manager side knows.
struct KnownOperation: Sendable {
    var method: String
    var provider: String
    /// As ``ARMPath/shape``.
    var shape: String
    var operation: String
    var action: String
    /// True when it stands below the subscription rather than a resource group.
    var ofSubscription = false

    init(
        _ method: String, _ provider: String, _ shape: String, _ operation: String, _ action: String,
        ofSubscription: Bool = false
    ) {
        self.method = method
        self.provider = provider
        self.shape = shape
        self.operation = operation
        self.action = action
        self.ofSubscription = ofSubscription
    }

    private static let sql = "microsoft.sql"
    private static let server = "Microsoft.Sql/servers"

    /// Names as in the operationId of https://github.com/Azure/azure-rest-api-specs, actions as in the built-in roles.
    private static let databasesAndVaults: [KnownOperation] = [
        .init("GET", sql, "servers", "Servers_List", "\(server)/read", ofSubscription: true),
        .init("GET", sql, "servers", "Servers_ListByResourceGroup", "\(server)/read"),
        .init("GET", sql, "servers/*", "Servers_Get", "\(server)/read"),
        .init("GET", sql, "servers/keys", "ServerKeys_ListByServer", "\(server)/keys/read"),
        .init("GET", sql, "servers/keys/*", "ServerKeys_Get", "\(server)/keys/read"),
        .init("PUT", sql, "servers/keys/*", "ServerKeys_CreateOrUpdate", "\(server)/keys/write"),
        .init("DELETE", sql, "servers/keys/*", "ServerKeys_Delete", "\(server)/keys/delete"),
        .init(
            "GET", sql, "servers/encryptionprotector", "EncryptionProtectors_ListByServer",
            "\(server)/encryptionProtector/read"),
        .init(
            "GET", sql, "servers/encryptionprotector/*", "EncryptionProtectors_Get",
            "\(server)/encryptionProtector/read"),
        .init(
            "PUT", sql, "servers/encryptionprotector/*", "EncryptionProtectors_CreateOrUpdate",
            "\(server)/encryptionProtector/write"),
        .init(
            "POST", sql, "servers/encryptionprotector/revalidate", "EncryptionProtectors_Revalidate",
            "\(server)/encryptionProtector/revalidate/action"),
        .init("GET", sql, "servers/failovergroups", "FailoverGroups_ListByServer", "\(server)/failoverGroups/read"),
        .init("GET", sql, "servers/failovergroups/*", "FailoverGroups_Get", "\(server)/failoverGroups/read"),
        .init(
            "POST", sql, "servers/failovergroups/failover", "FailoverGroups_Failover",
            "\(server)/failoverGroups/failover/action"),
        .init(
            "POST", sql, "servers/failovergroups/forcefailoverallowdataloss",
            "FailoverGroups_ForceFailoverAllowDataLoss",
            "\(server)/failoverGroups/forceFailoverAllowDataLoss/action"),
        .init(
            "POST", sql, "servers/failovergroups/tryplannedbeforeforcedfailover",
            "FailoverGroups_TryPlannedBeforeForcedFailover",
            "\(server)/failoverGroups/tryPlannedBeforeForcedFailover/action"),
        .init(
            "GET", sql, "servers/replicationlinks", "ReplicationLinks_ListByServer",
            "\(server)/databases/replicationLinks/read"),
        .init("GET", sql, "servers/databases", "Databases_ListByServer", "\(server)/databases/read"),
        .init("GET", sql, "servers/databases/*", "Databases_Get", "\(server)/databases/read"),
        .init(
            "GET", sql, "servers/inaccessibledatabases", "Databases_ListInaccessibleByServer",
            "\(server)/databases/read"),
        .init(
            "GET", sql, "servers/databases/replicationlinks", "ReplicationLinks_ListByDatabase",
            "\(server)/databases/replicationLinks/read"),
        .init(
            "GET", sql, "servers/databases/replicationlinks/*", "ReplicationLinks_Get",
            "\(server)/databases/replicationLinks/read"),
        .init(
            "GET", sql, "servers/databases/transparentdataencryption", "TransparentDataEncryptions_ListByDatabase",
            "\(server)/databases/transparentDataEncryption/read"),
        .init(
            "GET", sql, "servers/databases/transparentdataencryption/*", "TransparentDataEncryptions_Get",
            "\(server)/databases/transparentDataEncryption/read"),
        .init("GET", sql, "servers/operations", "ServerOperations_ListByServer", "\(server)/operations/read"),
        .init(
            "GET", "microsoft.keyvault", "vaults", "Vaults_ListBySubscription", "Microsoft.KeyVault/vaults/read",
            ofSubscription: true),
        .init("GET", "microsoft.keyvault", "vaults", "Vaults_ListByResourceGroup", "Microsoft.KeyVault/vaults/read"),
        .init("GET", "microsoft.keyvault", "vaults/*", "Vaults_Get", "Microsoft.KeyVault/vaults/read"),
        .init(
            "GET", "microsoft.keyvault", "deletedvaults", "Vaults_ListDeleted", "Microsoft.KeyVault/deletedVaults/read",
            ofSubscription: true),
        .init(
            "GET", "microsoft.keyvault", "locations/deletedvaults/*", "Vaults_GetDeleted",
            "Microsoft.KeyVault/locations/deletedVaults/read", ofSubscription: true),
    ]

    static let all =
        databasesAndVaults + keyAdministration
}

extension AzureWorld {
    /// What a fault's `operation` can name.
    package static let operationNames =
        KnownOperation.all.map(\.operation) + surroundingNames + [
            "Token", "OperationStatus", "OperationResult", "RoleAssignments_ListForScope", "RoleAssignments_Get",
            "RoleAssignments_Create", "RoleAssignments_Delete", "GetKeys", "GetKey", "GetKeyVersions", "GetDeletedKeys",
            "GetDeletedKey",
        ] + keyChangeNames

    /// Finds the operation that a request means, by its host and path.
    func route(_ request: SimulatedRequest, at now: Timestamp) -> Call {
        let labels = request.host.split(separator: ":")[0].split(separator: ".")
        if labels.count >= 3, ["vault", "managedhsm"].contains(labels[1].lowercased()) {
            return routeKeyVault(request, at: now)
        }
        if let call = routeGraph(request, at: now) { return call }
        let segments = request.segments
        if segments.count == 4, segments[1...].map({ $0.lowercased() }) == ["oauth2", "v2.0", "token"] {
            return Call(request: request, at: now, plane: .token, operation: "Token")
        }
        if let call = routeRoleAssignments(request, segments, at: now) { return call }
        if let call = routeSurroundings(request, segments, at: now) { return call }
        guard let path = ARMPath(segments) else {
            return Call(request: request, at: now, plane: .resourceManager, operation: "Unknown")
        }
        if path.provider.lowercased() == "microsoft.sql", path.types.first?.lowercased() == "locations" {
            return routeStatus(request, path, at: now)
        }
        let known = KnownOperation.all.first {
            $0.method == request.method && $0.provider == path.provider.lowercased() && $0.shape == path.shape
                && $0.ofSubscription == (path.group == nil)
        }
        var call = Call(
            request: request, at: now, plane: .resourceManager, operation: known?.operation ?? "Unknown", path: path)
        call.action = known?.action
        call.isMutation = known != nil && request.method != "GET"
        return call
    }

    private func routeStatus(_ request: SimulatedRequest, _ path: ARMPath, at now: Timestamp) -> Call {
        let kind =
            path.types.count == 2 && path.names.count == 2 && request.method == "GET" ? path.types[1].lowercased() : ""
        var call = Call(request: request, at: now, plane: .resourceManager, operation: "Unknown", path: path)
        if kind.hasSuffix("azureasyncoperation") { call.operation = "OperationStatus" }
        if kind.hasSuffix("operationresults") { call.operation = "OperationResult" }
        call.action = "Microsoft.Sql/locations/\(path.types.last ?? "")/read"
        return call
    }

    private func routeRoleAssignments(_ request: SimulatedRequest, _ segments: [String], at now: Timestamp) -> Call? {
        let folded = segments.map { $0.lowercased() }
        guard let at = folded.lastIndex(of: "microsoft.authorization"), at >= 1, folded[at - 1] == "providers",
            at + 1 < folded.count, folded[at + 1] == "roleassignments", folded.count <= at + 3
        else { return nil }
        let single = folded.count == at + 3
        var call = Call(request: request, at: now, plane: .resourceManager, operation: "Unknown")
        call.scope = "/" + segments[..<(at - 1)].joined(separator: "/")
        switch (request.method, single) {
        case ("GET", false): (call.operation, call.action) = ("RoleAssignments_ListForScope", "read")
        case ("GET", true): (call.operation, call.action) = ("RoleAssignments_Get", "read")
        case ("PUT", true): (call.operation, call.action) = ("RoleAssignments_Create", "write")
        case ("DELETE", true): (call.operation, call.action) = ("RoleAssignments_Delete", "delete")
        default: break
        }
        call.action = call.action.map { "Microsoft.Authorization/roleAssignments/\($0)" }
        call.isMutation = request.method != "GET"
        return call
    }

    private func routeKeyVault(_ request: SimulatedRequest, at now: Timestamp) -> Call {
        if let call = routeLocalRoles(request, at: now) { return call }
        let segments = request.segments
        var call = Call(request: request, at: now, plane: .keyVault, operation: "Unknown")
        guard let collection = segments.first?.lowercased() else { return call }
        let last = segments.count == 3 ? segments[2].lowercased() : ""
        let found: (operation: String, action: String)? =
            switch (request.method, collection, segments.count) {
            case ("GET", "keys", 1): ("GetKeys", "keys/read")
            case ("GET", "keys", 2): ("GetKey", "keys/read")
            case ("GET", "keys", 3) where last == "versions": ("GetKeyVersions", "keys/read")
            case ("GET", "keys", 3) where last == "rotationpolicy": ("GetKeyRotationPolicy", "keyrotationpolicies/read")
            case ("GET", "keys", 3): ("GetKey", "keys/read")
            case ("GET", "deletedkeys", 1): ("GetDeletedKeys", "keys/read")
            case ("GET", "deletedkeys", 2): ("GetDeletedKey", "keys/read")
            case ("POST", "keys", 3) where last == "create": ("CreateKey", "keys/create/action")
            case ("PUT", "keys", 2): ("ImportKey", "keys/import/action")
            case ("PATCH", "keys", 2), ("PATCH", "keys", 3): ("UpdateKey", "keys/update/action")
            case ("DELETE", "keys", 2): ("DeleteKey", "keys/delete")
            case ("POST", "deletedkeys", 3) where last == "recover": ("RecoverDeletedKey", "keys/recover/action")
            default: nil
            }
        call.operation = found?.operation ?? "Unknown"
        call.action = "Microsoft.KeyVault/vaults/\(found?.action ?? "keys/read")"
        call.isMutation = found != nil && request.method != "GET"
        return call
    }
}
