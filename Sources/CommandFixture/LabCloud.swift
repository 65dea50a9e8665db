// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// The cloud simulator as a process of its own while this object lives: `muster run` meets it as it would any cloud.
package final class LabCloud {
    /// The variable that holds the simulated client's secret.
    package static let secretName = "LAB_SECRET"
    /// The variable that holds the databases' password.
    package static let databaseSecretName = "LAB_SQL_PASSWORD"

    /// Such as `http://127.0.0.1:41123`.
    package let address: String
    package let secret: String
    private let ready: JSON
    /// The line in which the simulator said that it is ready.
    package var readyLine: String { process.text }
    private let process: RunningCommand

    /// - Parameters:
    ///   - scenario: path of the scenario's document.
    ///   - faults: as `--fault` takes them.
    package init(scenario: String, speed: Int = 200, faults: [String] = []) throws {
        process = try RunningCommand(
            product("muster-cloud-simulator"),
            ["--scenario", scenario, "--speed", "\(speed)"] + faults.flatMap { ["--fault", $0] }, environment: [:])
        try process.wait(for: "}\n")
        ready = try JSON.parse(String(process.text.dropLast()))
        guard let secret = ready["client-secret"]?.string, let address = ready["endpoints"]?["resource-manager"]?.string
        else { throw FixtureFailure(description: process.text) }
        self.secret = secret
        self.address = address
    }

    /// The environment that leads here, with SQL where `connection` says, signed in as `user` of that database.
    package func environment(sql connection: String? = nil, user: String? = nil) -> String {
        func text(_ name: String) -> String { ready[name]?.string ?? "" }
        let endpoints = (ready["endpoints"]?.object ?? [:]).sorted { $0.key < $1.key }.map { name, address in
            "    \(name): \"\(address.string ?? "")\""
        }
        let login = user.map { "\n    user: \($0)\n    password: { env: \(Self.databaseSecretName) }" } ?? ""
        return """
            environment: lab
            azure:
              cloud: public
              tenant: "\(text("tenant"))"
              subscription: "\(text("subscription"))"
              credential: { type: client-secret, client-id: "\(text("client-id"))", secret: { env: \(Self.secretName) } }
              endpoints:
            \(endpoints.joined(separator: "\n"))

            """ + (connection.map { "sql:\n  azure:\n    connection: \"\($0)\"\(login)\n" } ?? "")
    }

    // MARK: Oracle's cloud, where the scenario has one

    /// The variables that hold the secrets of the simulated clouds.
    package var secrets: [String: String] {
        [
            Self.secretName: secret, "LAB_ORACLE_KEY": ready["oci"]?["credential"]?["key"]?.string ?? "",
            "LAB_SYS_PASSWORD": ready["oci"]?["database-admin-password"]?.string ?? "",
        ]
    }

    /// The environment that leads into both clouds and to the simulated databases of Oracle.
    package func oracleEnvironment() -> String {
        func text(_ name: String) -> String { ready["oci"]?["credential"]?[name]?.string ?? "" }
        let endpoints = (ready["oci"]?["endpoints"]?.object ?? [:]).sorted { $0.key < $1.key }
        return environment() + """
            sql:
              oracle: { connection: "Simulator=\(address)" }
            oci:
              credential:
                type: api-key
                tenancy: "\(text("tenancy"))"
                user: "\(text("user"))"
                fingerprint: "\(text("fingerprint"))"
                key: { env: LAB_ORACLE_KEY }
              region: "\(ready["oci"]?["region"]?.string ?? "")"
              database-admin-password: { env: LAB_SYS_PASSWORD }
              endpoints:
            \(endpoints.map { "    \($0.key): \"\($0.value.string ?? "")\"" }.joined(separator: "\n"))

            """
    }

    /// What `GET /simulator/<name>` answers.
    package func look(at name: String) throws -> JSON {
        let answer = try RunningCommand(
            "/usr/bin/python3",
            ["\(projectFolder)/Tests/EndToEndTests/Servers/fetch.py", "\(address)/simulator/\(name)"],
            environment: [:]
        ).finish()
        guard answer.status == 0 else { throw FixtureFailure(description: "\(answer)") }
        return try answer.json
    }

    /// The group's primary as the cloud has it now.
    package func primary(of group: String = "tdefailovergroup") throws -> String? {
        try look(at: "state")["failover-groups"]?[group]?["primary"]?.string
    }

    /// What was really changed: `kind target` with how often.
    package func effects() throws -> [String: Int64] {
        var counts: [String: Int64] = [:]
        for effect in try look(at: "effects")["effects"]?.array ?? [] {
            let target = effect["target"]?.string?.split(separator: "/").last ?? ""
            counts["\(effect["kind"]?.string ?? "") \(target)", default: 0] += effect["count"]?.int ?? 0
        }
        return counts
    }
}
