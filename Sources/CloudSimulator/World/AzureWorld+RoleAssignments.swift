// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Role assignments at any scope. https://learn.microsoft.com/azure/role-based-access-control/role-assignments-rest
extension AzureWorld {
    mutating func roleAssignments(_ call: Call) throws(AzureError) -> SimulatedResponse {
        let scope = call.scope ?? ""
        let name = call.request.segments.last?.lowercased() ?? ""
        let found = state.roleAssignments.firstIndex { $0.name == name && $0.scope.lowercased() == scope.lowercased() }
        switch call.operation {
        case "RoleAssignments_ListForScope": return page(try listed(at: scope, call).map(json))
        case "RoleAssignments_Get":
            guard let found else {
                throw AzureError(404, "RoleAssignmentNotFound", "The role assignment '\(name)' is not found.")
            }
            return SimulatedResponse(200, json(state.roleAssignments[found]))
        case "RoleAssignments_Delete":
            guard let found else { return SimulatedResponse(emptyWith: 204) }
            let removed = state.roleAssignments.remove(at: found)
            record("role-assignment.removed", "\(removed.role) of \(removed.principal) at \(scope)", at: call.at)
            return SimulatedResponse(200, json(removed))
        default: return try assign(call, scope, name, existing: found)
        }
    }

    private func listed(at scope: String, _ call: Call) throws(AzureError) -> [RoleAssignment] {
        let filter = call.request.query("$filter") ?? ""
        let folded = filter.lowercased()
        let above = { (one: RoleAssignment) in one.covers(scope) }
        let below = { (one: RoleAssignment) in one.scope.lowercased().hasPrefix(scope.lowercased() + "/") }
        if filter.isEmpty { return state.roleAssignments.filter { above($0) || below($0) } }
        if folded == "atscope()" { return state.roleAssignments.filter(above) }
        let quoted = filter.split(separator: "'", omittingEmptySubsequences: false)
        guard quoted.count == 3, folded.hasPrefix("principalid eq ") || folded.hasPrefix("assignedto(") else {
            throw AzureError(
                400, "InvalidFilter",
                "The filter '\(filter)' is not valid. Valid filters are atScope(), principalId eq '{value}' and assignedTo('{value}')."
            )
        }
        let own = quoted[1].lowercased()
        // Only this filter counts what comes by groups.
        let wanted = folded.hasPrefix("assignedto(") ? grantees(of: own, at: .distant) : [own]
        return state.roleAssignments.filter {
            (above($0) || below($0)) && wanted.contains($0.principal.lowercased())
        }
    }

    private mutating func assign(_ call: Call, _ scope: String, _ name: String, existing: Int?)
        throws(AzureError) -> SimulatedResponse
    {
        let properties = try call.jsonBody()["properties"]
        guard let definition = properties?["roleDefinitionId"]?.string,
            let principal = properties?["principalId"]?.string,
            let role = definition.split(separator: "/").last.map(String.init)
        else {
            throw AzureError(
                400, "InvalidCreateRoleAssignmentRequest",
                "The request to create role assignment is not valid. Please pass roleDefinitionId and principalId.")
        }
        let wanted = RoleAssignment(
            name: name, scope: scope, role: role.lowercased(), principal: principal,
            principalType: properties?["principalType"]?.string ?? "ServicePrincipal", created: call.at,
            effective: call.at.advanced(by: state.rolePropagation))
        let same = state.roleAssignments.firstIndex {
            $0.scope.lowercased() == scope.lowercased() && $0.role == wanted.role
                && $0.principal.lowercased() == principal.lowercased()
        }
        if let same, same == existing { return SimulatedResponse(200, json(state.roleAssignments[same])) }
        if let same {
            let id = state.roleAssignments[same].name.filter { $0 != "-" }
            throw AzureError(
                409, "RoleAssignmentExists",
                "The role assignment already exists. The ID of the existing role assignment is \(id).")
        }
        guard existing == nil else {
            throw AzureError(
                400, "RoleAssignmentUpdateNotPermitted",
                "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.")
        }
        state.roleAssignments.append(wanted)
        record("role-assignment.created", "\(wanted.role) of \(principal) at \(scope)", at: call.at)
        return SimulatedResponse(201, json(wanted))
    }

    private func json(_ one: RoleAssignment) -> JSON {
        let role = "/subscriptions/\(state.subscription)/providers/Microsoft.Authorization/roleDefinitions/\(one.role)"
        return [
            "id": .string("\(one.scope)/providers/Microsoft.Authorization/roleAssignments/\(one.name)"),
            "name": .string(one.name), "type": "Microsoft.Authorization/roleAssignments",
            "properties": [
                "roleDefinitionId": .string(role), "principalId": .string(one.principal),
                "principalType": .string(one.principalType), "scope": .string(one.scope), "condition": .null,
                "conditionVersion": .null, "createdOn": .string(one.created.description),
                "updatedOn": .string(one.created.description), "createdBy": .string(state.client.objectID),
                "updatedBy": .string(state.client.objectID), "delegatedManagedIdentityResourceId": .null,
                "description": .null,
            ],
        ]
    }
}
