// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import MusterModel

/// A role that somebody shall have at a scope, under a name that is the same each time.
package struct RoleGrant: Hashable, Sendable {
    package enum PrincipalType: String, Hashable, Sendable, Codable {
        case group = "Group"
        case servicePrincipal = "ServicePrincipal"
        case user = "User"
    }

    package var scope: ResourceID
    /// The built-in role's GUID.
    package var role: String
    /// Object id.
    package var principal: String
    package var type: PrincipalType
    /// Of whoever grants it, so that what somebody else has granted keeps another name.
    package var mark: String

    package init(scope: ResourceID, role: String, principal: String, type: PrincipalType, mark: String) {
        self.scope = scope
        self.role = role.lowercased()
        self.principal = principal.lowercased()
        self.type = type
        self.mark = mark
    }

    /// Derived, so that a repeated request makes no second assignment.
    package var name: String { RequestID.derived(from: "\(mark)|\(scope.text.lowercased())|\(principal)|\(role)") }
}

extension AuthorizationOperations {
    /// Assignments of the principal itself at, above and below the scope; those of its groups are not in it.
    package func directAssignments(
        at scope: ResourceID, of principal: String
    ) async throws(AzureError) -> [RoleAssignment] {
        guard RequestID.isUUID(principal.lowercased()) else {
            throw AzureError(code: "azure.principal", "\"\(principal)\" is not an object id.")
        }
        let url = manager.address(
            scope, "/providers/Microsoft.Authorization/roleAssignments", version: version,
            query: [("$filter", "principalId eq '\(principal)'")])
        var assignments: [RoleAssignment] = []
        for item in try await manager.list(url) { assignments.append(try model(item, url)) }
        return assignments
    }

    /// Grants the role. One that is granted already, under whatever name, stays as it is.
    ///
    /// The principal's type is always sent: without it the service looks a fresh identity up, and may not find it yet.
    package func assign(_ grant: RoleGrant) async throws(AzureError) {
        let url = address(grant.scope, grant.name)
        let subscription = grant.scope.subscription ?? ""
        let definition =
            "/subscriptions/\(subscription)/providers/Microsoft.Authorization/roleDefinitions/\(grant.role)"
        let body: JSON = [
            "properties": [
                "roleDefinitionId": .string(definition), "principalId": .string(grant.principal),
                "principalType": .string(grant.type.rawValue),
            ]
        ]
        do throws(AzureError) {
            try await manager.send(.put, url, body)
        } catch  where error.code == "RoleAssignmentExists" && error.advice != .unknownOutcome {
        }
    }

    /// Takes an assignment away, by its scope and name. An absent one is no error.
    package func remove(_ name: String, at scope: ResourceID) async throws(AzureError) {
        try await manager.send(.delete, address(scope, name))
    }

    private func address(_ scope: ResourceID, _ name: String) -> WebAddress {
        manager.address(
            scope, "/providers/Microsoft.Authorization/roleAssignments/\(percentEncoded(name))", version: version)
    }
}
