// SPDX-License-Identifier: Apache-2.0

package import AzureClient
package import CloudSteps

/// What a subscription has registered.
package struct SubscriptionView: Sendable {
    package var id: String
    package var providers: [(name: String, state: Result<String, AzureError>)]
    package var features: [(name: String, state: Result<String, AzureError>)]

    /// Azure Arc takes no machine without them.
    private static let arcProviders = [
        "Microsoft.HybridCompute", "Microsoft.GuestConfiguration", "Microsoft.HybridConnectivity",
    ]
    /// By which a delegated subnet gets private link and NAT gateways. It counts for subnets that are made after it
    /// (learn.microsoft.com/azure/oracle/oracle-db/oracle-database-network-plan).
    private static let networkFeature = "EnableRotterdamSdnApplianceForOracle"
    private static let networkNamespaces = ["Microsoft.Baremetal", "Microsoft.Network"]

    package static func read(_ id: String, _ session: AzureSession) async throws -> SubscriptionView {
        let azure = session.azure
        var view = SubscriptionView(id: id, providers: [], features: [])
        for name in arcProviders {
            let state = try await attempt { () throws(AzureError) in
                try await azure.providers.provider(name, subscription: id).registrationState ?? "unknown"
            }
            view.providers.append((name, state))
        }
        for namespace in networkNamespaces {
            let state = try await attempt { () throws(AzureError) in
                try await azure.providers.feature(networkFeature, of: namespace, subscription: id).properties?.state
                    ?? "unknown"
            }
            view.features.append(("\(namespace)/\(networkFeature)", state))
        }
        return view
    }

    package var takesMachines: Finding { judge(providers) }

    package var hasAdvancedNetworking: Finding {
        guard case .met(let says) = judge(features) else { return judge(features) }
        return .met("\(says) Whether the delegated subnet was made after that, Azure does not tell.")
    }

    private func judge(_ states: [(name: String, state: Result<String, AzureError>)]) -> Finding {
        let findings = states.map { one in
            one.state.finding { state in
                state == "Registered" ? .met("\(one.name) is Registered.") : .unmet("\(one.name) is \(state).")
            }
        }
        return Finding.all(findings, none: "Nothing is to be registered.")
    }
}
