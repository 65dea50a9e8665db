// SPDX-License-Identifier: Apache-2.0

internal import Foundation
package import MusterModel

/// The independent ticket systems of `Tests/ChangeTicketsTests/Servers/tickets.py` on loopback, while this object lives.
package final class TicketServer {
    /// A request as the server saw it.
    package struct Request {
        package let method: String
        package let path: String
        package let authorization: String?
        package let body: String?
    }

    package let folder: String
    package let port: Int
    private let isSecure: Bool
    private let process: RunningCommand

    /// - Parameter isSecure: TLS, with a certificate for `localhost` by the authority in ``authority``.
    package init(isSecure: Bool = false) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "muster-tickets-\(UUID().uuidString)").path
        self.isSecure = isSecure
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try "{}".write(toFile: "\(folder)/world.json", atomically: true, encoding: .utf8)
        try "".write(toFile: "\(folder)/log.jsonl", atomically: true, encoding: .utf8)
        let environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"]
        var arguments = [
            "\(projectFolder)/Tests/ChangeTicketsTests/Servers/tickets.py", "--world", "\(folder)/world.json", "--log",
            "\(folder)/log.jsonl",
        ]
        if isSecure {
            let made = try RunningCommand(
                "/bin/bash", ["\(projectFolder)/Tests/EndToEndTests/Servers/make-ca.sh", "\(folder)/tls"],
                environment: environment
            ).finish()
            guard made.status == 0 else { throw FixtureFailure(description: "\(made)") }
            arguments += ["--certificate", "\(folder)/tls/server.pem", "--key", "\(folder)/tls/server.key"]
        }
        process = try RunningCommand("/usr/bin/python3", arguments, environment: environment)
        try process.wait(for: "\n")
        guard let port = Int(process.text.dropLast()) else { throw FixtureFailure(description: process.text) }
        self.port = port
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }  // a left-over folder fails no test

    package var url: String { isSecure ? "https://localhost:\(port)" : "http://127.0.0.1:\(port)" }
    /// PEM file of the authority that the server's certificate is by.
    package var authority: String { "\(folder)/tls/ca.pem" }

    /// What the server answers from now on.
    package func show(_ world: JSON) throws {
        try world.canonicalText.write(toFile: "\(folder)/world.json", atomically: true, encoding: .utf8)
    }

    package var requests: [Request] {
        get throws {
            try String(contentsOfFile: "\(folder)/log.jsonl", encoding: .utf8).split(separator: "\n").map { line in
                let entry = try JSON.parse(String(line))
                return Request(
                    method: entry["method"]?.string ?? "", path: entry["path"]?.string ?? "",
                    authorization: entry["authorization"]?.string, body: entry["body"]?.string)
            }
        }
    }
}
