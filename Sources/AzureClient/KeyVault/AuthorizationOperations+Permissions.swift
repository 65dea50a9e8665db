// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import MusterModel

/// What the caller may do somewhere, as one of possibly many grants (Microsoft.Authorization/permissions).
package struct CallerPermission: Hashable, Sendable, Decodable {
    package var actions: [String]?
    package var notActions: [String]?
    package var dataActions: [String]?
    package var notDataActions: [String]?

    package func allows(_ action: String) -> Bool {
        (actions ?? []).contains { isAction(action, in: $0) }
            && !(notActions ?? []).contains { isAction(action, in: $0) }
    }

    package func allowsData(_ action: String) -> Bool {
        (dataActions ?? []).contains { isAction(action, in: $0) }
            && !(notDataActions ?? []).contains { isAction(action, in: $0) }
    }
}

extension AuthorizationOperations {
    /// What the caller may do in a resource group, or on a resource, by its roles there and above. What a policy or a
    /// lock forbids besides is not in it, nor what a role grants further below.
    package func permissions(at scope: ResourceID) async throws(AzureError) -> [CallerPermission] {
        try await manager.readList(scope, "/providers/Microsoft.Authorization/permissions", version)
    }
}
