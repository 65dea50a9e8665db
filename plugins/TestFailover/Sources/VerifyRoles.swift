// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps
internal import MusterPlugin

/// Shows which server of a failover group is primary, by what each server says itself.
struct VerifyRoles: ReportStep {
    static let name = "verify-roles"
    static let definition = PackageResources.verify_roles_yaml

    struct Inputs: Decodable, Sendable {
        let failoverGroup: ResourceID
        let primary: ResourceID
        let atStart: Bool
    }

    struct Outputs: Hashable, Codable, Sendable {
        let primary: ResourceID
        let secondary: ResourceID
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        let group = try await checkGroup(inputs.failoverGroup, context)
        return group + [try await roles(inputs, context).condition("roles-as-named")]
    }

    /// A drill that takes the wrong server for the primary would "bring back" the group to it, so it must not begin.
    private func roles(_ inputs: Inputs, _ context: StepContext) async throws -> Finding {
        guard inputs.atStart else { return .met("Which server is primary when the run begins is not asked here.") }
        if let before = context.lookedAtBefore { return before }
        return try await AzureSession.run(context) { session in
            let view = try await attempt { () throws(AzureError) in
                try await GroupView.read(inputs.failoverGroup, or: inputs.primary, session.azure.sql)
            }
            return view.finding { $0.isServed(by: inputs.primary) }
        }
    }

    func report(_ inputs: Inputs, _ context: StepContext) async throws -> Report<Outputs> {
        try await AzureSession.run(context) { session in
            let view = try await GroupView.read(inputs.failoverGroup, or: inputs.primary, session.azure.sql)
            try context.evidence("failover-group", GroupEntry(view))
            let shown = ["failover-group", "requests"]
            guard let partner = view.partner(of: inputs.primary) else {
                let foreign = Finding.unmet("\(inputs.primary.name) is not a server of \(view.name).")
                let ids = ["server-is-primary", "partner-is-secondary", "databases-accessible"]
                return Report(ids.map { foreign.condition($0, evidence: shown) }, nil)
            }
            let server = try await ServerView.read(inputs.primary, session.azure.sql)
            let conditions = [
                view.has("Primary", inputs.primary).condition("server-is-primary", evidence: shown),
                view.has("Secondary", partner).condition("partner-is-secondary", evidence: shown),
                server.hasItsDatabases.condition("databases-accessible"),
            ]
            let isShown = conditions.allSatisfy { $0.verdict == .met }
            return Report(conditions, isShown ? Outputs(primary: inputs.primary, secondary: partner) : nil)
        }
    }
}
