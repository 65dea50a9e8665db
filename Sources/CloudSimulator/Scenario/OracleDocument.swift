// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// The `oracle` of a scenario's cloud: one Data Guard group (`docs/formats/scenario-v1.md`).
struct OracleDocument: Decodable {
    /// `DB_NAME`, the same on every member.
    var databaseName: String
    /// By `DB_UNIQUE_NAME`.
    var databases: [String: DatabaseDocument]
    var protectionMode: String?
    var transport: String?
    /// How old the figures of lag are, by the client's clock.
    var figuresAge: String?
    var durations: [String: String]?

    enum CodingKeys: String, CodingKey {
        case databases, transport, durations
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

        enum CodingKeys: String, CodingKey {
            case id, role, state, readiness
            case applyLag = "apply-lag"
            case transportLag = "transport-lag"
        }
    }

    private static let roles = ["PRIMARY", "STANDBY", "DISABLED_STANDBY", "SNAPSHOT_STANDBY"]

    /// The group's first state.
    ///
    /// - Throws: `simulator.invalid-scenario` for what does not hang together.
    func state(password: String) throws(MusterError) -> OracleState {
        var state = OracleState(
            databaseName: databaseName, protectionMode: protectionMode ?? "MAXIMUM_PERFORMANCE",
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
        for (name, written) in databases.sorted(by: { $0.key < $1.key }) {
            let parts = written.id.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count >= 5, parts[1] == "database", !parts[3].isEmpty else {
                throw Self.failure("\(name) has no OCID of a database.", "Write ocid1.database.oc1.<region>.<unique>.")
            }
            guard Self.roles.contains(written.role) else {
                throw Self.failure(
                    "\(name) cannot be \(written.role).", "A role is one of \(Self.roles.joined(separator: ", ")).")
            }
            state.databases.append(
                OracleState.Database(
                    id: written.id, uniqueName: name, region: String(parts[3]), role: written.role,
                    lifecycleState: written.state ?? "AVAILABLE", applyLag: written.applyLag ?? "0 seconds",
                    transportLag: written.transportLag ?? "0 seconds", readiness: written.readiness ?? "HEALTHY"))
        }
        return state
    }

    private func duration(_ text: String?, _ name: String) throws(MusterError) -> Duration? {
        guard let text else { return nil }
        guard let duration = Duration(durationText: text) else {
            throw Self.failure("oracle.\(name) is no duration: \(text).", "Durations are written 30s, 10m, 1h30m.")
        }
        return duration
    }

    private static func failure(_ summary: String, _ help: String) -> MusterError {
        MusterError(code: "simulator.invalid-scenario", summary, help: help)
    }
}
