// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps
internal import MusterPlugin

/// Makes a vault's key known to a server, so that the server can open what is encrypted with it.
struct RegisterKey: ReversibleStep {
    static let name = "register-key"
    static let definition = PackageResources.register_key_yaml

    struct Inputs: Decodable, Sendable {
        let server: ResourceID
        let key: KeyIdentifier
    }

    struct Outputs: Hashable, Codable, Sendable {
        let serverKeyName: String
        let thumbprint: String
    }

    struct Undo: Hashable, Codable, Sendable {
        /// Somebody else registered the key, before the run or at the same moment. It is never removed then.
        var wasRegistered: Bool
        let serverKeyName: String
        let serverName: String
        let resourceGroup: String
        /// Known as soon as the service has accepted the request.
        var operation: LongRunningOperation?
        /// Set by an undo, before its own operation takes the registration's place: the registration was this run's.
        var isProvenOurs: Bool?
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            let server = try await ServerView.read(inputs.server, session.azure.sql)
            let key = try await KeyView.read(inputs.key, for: inputs.server, session)
            let access = KeyAccess(view: key, server: server, azure: session.azure)
            return [
                server.isReady.condition("server-ready"), server.hasIdentity.condition("server-identity"),
                server.hasItsDatabases.condition("databases-accessible"),
                server.replicates.condition("replication-healthy"), key.isUsable.condition("key-usable"),
                key.isProtectedFromPurge.condition("vault-protected"),
                try await access.finding().condition("key-reachable"), server.isIdle.condition("server-idle"),
            ]
        }
    }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<Outputs> {
        try await AzureSession.run(context) { session in
            let undo = try context.recordedUndo(as: Undo.self)
            if let undo, let why = try await session.unsettled(undo.operation, on: inputs.server, context) {
                return .unknown(why: why)
            }
            let path = "servers/\(inputs.server.name)/keys/\(inputs.key.serverKeyName)"
            guard let key = try await registered(inputs, undo, session) else {
                return .needed([Change(path, from: nil, to: inputs.key.text)])
            }
            guard key.isKey(inputs.key) else {
                return .partial(
                    [Change(path, from: key.properties.uri, to: inputs.key.text)],
                    why: "A key of that name is registered for another URI.")
            }
            return .satisfied(try outputs(key))
        }
    }

    /// What is registered under the key's name. Where this run's own registration has succeeded, a read that does not show it
    /// is not taken at its word at once.
    private func registered(_ inputs: Inputs, _ undo: Undo?, _ session: AzureSession) async throws -> SQLServerKey? {
        let (sql, name) = (session.azure.sql, inputs.key.serverKeyName)
        if let operation = undo?.operation, undo?.isProvenOurs != true,
            case .settled = try await session.end(of: operation)
        {
            return try await sql.key(inputs.server, name, isThere: true)
        }
        return try await sql.key(inputs.server, name)
    }

    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs {
        try await AzureSession.run(context, reads: false) { session in
            let sql = session.azure.sql
            let name = inputs.key.serverKeyName
            if let key = try await sql.key(inputs.server, name), key.isKey(inputs.key) { return try outputs(key) }
            var undo = Undo(
                wasRegistered: false, serverKeyName: name, serverName: inputs.server.name,
                resourceGroup: inputs.server.resourceGroup ?? "")
            try await gate.begin(undo: undo)
            context.progress("registering \(name) on \(inputs.server.name)")
            let made = try await sql.createKey(inputs.server, name: name, uri: inputs.key.text) { operation in
                undo.operation = operation
                try await gate.begin(undo: undo)
                context.progress("\(inputs.server.name) tries the key")
            }
            if made.origin == .earlier {
                undo.wasRegistered = true
                try await gate.begin(undo: undo)
            }
            return try await afterEffect { try outputs(made.key) }
        }
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            let server = try await ServerView.read(inputs.server, session.azure.sql)
            try context.evidence("server-keys", server.keyList)
            return [server.knows(inputs.key).condition("key-registered", evidence: ["server-keys", "requests"])]
        }
    }

    private func outputs(_ key: SQLServerKey) throws -> Outputs {
        Outputs(serverKeyName: key.name, thumbprint: try key.knownThumbprint())
    }
}
