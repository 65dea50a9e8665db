// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel

/// The plan of a key swap in a failover group: each of the two servers is to get a Key Vault key of its own.
enum KeySwap {
    static let subscription = "/subscriptions/22222222-2222-2222-2222-222222222222"
    static let primary = server("tdeprimarytest")
    static let secondary = server("tdesecondarytest")
    static let primaryKey = "https://testprimarysubham.vault.azure.net/keys/subham/e0637ed7e3734f989b928101c79ca565"
    static let secondaryKey = "https://testanu2.vault.azure.net/keys/tey/29497babb0cb4af58a773104a5dd61e5"
    static let sharedKey = "https://testold.vault.azure.net/keys/shared/77a0c1d2e3f405162738495a6b7c8d9e"

    static func server(_ name: String) -> String {
        "\(subscription)/resourceGroups/harshitha_lab/providers/Microsoft.Sql/servers/\(name)"
    }

    static let runbookText = Array("runbook: failover-group-key-swap\nversion: 1.0.0\n".utf8)
    static let lockText = Array("lock: failover-group-key-swap\n".utf8)
    static let environmentText = Array("environment: lab\n".utf8)
    static func definitionText(_ step: String) -> [UInt8] {
        Array("step: failover-group-key-swap/\(step)\nversion: 1.0.0\n".utf8)
    }

    static func document(_ path: String, _ bytes: [UInt8]) -> Plan.Document {
        Plan.Document(path: path, blob: ObjectID(blob: bytes))
    }

    static let commit = ObjectID("8d1f0c2a9b3e4f5061728394a5b6c7d8e9f00112")!

    static func plan() -> Plan {
        Plan(
            kind: .drill,
            runbook: .init(
                name: "failover-group-key-swap", version: SemanticVersion(1, 0, 0),
                summary: "Give each server of a failover group its own Key Vault key, without breaking replication",
                document: document("runbooks/failover-group-key-swap.yaml", runbookText)),
            commit: commit, lock: document("runbooks/failover-group-key-swap.lock.yaml", lockText),
            environment: .init(
                name: "lab", document: document("environments/lab.yaml", environmentText),
                digest: Digest(of: environmentText), values: ["resourceGroup": "harshitha_lab"]),
            change: "CHG0042177",
            inputs: [
                "failoverGroup": "tdefog", "primary": .string(primary), "primaryKey": .string(primaryKey),
                "secondary": .string(secondary), "secondaryKey": .string(secondaryKey),
            ],
            locks: ["failover-group:tdefog"],
            plugins: [
                .init(
                    name: "failover-group-key-swap", executable: Digest(of: "executable".utf8),
                    sources: ObjectID("41d0a7b6c5e4f30291827364556473829a0b1c2d"))
            ],
            definitions: definitions, steps: steps,
            measures: [
                PlannedMeasure(
                    id: "swap-time",
                    summary: "From the first registration to the proof that both servers are on their own keys",
                    source: .clock(
                        from: .init(step: "register-secondary-key-on-primary", edge: .started),
                        to: .init(step: "verify-protectors", edge: .finished)),
                    objective: .longest(milliseconds: 900_000)),
                PlannedMeasure(
                    id: "whole-run", summary: "From the go-ahead to the end",
                    source: .clock(
                        from: .init(step: nil, edge: .started), to: .init(step: "verify-protectors", edge: .finished)),
                    objective: .longest(milliseconds: 600_000)),
                PlannedMeasure(
                    id: "secondary-protector", summary: "Whose key protects the secondary",
                    source: .output(.init(step: "protector-on-secondary", output: "thumbprint", type: "string")),
                    objective: .equal("F3A1C0DE")),
                PlannedMeasure(
                    id: "registered", summary: "The key that was registered, as the provider says",
                    source: .output(
                        .init(step: "register-secondary-key-on-primary", output: "thumbprint", type: "string")),
                    objective: nil),
            ])
    }

    static let steps: [PlannedStep] = [
        step(
            "register-secondary-key-on-primary", "register-key",
            with: ["server": .string(primary), "key": .string(secondaryKey)]),
        step(
            "confirm-window", uses: "muster/manual@1.0.0",
            with: ["instructions": "Tell the on-call DBA that the protectors change now"]),
        step(
            "protector-on-secondary", "set-protector",
            with: ["server": .string(secondary), "key": .string(secondaryKey)]),
        step(
            "register-primary-key-on-secondary", "register-key",
            with: ["server": .string(secondary), "key": .string(primaryKey)]),
        step("protector-on-primary", "set-protector", with: ["server": .string(primary), "key": .string(primaryKey)]),
        step("verify-protectors", "verify-protectors", with: ["servers": [.string(primary), .string(secondary)]]),
    ]

