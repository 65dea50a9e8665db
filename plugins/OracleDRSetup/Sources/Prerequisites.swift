// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps
internal import MusterPlugin

/// Looks at everything that must stand in Azure before keys can be moved into a vault. It changes nothing.
struct Prerequisites: ProofStep {
    static let name = "prerequisites"
    static let definition = PackageResources.prerequisites_yaml

    struct Inputs: Decodable, Sendable {
        let vmCluster: ResourceID
        let vault: ResourceID?
        /// Nil of the daily look, whose vault is there.
        let vaultMayBeMissing: Bool?
        let privateLinkScope: ResourceID?
        let nodesResolve: Bool
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        let looks = try await looks(inputs, context)
        return looks + (try await AzureSession.run(context) { try await rights(inputs, $0) })
    }

    /// What a run that changes nothing needs to know.
    func looks(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            let view = try await ClusterView.read(inputs.vmCluster, session)
            let subscription = try await SubscriptionView.read(inputs.vmCluster.subscription ?? "", session)
            return [
                view.isAvailable.condition("cluster-available"),
                view.isDelegated.condition("subnet-delegated"),
                subscription.hasAdvancedNetworking.condition("advanced-networking"),
                view.hasWayOut.condition("way-out"),
                subscription.takesMachines.condition("arc-providers"),
            ] + (try await vault(inputs, view, context, session))
                + [try await arc(inputs, view, session).condition("arc-private-link")]
        }
    }

    private func vault(
        _ inputs: Inputs, _ view: ClusterView, _ context: StepContext, _ session: AzureSession
    ) async throws -> [Condition] {
        guard let vault = inputs.vault else {
            return Finding.met("No vault is given, so none is looked at.")
                .conditions(["vault-endpoint", "vault-resolves"])
        }
        let host = session.azure.hostName(of: vault)
        if inputs.vaultMayBeMissing == true, try await isMissing(vault, session) {
            return [
                Finding.met("There is no \(vault.name) yet; its private endpoint is looked at once both are made.")
                    .condition("vault-endpoint"),
                willResolve(host, isStated: inputs.nodesResolve).condition("vault-resolves"),
            ]
        }
        let access = try await PrivateAccess.read(vault, from: view.network, session)
        try context.evidence("private-endpoints", access.list)
        return [
            access.isApproved.condition("vault-endpoint", evidence: ["private-endpoints", "requests"]),
            access.resolves(host, onNodes: inputs.nodesResolve)
                .condition("vault-resolves", evidence: ["private-endpoints", "requests"]),
        ]
    }

    /// One that can't be read is not missing: its endpoint may be there all the same.
    private func isMissing(_ vault: ResourceID, _ session: AzureSession) async throws -> Bool {
        do throws(AzureError) {
            return vault.isType("Microsoft.KeyVault/managedHSMs")
                ? try await session.azure.managedHSMs.hsmIfAny(vault) == nil
                : try await session.azure.vaults.vaultIfAny(vault) == nil
        } catch {
            try Task.checkCancellation()
            return false
        }
    }

    /// The name of a vault that is not there resolves nowhere, so nobody can have looked. What can be seen to beforehand
    /// is that the nodes' DNS will give the private address, and whoever does says so before anything is made.
    private func willResolve(_ host: String, isStated: Bool) -> Finding {
        isStated
            ? .met("That every node will resolve \(host) to its private address is stated by the inputs.")
            : .unverifiable(
                "Whether the cluster's nodes will resolve \(host) cannot be seen from here. See to it that their DNS "
                    + "forwards the name to Azure's private DNS, or will have a record of it; then say so with "
                    + "nodesResolve: true.")
    }

    private func arc(_ inputs: Inputs, _ view: ClusterView, _ session: AzureSession) async throws -> Finding {
        guard let id = inputs.privateLinkScope else {
            return .met("No private link scope is given: the Arc agents reach Azure through the NAT gateway.")
        }
        let scope = try await attempt { () throws(AzureError) in try await session.azure.arc.privateLinkScope(id) }
        if case .failure(let error) = scope {
            return error.isNotFound
                ? .unmet("There is no private link scope \(id.name): \(error.message)")
                : .unverifiable("The private link scope \(id.name) could not be read: \(error)")
        }
        let access = try await PrivateAccess.read(id, from: view.network, session)
        return Finding.all(
            [access.isApproved, access.resolves("agentserviceapi.azure.com", onNodes: inputs.nodesResolve)], none: "")
    }

    private func rights(_ inputs: Inputs, _ session: AzureSession) async throws -> [Condition] {
        guard let place = inputs.vmCluster.group else {
            return Finding.unverifiable("\(inputs.vmCluster) names no resource group.")
                .conditions(["rights-on-keys", "rights-on-machines"])
        }
        let machines = ["Microsoft.HybridCompute/machines/read", "Microsoft.HybridCompute/machines/write"]
        return [
            try await onKeys(inputs, session).condition("rights-on-keys"),
            try await CallerRights.read(place, session).allow(machines).condition("rights-on-machines"),
        ]
    }

    private func onKeys(_ inputs: Inputs, _ session: AzureSession) async throws -> Finding {
        guard inputs.vaultMayBeMissing == true, let vault = inputs.vault, let group = vault.group else {
            return .met("This run makes no vault and gives no roles on one.")
        }
        let holder = vault.isType("Microsoft.KeyVault/managedHSMs") ? "managedHSMs" : "vaults"
        return try await CallerRights.read(group, session).allow([
            "Microsoft.KeyVault/\(holder)/read", "Microsoft.KeyVault/\(holder)/write",
            "Microsoft.Authorization/roleAssignments/read", "Microsoft.Authorization/roleAssignments/write",
        ])
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            let view = try await ClusterView.read(inputs.vmCluster, session)
            let ready = Finding.all([view.isAvailable, view.isDelegated, view.hasWayOut], none: "")
            return [ready.condition("surroundings-ready")]
        }
    }
}
