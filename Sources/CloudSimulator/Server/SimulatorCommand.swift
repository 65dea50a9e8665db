// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterModel

/// What the executable does: read the scenario, serve, say when it is ready, and end with its parent.
package struct SimulatorCommand: Sendable {
    package struct Settings: Sendable {
        /// A file, or `-` for the first line of stdin.
        package var scenario: String?
        package var port = 0
        package var speed = 1.0
        package var faults: [String] = []
        package var secretFromStdin = false
        package var listFaults = false
        package var certificate: SimulatorServer.Certificate?

        package init() {}
    }

    private let settings: Settings
    private let input = StandardInput()

    package init(settings: Settings) { self.settings = settings }

    package func run() async throws {
        if settings.listFaults { return write(FaultKind.listing) }
        let scenario = try readScenario()
        let secret = try readSecret() ?? randomText()
        let started = scenario.start ?? Timestamp(milliseconds: Int64(time(nil)) * 1000)
        let state = try scenario.state(at: started, clientSecret: secret)
        var faults = scenario.faults
        for text in settings.faults { faults.append(try FaultRule(commandLine: text)) }
        let oracle = try scenario.oracleState(password: randomText(), at: started).map { state in
            OracleWorld(state: state, user: try OracleUser(), faults: faults, speed: settings.speed)
        }
        let simulator = Simulator(
            state: state, oracle: oracle, faults: faults, signingSecret: randomText(), speed: settings.speed,
            started: started)
        let server = SimulatorServer(simulator, port: settings.port, certificate: settings.certificate)
        let scheme = settings.certificate == nil ? "http" : "https"
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await server.run { port in
                    write(
                        readyLine(
                            scenario: scenario.name, state: state, oracle: oracle, port: port, scheme: scheme
                        ).canonicalText
                            + "\n")
                }
            }
            group.addTask { await input.waitForEnd() }
            try await group.next()
            // The server, or the thread that still reads stdin, would hold the process up.
            exit(0)
        }
    }

    private func readScenario() throws -> CloudScenario {
        let source = settings.scenario ?? "-"
        let bytes: [UInt8]
        if source == "-" {
            guard let line = try input.line() else {
                throw MusterError(
                    code: "simulator.no-scenario", "stdin ended before a scenario came",
                    help: "Write it as one line of JSON.")
            }
            bytes = line
        } else {
            bytes = try readFile(source)
        }
        return try CloudScenario(bytes, file: source == "-" ? "stdin" : source)
    }

    private func readSecret() throws -> String? {
        guard settings.secretFromStdin else { return nil }
        let line = try input.line() ?? []
        // Why the line is no JSON is not told: the reason could hold a part of the secret.
        guard let secret = try? JSON.parse(line)["client-secret"]?.string, !secret.isEmpty else {
            // What came is not shown: it may be the secret.
            throw MusterError(
                code: "simulator.no-secret", "stdin holds no client secret",
                help: "Write the line {\"client-secret\": \"…\"} to stdin.")
        }
        return secret
    }
}

/// The line that says where everything is. The secret in it belongs to the simulated world alone, and only the parent,
/// which holds the other end of stdout, reads it.
func readyLine(
    scenario: String, state: AzureState, oracle: OracleWorld? = nil, port: Int, scheme: String
) -> JSON {
    let base = "\(scheme)://127.0.0.1:\(port)"
    var line: [String: JSON] = [
        "ready": true, "scenario": .string(scenario), "port": .int(Int64(port)),
        "endpoints": [
            "authority": .string(base), "resource-manager": .string(base), "log-analytics": .string(base),
            "key-vault-suffix": .string("\(scheme)://vault.localhost:\(port)"),
            "managed-hsm-suffix": .string("\(scheme)://managedhsm.localhost:\(port)"), "graph": .string(base),
        ],
        "tenant": .string(state.tenant), "subscription": .string(state.subscription),
        "client-id": .string(state.client.id),
        "client-secret": .string(state.client.secret),
    ]
    line["oci"] = oracle?.connection(base: base)
    return .object(line)
}

private func readFile(_ path: String) throws(MusterError) -> [UInt8] {
    guard let file = fopen(path, "rb") else {
        throw MusterError(
            code: "simulator.no-scenario", "\(path) can't be read: \(String(cString: strerror(errno)))",
            help: "Give the path of a scenario document.")
    }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while bytes.count <= StandardInput.limit {
        let count = fread(&chunk, 1, chunk.count, file)
        guard count > 0 else { break }
        bytes += chunk[..<count]
    }
    return bytes
}

/// 256 random bits.
private func randomText() -> String {
    var generator = SystemRandomNumberGenerator()
    return base64URL((0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
}

private func write(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { continue }
        // Nobody reads any more: the parent is gone, and stdin ends as well.
        guard count > 0 else { return }
        rest = rest.dropFirst(count)
    }
}

extension FaultKind {
    /// What `--list-faults` prints.
    static var listing: String {
        allCases.map { kind in
            let about = kind.description
            var lines = ["\(kind.rawValue)", "    \(about.summary)", "    A drill: \(about.drill)"]
            lines += about.arguments.map { "    \($0.name)=\($0.fallback)  \($0.summary)" }
            lines.append("    times=\(about.times.map(String.init) ?? "always") unless told otherwise")
            return lines.joined(separator: "\n") + "\n"
        }
        .joined(separator: "\n")
    }
}
