// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CloudSimulator
import Glibc
import MusterModel

@main
struct MusterCloudSimulator: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "muster-cloud-simulator",
        abstract: "Serve a simulated Azure, and the scenario's Oracle cloud, on 127.0.0.1.",
        discussion: """
            When it is ready it prints one JSON line with its port, endpoints, tenant, subscription, client id and client \
            secret; where the scenario has an Oracle cloud, under "oci" the credential, region, endpoints and database \
            password of that too. It ends when its stdin ends, so keep stdin open as long as it is needed. \
            docs/guides/practise-on-the-simulator.md shows how to point an environment at it.
            """)

    @OptionGroup var options: SimulatorOptions

    func run() async throws {
        do {
            try await SimulatorCommand(settings: options.settings()).run()
        } catch let error as MusterError {
            let text = Array("\(error)\n".utf8)
            // Nothing is left to do when even this can't be said.
            _ = write(STDERR_FILENO, text, text.count)
            throw ExitCode(error.status.rawValue)
        }
    }
}

struct SimulatorOptions: ParsableArguments {
    @Option(help: "Scenario document, YAML; - reads it as one line of JSON from stdin.")
    var scenario: String?

    @Option(help: "Port; 0 is any free one.")
    var port: Int = 0

    @Option(help: "Simulated seconds in a real second.")
    var speed: Double = 1

    @Option(help: ArgumentHelp("A fault to inject; may be repeated.", valueName: "name[:setting=value,...]"))
    var fault: [String] = []

    @Flag(
        help:
            "Read the client secret from stdin, as a line {\"client-secret\": …}, after the scenario if that is there too."
    )
    var secretFromStdin = false

    @Option(help: ArgumentHelp("Certificate chain for TLS, PEM.", valueName: "file"))
    var tlsCertificate: String?

    @Option(help: ArgumentHelp("Private key for TLS, PEM.", valueName: "file"))
    var tlsKey: String?

    @Flag(help: "List the faults, their settings, and what a drill should do about each.")
    var listFaults = false

    func validate() throws {
        if !listFaults, scenario == nil { throw ValidationError("--scenario is missing: a file, or - for stdin.") }
        if speed <= 0 { throw ValidationError("--speed must be above 0.") }
        if (tlsCertificate == nil) != (tlsKey == nil) {
            throw ValidationError("--tls-certificate and --tls-key are given together.")
        }
    }

    func settings() -> SimulatorCommand.Settings {
        var settings = SimulatorCommand.Settings()
        settings.scenario = scenario
        settings.port = port
        settings.speed = speed
        settings.faults = fault
        settings.secretFromStdin = secretFromStdin
        settings.listFaults = listFaults
        if let tlsCertificate, let tlsKey { settings.certificate = .init(chainFile: tlsCertificate, keyFile: tlsKey) }
        return settings
    }
}
