// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps
internal import MusterPlugin

/// Looks at a vault and its keys as for every day: whether they are kept so that databases will open tomorrow.
struct KeyVaultAudit: ReportStep {
    static let name = "key-vault-audit"
    static let definition = PackageResources.key_vault_audit_yaml

    struct Inputs: Decodable, Sendable {
        let vault: ResourceID
        let vmCluster: ResourceID
        let keys: [String]
        let machines: [String]
        let production: Bool
        let elsewhere: Bool
        let expectedVersions: [String]
    }

    struct Outputs: Hashable, Codable, Sendable {
        let versions: [String]
        let isKeptWell: Bool
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            [try await KeyHolder.read(inputs.vault, session).exists.condition("vault-exists")]
        }
    }

    func report(_ inputs: Inputs, _ context: StepContext) async throws -> Report<Outputs> {
        try await AzureSession.run(context) { session in
            let holder = try await KeyHolder.read(inputs.vault, session)
            let cluster = try await ClusterView.read(inputs.vmCluster, session)
            let machines = try await ArcView.read(inputs.machines, in: inputs.vmCluster.group, session)
            let keys = try await KeyShelf.read(inputs.keys, in: holder, session)
            try context.evidence("keys", keys.list)
            let kept: [(String, Finding)] = [
                (
                    "tier-for-production",
                    .all([holder.fitsProduction(inputs.production), keys.areInHardware(inputs.production)], none: "")
                ),
                ("purge-protected", holder.isProtectedFromPurge),
                ("same-tenant", Finding.all([holder.isInTenant(session.azure.connection.tenant)], none: "")),
                ("beside-the-cluster", beside(holder.isBeside(cluster), inputs)),
                ("reached-privately", try await privately(inputs, cluster, session)),
                ("audit-log-kept", try await AuditTrail.read(inputs.vault, session).isOn),
            ]
            let used: [(String, Finding)] = [
                ("keys-usable", keys.areUsable), ("keys-dedicated", keys.areDedicated),
                ("no-rotation-policy", keys.areNotRotated),
                ("versions-kept", keys.keepVersions(inputs.expectedVersions)),
            ]
            let conditions =
                kept.map { $0.1.condition($0.0) } + used.map { $0.1.condition($0.0, evidence: ["keys", "requests"]) }
                + [machines.areConnected.condition("machines-connected")]
            let isFine = conditions.allSatisfy { $0.verdict == .met }
            return Report(conditions, isFine ? Outputs(versions: keys.versions, isKeptWell: true) : nil)
        }
    }

    private func beside(_ finding: Finding, _ inputs: Inputs) -> Finding {
        guard inputs.elsewhere, !finding.isMet else { return finding }
        return .met("It lies elsewhere on purpose, as the inputs say. \(finding.text)")
    }

    private func privately(
        _ inputs: Inputs, _ cluster: ClusterView, _ session: AzureSession
    ) async throws -> Finding {
        let access = try await PrivateAccess.read(inputs.vault, from: cluster.network, session)
        return Finding.all([access.isApproved, access.hasNames], none: "")
    }
}
