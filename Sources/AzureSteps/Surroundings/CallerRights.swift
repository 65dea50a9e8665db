// SPDX-License-Identifier: Apache-2.0

package import AzureClient
package import CloudSteps

/// What the account that runs may do in a resource group, or on a resource.
package struct CallerRights: Sendable {
    package var scope: ResourceID
    package var grants: Result<[CallerPermission], AzureError>

    package static func read(_ scope: ResourceID, _ session: AzureSession) async throws -> CallerRights {
        let azure = session.azure
        return CallerRights(
            scope: scope,
            grants: try await attempt { () throws(AzureError) in try await azure.authorization.permissions(at: scope) })
    }

    package func allow(_ actions: [String]) -> Finding { judge(actions) { $0.allows($1) } }

    /// Rights on data, such as a vault's keys, which Owner and Contributor do not have.
    package func allowData(_ actions: [String]) -> Finding { judge(actions) { $0.allowsData($1) } }

    private func judge(_ actions: [String], _ allows: (CallerPermission, String) -> Bool) -> Finding {
        switch grants {
        case .failure(let error) where error.isNotFound: return .unmet("There is no \(scope.name): \(error.message)")
        case .failure(let error): return .unverifiable("The rights in \(scope.name) could not be read: \(error)")
        case .success(let grants):
            let missing = actions.filter { action in !grants.contains { allows($0, action) } }
            return missing.isEmpty
                ? .met("In \(scope.name) the account has all of \(actions.joined(separator: ", ")).")
                : .unmet("In \(scope.name) the account lacks \(missing.joined(separator: ", ")).")
        }
    }
}

extension ResourceID {
    /// The resource group that it lies in, as an id.
    package var group: ResourceID? {
        guard let subscription, let resourceGroup else { return nil }
        return ResourceID("/subscriptions/\(subscription)/resourceGroups/\(resourceGroup)")
    }
}
