// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterModel

/// The independent server of `Servers/azure_sql.py`, with a certificate of its own authority, while this object lives.
final class AzureServer {
    /// One exchange of the server's log.
    struct Exchange {
        let method: String
        let path: String
        let status: Int64
        var isChange: Bool { method != "GET" && !path.hasSuffix("/oauth2/v2.0/token") }
    }

    let authority: String
    let secret: String
    private let ready: JSON
    private let process: RunningCommand
    private let log: String

    init(in folder: String) throws {
        let servers = "\(projectFolder)/Tests/EndToEndTests/Servers"
        let environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"]
        let made = try RunningCommand(
            "/bin/bash", ["\(servers)/make-ca.sh", "\(folder)/tls"], environment: environment
        ).finish()
        guard made.status == 0 else { throw FixtureFailure(description: "\(made)") }
        authority = try String(contentsOfFile: "\(folder)/tls/ca.pem", encoding: .utf8)
        log = "\(folder)/requests.jsonl"
        process = try RunningCommand(
            "/usr/bin/python3",
            [
                "\(servers)/azure_sql.py", "--certificate", "\(folder)/tls/server.pem", "--key",
                "\(folder)/tls/server.key",
                "--log", log, "--retry-after", "0",
            ], environment: environment)
        try process.wait(for: "}\n")
        ready = try JSON.parse(String(process.text.dropLast()))
        guard let secret = ready["clientSecret"]?.string else { throw FixtureFailure(description: process.text) }
        self.secret = secret
    }

    /// The environment that leads to this server, and nothing else that is special about it.
    func environment(secretIn variable: String) -> String {
        func text(_ name: String) -> String { ready[name]?.string ?? "" }
        return """
            environment: lab
            azure:
              cloud: public
              tenant: "\(text("tenant"))"
              subscription: "\(text("subscription"))"
              credential: { type: client-secret, client-id: "\(text("clientId"))", secret: { env: \(variable) } }
              endpoints:
                authority: "\(text("authority"))"
                resource-manager: "\(text("resourceManager"))"
                key-vault-suffix: "\(text("keyVaultSuffix"))"
            tls: { ca-file: certs/lab-ca.pem }

            """
    }

    var exchanges: [Exchange] {
        get throws {
            try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").map { line in
                let entry = try JSON.parse(String(line))
                guard let url = entry["url"]?.string.flatMap({ URL(string: $0) }), let method = entry["method"]?.string,
                    let status = entry["status"]?.int
                else { throw FixtureFailure(description: "not an exchange: \(line)") }
                return Exchange(method: method, path: url.path, status: status)
            }
        }
    }

    var changes: [Exchange] { get throws { try exchanges.filter(\.isChange) } }
}
