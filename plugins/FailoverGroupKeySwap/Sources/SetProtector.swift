// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps
internal import MusterPlugin

/// Makes a registered key the one that protects a server's database encryption keys.
struct SetProtector: ReversibleStep {
    static let name = "set-protector"
    static let definition = PackageResources.set_protector_yaml

    struct Inputs: Decodable, Sendable {
        let server: ResourceID
        let key: KeyIdentifier
    }

    struct Outputs: Hashable, Codable, Sendable {
        let thumbprint: String
    }

    /// The protector as it was, and how to put it back by hand.
    struct Undo: Hashable, Codable, Sendable {
        /// The key's URI, or `ServiceManaged`.
        let previousKey: String
        let previousKeyName: String
        let previousType: String
        let previousAutoRotation: Bool
        let serverName: String
        let azCommand: String
        let powerShellCommand: String
        /// Known as soon as the service has accepted the request.
        var operation: LongRunningOperation?
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            let sql = session.azure.sql
            let server = try await ServerView.read(inputs.server, sql)
            let key = try await KeyView.read(inputs.key, for: inputs.server, session)
            let access = KeyAccess(view: key, server: server, azure: session.azure)
            return [
                server.isReady.condition("server-ready"), server.hasIdentity.condition("server-identity"),
                server.hasItsDatabases.condition("databases-accessible"),
                server.replicates.condition("replication-healthy"), key.isUsable.condition("key-usable"),
                key.isProtectedFromPurge.condition("vault-protected"),
                try await access.finding().condition("key-reachable"),
                try await partnersReach(key, server, session).condition("partner-reaches-key"),
                server.knows(inputs.key).condition("key-registered"),
                try await partnersKnow(inputs.key, server, sql).condition("partner-has-key"),
                server.isIdle.condition("server-idle"),
            ]
        }
    }

    func partnersReach(_ key: KeyView, _ server: ServerView, _ session: AzureSession) async throws -> Finding {
        switch server.partners {
        case .failure(let error): return .unverifiable("The failover groups could not be read: \(error)")
        case .success(let partners):
            var findings: [Finding] = []
            for partner in partners {
                let view = try await ServerView.read(partner, session.azure.sql)
                findings.append(try await KeyAccess(view: key, server: view, azure: session.azure).finding())
            }
            return .all(findings, none: "\(server.id.name) is in no failover group.")
        }
    }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<Outputs> {
        try await AzureSession.run(context) { session in
            let undo = try context.recordedUndo(as: Undo.self)
            if let undo, let why = try await session.unsettled(undo.operation, on: inputs.server, context) {
                return .unknown(why: why)
            }
            let sql = session.azure.sql
            let protector = try await sql.protector(inputs.server)
            let path = "servers/\(inputs.server.name)/encryptionProtector"
            var changes: [Change] = []
            if !protector.isKey(inputs.key) {
                changes.append(Change(path, from: protector.properties.uri ?? protector.keyName, to: inputs.key.text))
            }
            if protector.properties.autoRotationEnabled == true {
                changes.append(Change("\(path)/autoRotationEnabled", from: "true", to: "false"))
            }
            guard changes.isEmpty else { return .needed(changes) }
            return .satisfied(try await outputs(inputs, sql))
        }
    }

    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs {
        try await AzureSession.run(context, reads: false) { session in
            let sql = session.azure.sql
            let before = try await sql.protector(inputs.server)
            if before.isKey(inputs.key), before.properties.autoRotationEnabled != true {
                return try await outputs(inputs, sql)
            }
            var undo = Undo(of: before, on: inputs.server)
            try await gate.begin(undo: undo)
            context.progress("setting the protector of \(inputs.server.name) to \(inputs.key.serverKeyName)")
            _ = try await sql.setProtector(
                inputs.server, keyName: inputs.key.serverKeyName, type: "AzureKeyVault", autoRotation: false
            ) { operation in
                undo.operation = operation
                try await gate.begin(undo: undo)
                context.progress("\(inputs.server.name) re-encrypts its database encryption keys")
            }
            return try await afterEffect { try await outputs(inputs, sql) }
        }
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            let server = try await ServerView.read(inputs.server, session.azure.sql)
            try context.evidence("protector", ProtectorEntry(server))
            return [
                server.isProtected(by: inputs.key).condition("protector-is-key", evidence: ["protector", "requests"]),
                server.hasItsDatabases.condition("databases-accessible"),
            ]
        }
    }

    /// The protector itself does not tell its thumbprint; the server key of its name does.
    private func outputs(_ inputs: Inputs, _ sql: SQLOperations) async throws -> Outputs {
        guard let key = try await sql.key(inputs.server, inputs.key.serverKeyName) else {
            throw StepError.permanent(
                "ServerKeyNotFound", "\(inputs.key.serverKeyName) is not registered on \(inputs.server.name).")
        }
        return Outputs(thumbprint: try key.knownThumbprint())
    }
}

extension SetProtector.Undo {
    init(of protector: SQLEncryptionProtector, on server: ResourceID) {
        let isVaultKey = protector.properties.serverKeyType == "AzureKeyVault"
        let uri = isVaultKey ? protector.properties.uri : nil
        let rotation = isVaultKey && protector.properties.autoRotationEnabled == true
        let group = server.resourceGroup ?? ""
        let az = "az sql server tde-key set --resource-group \(group) --server \(server.name)"
        let powerShell =
            "Set-AzSqlServerTransparentDataEncryptionProtector -ResourceGroupName '\(group)' -ServerName '\(server.name)'"
        self.init(
            previousKey: uri ?? protector.keyName, previousKeyName: protector.keyName,
            previousType: protector.properties.serverKeyType, previousAutoRotation: rotation, serverName: server.name,
            azCommand: uri.map {
                "\(az) --server-key-type AzureKeyVault --kid \($0) --auto-rotation-enabled \(rotation)"
            }
                ?? "\(az) --server-key-type ServiceManaged",
            powerShellCommand: uri.map {
                "\(powerShell) -Type AzureKeyVault -KeyId '\($0)' -AutoRotationEnabled $\(rotation)"
            }
                ?? "\(powerShell) -Type ServiceManaged")
    }

    func describes(_ protector: SQLEncryptionProtector) -> Bool {
        protector.properties.serverKeyType == previousType
            && protector.keyName.lowercased() == previousKeyName.lowercased()
            && (protector.properties.autoRotationEnabled ?? false) == previousAutoRotation
    }
}
