// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import MusterModel

/// A namespace of resource types, as a subscription knows it (Microsoft.Resources 2024-07-01).
package struct ResourceProvider: Hashable, Sendable, Decodable {
    package var namespace: String
    /// `Registered`, `Registering`, `NotRegistered`, `Unregistering` or `Unregistered`.
    package var registrationState: String?
}

/// Something of a namespace that a subscription must ask for (Microsoft.Features, 2021-07-01).
package struct ProviderFeature: Hashable, Sendable, Decodable {
    package struct Properties: Hashable, Sendable, Decodable {
        /// `Registered`, `Registering`, `Pending`, `NotRegistered`, `Unregistering` or `Unregistered`.
        package var state: String?
    }
    package var name: String
    package var properties: Properties?
}

package struct ProviderOperations: Sendable {
    let manager: ResourceManager
    let version: String
    let featureVersion: String

    package func provider(_ namespace: String, subscription: String) async throws(AzureError) -> ResourceProvider {
        let url = try address(namespace, subscription)
        return try model(try await manager.get(url), url)
    }

    package func feature(
        _ name: String, of namespace: String, subscription: String
    ) async throws(AzureError) -> ProviderFeature {
        let path =
            "/providers/Microsoft.Features/providers/\(percentEncoded(namespace))/features/\(percentEncoded(name))"
        let url = manager.address(try manager.subscription(subscription), path, version: featureVersion)
        return try model(try await manager.get(url), url)
    }

    private func address(_ namespace: String, _ subscription: String) throws(AzureError) -> WebAddress {
        manager.address(
            try manager.subscription(subscription), "/providers/\(percentEncoded(namespace))", version: version)
    }
}
