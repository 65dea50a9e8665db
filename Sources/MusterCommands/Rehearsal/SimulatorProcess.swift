// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterDocuments
internal import MusterModel
internal import MusterSystem

/// The simulated clouds of a rehearsal: a process that serves them on loopback and ends with this one.
final class SimulatorProcess {
    /// What the simulator says when it is ready.
    struct Ready: Decodable {
        let endpoints: [String: String]
        let tenant: String
        let subscription: String
        let clientID: String
        let clientSecret: String
        /// Only where the scenario has an Oracle cloud.
        let oci: OracleCloud?

        enum CodingKeys: String, CodingKey {
            case endpoints, tenant, subscription, oci
            case clientID = "client-id"
            case clientSecret = "client-secret"
        }
    }

    /// The simulated Oracle cloud: an environment's `oci` section with its secrets in it.
    struct OracleCloud: Decodable {
        struct Credential: Decodable {
            let tenancy: String
            let user: String
            let fingerprint: String
            let key: String
        }

        let credential: Credential
        let region: String
        let endpoints: [String: String]
        let databaseAdminPassword: String

        enum CodingKeys: String, CodingKey {
            case credential, region, endpoints
            case databaseAdminPassword = "database-admin-password"
        }

        /// As an environment writes it, with references in the place of the secrets.
        var section: String {
            let lines = endpoints.sorted { $0.key < $1.key }.map { "    \($0.key): \"\($0.value)\"" }
            return """
                oci:
                  credential:
                    type: api-key
                    tenancy: "\(credential.tenancy)"
                    user: "\(credential.user)"
                    fingerprint: "\(credential.fingerprint)"
                    key: { env: \(SimulatorProcess.oracleKeyName) }
                  region: "\(region)"
                  database-admin-password: { env: \(SimulatorProcess.oraclePasswordName) }
                  endpoints:
                \(lines.joined(separator: "\n"))
                """
        }
    }

    /// Longest time from the start to the ready line.
    private static let startTime = Duration.seconds(30)

    private let child: ChildProcess
    let ready: Ready

    /// Starts the scenario's clouds.
    ///
    /// - Parameters:
    ///   - speed: simulated seconds in a real one.
    ///   - faults: as `--fault` takes them.
    /// - Throws: `simulator.missing`, `simulator.failed` with what it said.
    init(scenario: RehearsalScenario, speed: Double, faults: [String]) throws(MusterError) {
        let folder = Host.executableFolder ?? "."
        let path = "\(folder)/muster-cloud-simulator"
        guard access(path, X_OK) == 0 else {
            throw MusterError(
                code: "simulator.missing", "The cloud simulator was not found at \(path).",
                help: "It belongs beside muster. In Muster's repository build it with: "
                    + "swift build -c \(folder.hasSuffix("/debug") ? "debug" : "release") --product muster-cloud-simulator"
            )
        }
        child = try ChildProcess(
            path: path, arguments: ["--scenario", "-", "--speed", "\(speed)"] + faults.flatMap { ["--fault", $0] },
            environment: ["SWIFT_BACKTRACE": "enable=no"])
        var document: [String: JSON] = ["scenario": .string(scenario.name.value), "summary": .string(scenario.summary)]
        document["cloud"] = scenario.cloud?.json ?? .object([:])
        document["faults"] = .array(scenario.faults.map(\.json))
        _ = child.send(JSON.object(document).canonicalBytes() + [UInt8(ascii: "\n")])
        ready = try Self.readReadyLine(child)
    }

    private static func readReadyLine(_ child: ChildProcess) throws(MusterError) -> Ready {
        let end = readClocks().boot + startTime.milliseconds * 1_000_000
        var out: [UInt8] = []
        var errors: [UInt8] = []
        while true {
            let left = end - readClocks().boot
            guard left > 0 else { throw failed("did not get ready within \(startTime.readable)", errors) }
            var targets = [PollTarget(reading: child.output), PollTarget(reading: child.errors)].filter {
                $0.descriptor >= 0
            }
            if child.unsentCount > 0 { targets.append(PollTarget(writing: child.input)) }
            guard !targets.isEmpty else { throw failed("ended before it was ready", errors) }
            _ = waitUntilReady(targets, timeout: .nanoseconds(left))
            _ = child.flush()
            if case .bytes(let bytes) = child.readErrors() { errors += bytes }
            if case .bytes(let bytes) = child.readOutput() { out += bytes }
            if let line = out.firstIndex(of: UInt8(ascii: "\n")) {
                do {
                    return try JSON.parse(out[..<line]).decode(Ready.self)
                } catch {
                    throw failed("said something else than that it is ready", errors)
                }
            }
        }
    }

    private static func failed(_ what: String, _ errors: [UInt8]) -> MusterError {
        let said = String(decoding: errors.prefix(4000), as: UTF8.self)
        if let refusal = refusal(said) { return refusal }
        let text = said.split(separator: "\n").joined(separator: "\n  ")
        return MusterError(
            code: "simulator.failed", "The cloud simulator \(what).", help: text.isEmpty ? "It gave no reason." : text)
    }

    /// What the simulator itself has against what it was given, such as an unknown fault: nothing failed then. It speaks as
    /// `MusterError` does; nil for anything else.
    private static func refusal(_ said: String) -> MusterError? {
        guard let match = said.wholeMatch(of: /error: ([^\n]*) \[(simulator\.[a-z-]+)\]\n(?:  ((?s).*))?/) else {
            return nil
        }
        let help = match.3.map { String($0).trimmingSuffix("\n") }
        return MusterError(code: String(match.2), String(match.1), help: help)
    }

    /// The environment that leads plugins into the simulated clouds, SQL included: no database is asked, and evidence says
    /// so. Its secrets are known to this process alone.
    func environment() throws(MusterError) -> Environment {
        guard let base = ready.endpoints["resource-manager"] else {
            throw Self.failed("named no endpoint of its resource manager", [])
        }
        let endpoints = ready.endpoints.sorted { $0.key < $1.key }.map { "    \($0.key): \"\($0.value)\"" }
        let text = """
            environment: rehearsal
            azure:
              cloud: public
              tenant: "\(ready.tenant)"
              subscription: "\(ready.subscription)"
              credential: { type: client-secret, client-id: "\(ready.clientID)", secret: { env: \(Self.secretName) } }
              endpoints:
            \(endpoints.joined(separator: "\n"))
            sql:
              azure: { connection: "Simulator=\(base)" }
            """
        let whole = ready.oci.map { "\(text)\n  oracle: { connection: \"Simulator=\(base)\" }\n\($0.section)" } ?? text
        return try Environment.parse(Array(whole.utf8), file: "the rehearsal's environment").get()
    }

    /// What a reference of the rehearsal's environment stands for; nil for one that is not of the simulated clouds.
    func secret(_ reference: SecretReference) -> String? {
        switch reference {
        case .env(Self.secretName): ready.clientSecret
        case .env(Self.oracleKeyName): ready.oci?.credential.key
        case .env(Self.oraclePasswordName): ready.oci?.databaseAdminPassword
        default: nil
        }
    }

    // They stand in the rehearsal's environment for the simulated clouds' secrets; no such variables exist.
    static let secretName = "MUSTER_REHEARSAL_SECRET"
    static let oracleKeyName = "MUSTER_REHEARSAL_ORACLE_KEY"
    static let oraclePasswordName = "MUSTER_REHEARSAL_ORACLE_PASSWORD"
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
    }
}
