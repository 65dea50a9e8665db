// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps
internal import MusterPlugin

/// Shows that every server knows every key.
struct VerifyRegisteredKeys: ProofStep {
    static let name = "verify-registered-keys"
    static let definition = PackageResources.verify_registered_keys_yaml

    struct Inputs: Decodable, Sendable {
        let servers: [ResourceID]
        let keys: [KeyIdentifier]
    }

    /// For evidence: a server and the keys that it knows.
    struct Entry: Codable, Hashable, Sendable {
        var server: String
        var keys: [ServerView.KeyEntry]
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            let views = try await read(inputs, session)
            return [Finding.all(views.map(\.isReady), none: "No server is given.").condition("servers-ready")]
        }
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            guard !inputs.servers.isEmpty, !inputs.keys.isEmpty else {
                return [
                    Finding.unmet("No server or no key is given, so nothing is shown.").condition("keys-registered")
                ]
            }
            let views = try await read(inputs, session)
            try context.evidence("server-keys", views.map { Entry(server: $0.id.text, keys: $0.keyList) })
            let findings = views.flatMap { view in inputs.keys.map(view.knows) }
            return [
                Finding.all(findings, none: "").condition("keys-registered", evidence: ["server-keys", "requests"])
            ]
        }
    }

    private func read(_ inputs: Inputs, _ session: AzureSession) async throws -> [ServerView] {
        var views: [ServerView] = []
        for server in inputs.servers { views.append(try await ServerView.read(server, session.azure.sql)) }
        return views
    }
}
