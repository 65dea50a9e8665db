// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps
internal import MusterPlugin

/// Waits until a vault is reached by private link. Whose network it is makes the endpoint; this only looks.
struct VaultPrivateLink: ProofStep {
    static let name = "vault-private-link"
    static let definition = PackageResources.vault_private_link_yaml

    struct Inputs: Decodable, Sendable {
        let vault: ResourceID
        let vmCluster: ResourceID
        let nodesResolve: Bool
        let patience: Span
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            let view = try await ClusterView.read(inputs.vmCluster, session)
            let access = try await session.wait(within: inputs.patience.duration, pausingUpTo: .seconds(30), context) {
                let access = try await PrivateAccess.read(inputs.vault, from: view.network, session)
                let missing = [access.isApproved, access.hasNames].filter {
                    if case .unmet = $0 { true } else { false }
                }
                guard let first = missing.first else { return .done(access) }
                return .notYet(access, "waiting for the private endpoint: \(first.text)")
            }
            try context.evidence("private-endpoints", access.list)
            let shown = ["private-endpoints", "requests"]
            return [
                access.isApproved.condition("endpoint-approved", evidence: shown),
                access.hasNames.condition("names-private", evidence: shown),
                access.resolves(session.azure.hostName(of: inputs.vault), onNodes: inputs.nodesResolve)
                    .condition("nodes-resolve", evidence: shown),
            ]
        }
    }
}
