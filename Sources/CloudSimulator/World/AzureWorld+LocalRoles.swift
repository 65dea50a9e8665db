// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// The local roles of a Managed HSM.
/// https://learn.microsoft.com/azure/key-vault/managed-hsm/access-control
extension AzureWorld {
    /// Below `/`, `/keys` or `/keys/NAME` of an HSM's host.
    func routeLocalRoles(_ request: SimulatedRequest, at now: Timestamp) -> Call? {
        let segments = request.segments
        let folded = segments.map { $0.lowercased() }
        guard let at = folded.firstIndex(of: "providers"), at <= 2, folded.count >= at + 3, folded.count <= at + 4,
            folded[at + 1] == "microsoft.authorization", folded[at + 2] == "roleassignments"
        else { return nil }
        var call = Call(request: request, at: now, plane: .keyVault, operation: "Unknown")
        call.scope = "/" + segments[..<at].joined(separator: "/")
        let single = folded.count == at + 4
        switch (request.method, single) {
        case ("GET", false): (call.operation, call.action) = ("LocalRoles_List", "read")
        case ("GET", true): (call.operation, call.action) = ("LocalRoles_Get", "read")
        case ("PUT", true): (call.operation, call.action) = ("LocalRoles_Create", "write")
        case ("DELETE", true): (call.operation, call.action) = ("LocalRoles_Delete", "delete")
        default: break
        }
        call.action = call.action.map { "Microsoft.KeyVault/managedHsm/roleAssignments/\($0)/action" }
        call.isMutation = request.method != "GET"
        return call
    }

    mutating func localRoles(_ call: Call, _ hsm: Vault) throws(AzureError) -> SimulatedResponse {
        guard hsm.isUsable(at: call.at) else { throw Self.notActivated }
        let scope = call.scope ?? "/"
        let name = call.request.segments.last?.lowercased() ?? ""
        let found = hsm.hsm.localRoles.firstIndex { $0.name == name && $0.scope.lowercased() == scope.lowercased() }
        switch call.operation {
        // Recorded: the list at a scope holds what is granted above it too.
        case "LocalRoles_List": return page(hsm.hsm.localRoles.filter { isAbove($0.scope, scope) }.map(localRole))
        case "LocalRoles_Create": return try assignLocally(call, hsm, scope, name, existing: found)
        default: break
        }
        guard let found else {
            throw AzureError(404, "RoleAssignmentNotFound", "Requested role assignment not found (\(name)).")
        }
        let one = hsm.hsm.localRoles[found]
        if call.operation == "LocalRoles_Delete" {
            state[.managedHSM, hsm.name]?.hsm.localRoles.remove(at: found)
            record("local-role.removed", "\(one.role) of \(one.principal) in \(hsm.name)", at: call.at)
        }
        return SimulatedResponse(200, localRole(one))
    }

    private func isAbove(_ outer: String, _ inner: String) -> Bool {
        outer == "/" || outer.lowercased() == inner.lowercased()
            || inner.lowercased().hasPrefix(outer.lowercased() + "/")
    }

    private mutating func assignLocally(
        _ call: Call, _ hsm: Vault, _ scope: String, _ name: String, existing: Int?
    ) throws(AzureError) -> SimulatedResponse {
        let properties = try call.jsonBody()["properties"]
        guard let definition = properties?["roleDefinitionId"]?.string,
            let role = definition.split(separator: "/").last,
            LocalRole.ids.values.contains(role.lowercased()), let principal = properties?["principalId"]?.string
        else { throw AzureError(400, "BadParameter", "Invalid role definition or principal.") }
        let same = hsm.hsm.localRoles.first {
            $0.role == role.lowercased() && $0.principal.lowercased() == principal.lowercased() && $0.scope == scope
        }
        guard same == nil, existing == nil else {
            throw AzureError(409, "RoleAssignmentExists", "The role assignment already exists.")
        }
        let one = RoleAssignment(
            name: name, scope: scope, role: role.lowercased(), principal: principal, principalType: "",
            created: call.at, effective: call.at.advanced(by: state.rolePropagation))
        state[.managedHSM, hsm.name]?.hsm.localRoles.append(one)
        record("local-role.created", "\(one.role) of \(principal) in \(hsm.name)", at: call.at)
        return SimulatedResponse(201, localRole(one))
    }

    private func localRole(_ one: RoleAssignment) -> JSON {
        let definition = "Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/\(one.role)"
        return [
            "id": .string("/providers/Microsoft.Authorization/roleAssignments/\(one.name)"), "name": .string(one.name),
            "type": "Microsoft.Authorization/roleAssignments",
            "properties": [
                "principalId": .string(one.principal), "roleDefinitionId": .string(definition),
                "scope": .string(one.scope),
            ],
        ]
    }
}

/// A Managed HSM's own roles.
/// https://learn.microsoft.com/azure/key-vault/managed-hsm/built-in-roles
enum LocalRole {
    static let ids = [
        "Managed HSM Administrator": "a290e904-7015-4bba-90c8-60543313cdb4",
        "Managed HSM Crypto Officer": "515eb02d-2335-4d2d-92f2-b1cbdf9c3778",
        "Managed HSM Crypto User": "21dbd100-6940-42c2-9190-5d6cb909625b",
        "Managed HSM Policy Administrator": "4bd23610-cdcf-4971-bdee-bdc562cc28e4",
        "Managed HSM Crypto Auditor": "2c18b078-7c48-4d3a-af88-5a3a1b3f82b3",
        "Managed HSM Crypto Service Encryption User": "33413926-3206-4cdd-b39a-83574fe37a17",
    ]
}
