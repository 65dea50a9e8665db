// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// The `oracle` of a scenario's cloud: one Data Guard group, and clusters with what connects them to Azure
/// (`docs/formats/scenario-v1.md`).
struct OracleDocument: Decodable {
    /// `DB_NAME`, the same on every member.
    var databaseName: String?
    /// By `DB_UNIQUE_NAME`.
    var databases: [String: DatabaseDocument]?
    /// By display name, as all that follow.
    var clusters: [String: ClusterDocument]?
    var connectors: [String: ConnectorDocument]?
    var vaults: [String: VaultDocument]?
    var associations: [String: AssociationDocument]?
    var homes: [String: HomeDocument]?
    var protectionMode: String?
    var transport: String?
    /// How old the figures of lag are, by the client's clock.
    var figuresAge: String?
    var durations: [String: String]?

    enum CodingKeys: String, CodingKey {
        case databases, transport, durations, clusters, connectors, vaults, associations, homes
        case databaseName = "database-name"
        case protectionMode = "protection-mode"
        case figuresAge = "figures-age"
    }

    struct DatabaseDocument: Decodable {
        var id: String
        var role: String
        var state: String?
        var applyLag: String?
        var transportLag: String?
        var readiness: String?
        /// Its cluster and its home, by their display names.
        var cluster: String?
        var home: String?
        /// Names of its pluggable databases.
        var pdbs: [String]?
        /// `wallet`, which is meant without it, or `VAULT/KEY` of a registered vault by its display name.
        var key: String?
        /// By name, whether it is encrypted.
        var tablespaces: [String: Bool]?
        /// True: it is in no Data Guard group.
        var alone: Bool?
        /// True: it can be read while it applies, as a standby.
        var activeDataGuard: Bool?
        /// How long ago its key came into use; long before the rehearsal without it.
        var keyAge: String?
        /// True: its instances were started since its key came into use.
        var restarted: Bool?
        /// `DB_NAME`, where it is not the scenario's.
        var name: String?

        enum CodingKeys: String, CodingKey {
            case id, role, state, readiness, cluster, home, pdbs, key, tablespaces, alone, name, restarted
            case applyLag = "apply-lag"
            case transportLag = "transport-lag"
            case activeDataGuard = "active-data-guard"
            case keyAge = "key-age"
        }
    }

    private static let roles = ["PRIMARY", "STANDBY", "DISABLED_STANDBY", "SNAPSHOT_STANDBY"]

    /// The group's first state.
    ///
    /// - Parameter started: when the simulated clock begins.
    /// - Throws: `simulator.invalid-scenario` for what does not hang together.
    func state(password: String, at started: Timestamp) throws(MusterError) -> OracleState {
        var state = OracleState(
            databaseName: databaseName ?? "", protectionMode: protectionMode ?? "MAXIMUM_PERFORMANCE",
            transport: transport ?? "ASYNC", password: password,
            figuresAge: try duration(figuresAge, "figures-age") ?? .seconds(30))
        for (name, text) in durations ?? [:] {
            guard state.durations[name] != nil else {
                throw Self.failure(
                    "oracle.durations has no \"\(name)\".",
                    "It knows \(state.durations.keys.sorted().joined(separator: ", ")).")
            }
            state.durations[name] = try duration(text, "durations.\(name)")
        }
        state.multicloud = try multicloud()
        state.homes = try databaseHomes(state.multicloud)
        for (name, written) in (databases ?? [:]).sorted(by: { $0.key < $1.key }) {
            let parts = written.id.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count >= 5, parts[1] == "database", !parts[3].isEmpty else {
                throw Self.failure("\(name) has no OCID of a database.", "Write ocid1.database.oc1.<region>.<unique>.")
            }
            guard Self.roles.contains(written.role) else {
                throw Self.failure(
                    "\(name) cannot be \(written.role).", "A role is one of \(Self.roles.joined(separator: ", ")).")
            }
            var database = OracleState.Database(
                id: written.id, uniqueName: name, region: String(parts[3]), role: written.role,
                lifecycleState: written.state ?? "AVAILABLE", applyLag: written.applyLag ?? "0 seconds",
                transportLag: written.transportLag ?? "0 seconds", readiness: written.readiness ?? "HEALTHY")
            try place(&database, written, state, at: started)
            state.databases.append(database)
        }
        return state
    }

    func duration(_ text: String?, _ name: String) throws(MusterError) -> Duration? {
        guard let text else { return nil }
        guard let duration = Duration(durationText: text) else {
            throw Self.failure("oracle.\(name) is no duration: \(text).", "Durations are written 30s, 10m, 1h30m.")
        }
        return duration
    }

    static func failure(_ summary: String, _ help: String) -> MusterError {
        MusterError(code: "simulator.invalid-scenario", summary, help: help)
    }
}
