// SPDX-License-Identifier: Apache-2.0

package import AzureClient
package import CloudSteps

/// What the account that runs may do in a resource group.
package struct CallerRights: Sendable {
    package var group: ResourceID
    package var grants: Result<[CallerPermission], AzureError>

    package static func read(_ group: ResourceID, _ session: AzureSession) async throws -> CallerRights {
        let azure = session.azure
        return CallerRights(
            group: group,
            grants: try await attempt { () throws(AzureError) in try await azure.authorization.permissions(in: group) })
    }

    package func allow(_ actions: [String]) -> Finding {
        switch grants {
        case .failure(let error) where error.isNotFound: .unmet("There is no \(group.name): \(error.message)")
        case .failure(let error): .unverifiable("The rights in \(group.name) could not be read: \(error)")
        case .success(let grants): judge(actions.filter { action in !grants.contains { $0.allows(action) } }, actions)
        }
    }

    private func judge(_ missing: [String], _ actions: [String]) -> Finding {
        missing.isEmpty
            ? .met("In \(group.name) the account has all of \(actions.joined(separator: ", ")).")
            : .unmet("In \(group.name) the account lacks \(missing.joined(separator: ", ")).")
    }
}

extension ResourceID {
    /// The resource group that it lies in, as an id.
    package var group: ResourceID? {
        guard let subscription, let resourceGroup else { return nil }
        return ResourceID("/subscriptions/\(subscription)/resourceGroups/\(resourceGroup)")
    }
}
