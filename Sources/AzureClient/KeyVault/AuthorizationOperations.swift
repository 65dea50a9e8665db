// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
package import MusterModel

/// Somebody's role at a scope (Microsoft.Authorization/roleAssignments).
package struct RoleAssignment: Hashable, Sendable, Decodable {
    package struct Properties: Hashable, Sendable, Decodable {
        package var roleDefinitionId: String
        package var principalId: String
        package var principalType: String?
        package var scope: String?
        package var condition: String?
        package var createdOn: String?
    }
    package var id: String?
    package var properties: Properties

    /// When it was made; the service writes fractions of any length.
    package var createdAt: Timestamp? {
        properties.createdOn.flatMap { text in
            Timestamp(text.prefix { $0 != "." && $0 != "Z" } + "Z")
        }
    }

    /// Whether it counts for the resource: made on it or above it.
    package func covers(_ resource: ResourceID) -> Bool {
        guard let scope = properties.scope?.lowercased() else { return false }
        let text = resource.text.lowercased()
        return scope == "/" || text == scope || text.hasPrefix(scope.hasSuffix("/") ? scope : scope + "/")
    }

    /// The role's GUID in lower case; built-in roles have the same in every tenant.
    package var role: String { String(properties.roleDefinitionId.split(separator: "/").last ?? "").lowercased() }
}

package struct RoleDefinition: Hashable, Sendable, Decodable {
    package struct Permission: Hashable, Sendable, Decodable {
        package var dataActions: [String]?
        package var notDataActions: [String]?
    }
    package struct Properties: Hashable, Sendable, Decodable {
        package var roleName: String?
        package var permissions: [Permission]?
    }
    package var properties: Properties

    /// Whether the role allows the data action; `*` in a definition stands for any text.
    package func allows(_ action: String) -> Bool {
        (properties.permissions ?? []).contains { permission in
            (permission.dataActions ?? []).contains { isAction(action, in: $0) }
                && !(permission.notDataActions ?? []).contains { isAction(action, in: $0) }
        }
    }
}

/// Whether an action is meant by one of a role's patterns; `*` stands for any text.
func isAction(_ action: String, in pattern: String) -> Bool {
    var rest = Substring(action.lowercased())
    let parts = pattern.lowercased().split(separator: "*", omittingEmptySubsequences: false)
    guard parts.count > 1 else { return pattern.lowercased() == rest }
    guard rest.hasPrefix(parts[0]) else { return false }
    rest = rest.dropFirst(parts[0].count)
    for part in parts.dropFirst().dropLast() where !part.isEmpty {
        guard let end = position(after: part, in: rest) else { return false }
        rest = rest[end...]
    }
    return rest.hasSuffix(parts[parts.count - 1])
}

private func position(after part: Substring, in text: Substring) -> Substring.Index? {
    var from = text.startIndex
    while from < text.endIndex {
        if text[from...].hasPrefix(part) { return text.index(from, offsetBy: part.count) }
        from = text.index(after: from)
    }
    return nil
}

/// Role assignments. What they grant takes some minutes to become effective, and a group's up to a day
/// (learn.microsoft.com/azure/role-based-access-control/troubleshooting).
package struct AuthorizationOperations: Sendable {
    let manager: ResourceManager
    let version: String

    /// Assignments at, above and below the scope that count for the principal, its groups' included.
    package func assignments(at scope: ResourceID, to principal: String) async throws(AzureError) -> [RoleAssignment] {
        guard RequestID.isUUID(principal.lowercased()) else {
            throw AzureError(code: "azure.principal", "\"\(principal)\" is not an object id.")
        }
        let url = manager.address(
            scope, "/providers/Microsoft.Authorization/roleAssignments", version: version,
            query: [("$filter", "assignedTo('\(principal)')")])
        var assignments: [RoleAssignment] = []
        for item in try await manager.list(url) { assignments.append(try model(item, url)) }
        return assignments
    }

    /// - Parameter id: the full id that an assignment names.
    package func roleDefinition(_ id: String) async throws(AzureError) -> RoleDefinition {
        guard let id = ResourceID(id.hasPrefix("/") ? id : "/" + id) else {
            throw AzureError(code: "azure.answer", "\"\(id)\" is not a role definition's id.")
        }
        let url = manager.address(id, version: version)
        return try model(try await manager.get(url), url)
    }
}
