// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps
internal import MusterPlugin

/// Shows that each server of a failover group is protected by its own key, and that replication did not suffer.
struct VerifyProtectors: ProofStep {
    static let name = "verify-protectors"
    static let definition = PackageResources.verify_protectors_yaml

    struct Inputs: Decodable, Sendable {
        let primary: ResourceID
        let primaryKey: KeyIdentifier
        let secondary: ResourceID
        let secondaryKey: KeyIdentifier
        let failoverGroup: ResourceID
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            let primary = try await ServerView.read(inputs.primary, session.azure.sql)
            return [
                belongs(inputs, primary).condition("group-joins-servers"),
                hasRole("Primary", inputs, primary).condition("roles-as-named"),
            ]
        }
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            let primary = try await ServerView.read(inputs.primary, session.azure.sql)
            let secondary = try await ServerView.read(inputs.secondary, session.azure.sql)
            try context.evidence("protectors", [ProtectorEntry(primary), ProtectorEntry(secondary)])
            let shown = ["protectors", "requests"]
            return [
                primary.isProtected(by: inputs.primaryKey).condition("primary-has-its-key", evidence: shown),
                secondary.isProtected(by: inputs.secondaryKey).condition("secondary-has-its-key", evidence: shown),
                Finding.all([primary.hasItsDatabases, secondary.hasItsDatabases], none: "")
                    .condition("databases-accessible"),
                Finding.all([belongs(inputs, primary), primary.replicates, secondary.replicates], none: "")
                    .condition("replication-healthy"),
            ]
        }
    }

    private func group(_ inputs: Inputs, _ view: ServerView) -> Result<ServerView.Group?, AzureError> {
        view.groups.map { groups in
            groups.first { $0.own.name.lowercased() == inputs.failoverGroup.name.lowercased() }
        }
    }

    private func belongs(_ inputs: Inputs, _ view: ServerView) -> Finding {
        group(inputs, view).finding { group in
            guard let group else { return .unmet("\(view.id.name) is not in \(inputs.failoverGroup.name).") }
            return group.partners.contains { $0.server == inputs.secondary }
                ? .met("\(inputs.failoverGroup.name) joins \(inputs.primary.name) and \(inputs.secondary.name).")
                : .unmet("\(inputs.secondary.name) is not \(view.id.name)'s partner in \(inputs.failoverGroup.name).")
        }
    }

    private func hasRole(_ role: String, _ inputs: Inputs, _ view: ServerView) -> Finding {
        group(inputs, view).finding { group in
            guard let found = group?.own.properties.replicationRole else {
                return .unverifiable("\(view.id.name) does not say its role in \(inputs.failoverGroup.name).")
            }
            return found == role
                ? .met("\(view.id.name) is \(role) of \(inputs.failoverGroup.name).")
                : .unmet("\(view.id.name) is \(found) of \(inputs.failoverGroup.name), not \(role).")
        }
    }
}