    static func step(_ id: String, _ step: String, with: [String: JSON]) -> PlannedStep {
        KeySwap.step(id, uses: "failover-group-key-swap/\(step)@1.0.0", with: with)
    }

    static func step(_ id: String, uses: String, with: [String: JSON]) -> PlannedStep {
        PlannedStep(
            id: id, section: .steps, uses: uses, needs: [], group: nil, condition: nil, with: with,
            retry: .init(attempts: 3, backoffMinMilliseconds: 5000, backoffMaxMilliseconds: 120_000), onFailure: .stop,
            timeoutMilliseconds: 1_200_000, preview: nil)
    }
}

extension KeySwap {
    static let definitions: [String: PlannedDefinition] = Dictionary(
        uniqueKeysWithValues: [registerKey, setProtector, verifyProtectors, manual].map {
            ("\($0.reference)@\($0.version)", $0)
        })

    static let registerKey = definition(
        "register-key", "Register a Key Vault key on an Azure SQL server", effect: .reversible,
        preconditions: [
            .init(
                id: "key-usable", at: .start, says: "The key is enabled, RSA 2048 or 3072, and not expired", why: nil,
                remedy: "Enable the key, or name another version of it")
        ],
        postconditions: [.init(id: "key-registered", says: "The server lists the key")],
        rollback: "Unregisters ${{ inputs.key }} from ${{ inputs.server }}, unless it was registered before this run.")

    static let setProtector = definition(
        "set-protector", "Make a registered Key Vault key the TDE protector of an Azure SQL server",
        effect: .reversible,
        preconditions: [
            .init(
                id: "server-ready", at: .start, says: "The server exists, is Ready and has an identity", why: nil,
                remedy: "Check the name, or assign a system-assigned identity to the server"),
            .init(
                id: "key-registered", at: .step, says: "The key is registered on the server", why: nil,
                remedy: "Run failover-group-key-swap/register-key for this server first"),
            .init(
                id: "partner-has-key", at: .step, says: "The partner server has the key registered too",
                why: "After a failover the new primary must unwrap the database encryption key with it", remedy: nil),
        ],
        postconditions: [.init(id: "protector-is-key", says: "The server's protector is the key")],
        rollback: """
            Sets the protector back to ${{ undo.previousKey }}. By hand:
            1. In the portal open the server, Transparent data encryption.
            2. Choose ${{ undo.previousKey }}, save.

            Keep both keys enabled until every database reports the old thumbprint.
            """,
        knownErrors: [
            .init(
                match: "AzureKeyVaultMissingPermissions",
                means: "The server's identity can't get, wrap or unwrap with the key",
                remedy:
                    "Grant \"Key Vault Crypto Service Encryption User\" on the vault to the server's identity, wait for it to spread, resume"
            )
        ])

    static let verifyProtectors = definition(
        "verify-protectors", "Show that each server's protector is its own key", effect: .none,
        postconditions: [.init(id: "own-keys", says: "Each server's protector is its own key")])

    static var manual: PlannedDefinition {
        var manual = definition("manual", "Wait for a person's word", effect: .none)
        manual.reference = BuiltInStep.manual
        manual.document = nil
        manual.commit = nil
        return manual
    }

    static func definition(
        _ step: String, _ summary: String, effect: PlannedDefinition.Effect,
        preconditions: [PlannedDefinition.Precondition] = [], postconditions: [PlannedDefinition.Postcondition] = [],
        rollback: String? = nil, knownErrors: [PlannedDefinition.KnownError] = []
    ) -> PlannedDefinition {
        let reference = StepReference(plugin: "failover-group-key-swap", step: step)
        return PlannedDefinition(
            reference: reference, version: SemanticVersion(1, 0, 0),
            document: document(reference.definitionPath, definitionText(step)), commit: commit, summary: summary,
            effect: effect, timeoutMilliseconds: 1_200_000, connections: ["azure"], preconditions: preconditions,
            postconditions: postconditions, permissions: [], inputs: [], outputs: ["thumbprint"], rollback: rollback,
            knownErrors: knownErrors)
    }

    /// The bytes of every document, as the repository holds them, by path.
    static let documents: [String: [UInt8]] = {
        var documents = [
            "runbooks/failover-group-key-swap.yaml": runbookText,
            "runbooks/failover-group-key-swap.lock.yaml": lockText,
            "environments/lab.yaml": environmentText,
        ]
        for definition in Array(definitions.values) + [purgeVersion] {
            if let document = definition.document {
                documents[document.path] = definitionText(definition.reference.step)
            }
        }
        return documents
    }()
}
