// SPDX-License-Identifier: Apache-2.0

internal import CloudSteps
internal import MusterPlugin
internal import OracleCloudClient
internal import OracleSteps

/// Looks whether what is named belongs together, in the plan and before the first effect. What comes later in a runbook is
/// asked for by what earlier steps have made, and so is looked at too late.
struct InputsFit: ReportStep {
    static let name = "inputs-fit"
    static let definition = PackageResources.inputs_fit_yaml

    struct Inputs: Decodable, Sendable {
        let compartment: OracleID
        let connector: OracleID
        let vault: AzureVaultName
        let registration: String
        let cluster: OracleID?
        let database: OracleID?
        let home: OracleID?
        let name: String?
        let uniqueName: String?
        let pluggableDatabase: String?
    }

    struct Outputs: Hashable, Codable, Sendable { let fit: Bool }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            try await findings(inputs, session).map { $0.1.condition($0.0) }
        }
    }

    func report(_ inputs: Inputs, _ context: StepContext) async throws -> Report<Outputs> {
        try await OracleSession.run(context) { session in
            let all = Finding.all(try await findings(inputs, session).map(\.1), none: "")
            return Report([all.condition("inputs-fit")], all.isMet ? Outputs(fit: true) : nil)
        }
    }

    private func findings(_ inputs: Inputs, _ session: OracleSession) async throws -> [(String, Finding)] {
        [
            (
                "connector-of-cluster",
                try await session.connectorFits(inputs.connector, cluster: inputs.cluster, database: inputs.database)
            ),
            ("compartment-right", try await compartmentFits(inputs, session)),
            ("registration-found", try await registrationFits(inputs, session)),
            ("home-on-cluster", try await homeFits(inputs, session)),
            ("names-valid", namesFit(inputs)),
        ]
    }

    private func compartmentFits(_ inputs: Inputs, _ session: OracleSession) async throws -> Finding {
        try await session.reading("The connector \(inputs.connector), or its cluster,") { () throws(OracleError) in
            let connector = try await session.oracle.multicloud.connector(inputs.connector).value
            guard let own = connector.compartmentId else {
                return .unverifiable("The connector \(connector.label) does not name its compartment.")
            }
            guard own == inputs.compartment else {
                return .unmet("The connector \(connector.label) is in \(own), not in \(inputs.compartment).")
            }
            guard let id = inputs.cluster else { return .met("The connector \(connector.label) is in it.") }
            let cluster = try await session.oracle.clusters.cluster(id).value
            return cluster.compartmentId == inputs.compartment
                ? .met("The connector \(connector.label) and the cluster \(cluster.label) are in it.")
                : .unmet("\(cluster.label) is in \(cluster.compartmentId), not in \(inputs.compartment).")
        }
    }

    private func registrationFits(_ inputs: Inputs, _ session: OracleSession) async throws -> Finding {
        try await session.reading("The registered vaults") { () throws(OracleError) in
            let found = try await session.oracle.multicloud.vaults(
                in: inputs.compartment, regionOf: inputs.connector
            ).filter { $0.isOf(inputs.vault) && !["DELETED", "FAILED"].contains($0.lifecycleState) }
            if found.isEmpty {
                return .unmet("No registration of \(inputs.vault.name) is listed in \(inputs.compartment).")
            }
            let names = found.map(\.label)
            return names.contains(inputs.registration)
                ? .met("\(inputs.vault.name) is registered as \(inputs.registration).")
                : .unmet(
                    "\(inputs.vault.name) is registered as \(names.joined(separator: ", ")), "
                        + "not as \(inputs.registration).")
        }
    }

    private func homeFits(_ inputs: Inputs, _ session: OracleSession) async throws -> Finding {
        guard let home = inputs.home else { return .met("No home is named.") }
        guard let cluster = inputs.cluster else { return .unmet("A home is named, and no cluster.") }
        return try await session.reading("The homes of \(cluster)") { () throws(OracleError) in
            let homes = try await session.oracle.databases.homes(on: cluster, in: inputs.compartment)
            if let found = homes.first(where: { $0.id == home }) {
                return .met("The home \(found.displayName) is on the cluster.")
            }
            let names = homes.map { "\($0.displayName) (\($0.id))" }.joined(separator: ", ")
            return .unmet("The cluster has no home \(home), but \(names.isEmpty ? "none" : names).")
        }
    }

    private func namesFit(_ inputs: Inputs) -> Finding {
        guard let name = inputs.name, let uniqueName = inputs.uniqueName else { return .met("No names are given.") }
        return databaseNamesFit(name: name, uniqueName: uniqueName, pluggable: inputs.pluggableDatabase)
    }
}
