// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps
internal import MusterPlugin

extension RegisterKey {
    /// Whose registration it is, as far as the service tells.
    private enum Owner {
        case thisRun
        /// The answer to this run's request was lost, so that somebody else may have made the registration.
        case unproven
        /// What was begun has not ended.
        case unsettled(String)
    }

    func checkUndo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            let ids = ["undo-server-ready", "undo-databases-accessible", "undo-key-unused", "undo-key-ours"]
            if undo.wasRegistered {
                return Finding.met("\(undo.serverKeyName) was registered before, so it stays.").conditions(ids)
            }
            let owner = try await owner(undo, inputs, session, context)
            guard try await isRegistered(undo, inputs, session) else {
                return Finding.met(
                    "\(undo.serverKeyName) is not registered on \(undo.serverName), so it is gone already."
                )
                .conditions(ids)
            }
            let view = try await ServerView.read(inputs.server, session.azure.sql)
            return [
                view.isReady.condition("undo-server-ready"),
                view.hasItsDatabases.condition("undo-databases-accessible"),
                try await isUnused(inputs, view, session).condition("undo-key-unused"),
                ownership(owner, undo).condition("undo-key-ours"),
            ]
        }
    }

    func undo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext, _ gate: EffectGate<Undo>) async throws {
        try await AzureSession.run(context, reads: false) { session in
            if undo.wasRegistered { return }
            let owner = try await owner(undo, inputs, session, context)
            if case .unsettled(let why) = owner {
                throw StepError.retryable("failover-group-key-swap.still-running", why)
            }
            guard try await isRegistered(undo, inputs, session) else { return }
            guard case .thisRun = owner else { throw Self.unprovenOwner(undo) }
            try await refuseWhileInUse(inputs, session)
            var data = undo
            data.operation = nil
            data.isProvenOurs = true
            try await gate.begin(undo: data)
            context.progress("unregistering \(undo.serverKeyName) from \(inputs.server.name)")
            try await session.azure.sql.deleteKey(inputs.server, name: undo.serverKeyName) { operation in
                data.operation = operation
                try await gate.begin(undo: data)
            }
            // What proves the undo reads the key once: it must not be a read that still shows what was before.
            let name = undo.serverKeyName
            _ = try await afterEffect { try await session.azure.sql.key(inputs.server, name, isThere: false) }
        }
    }

    /// Waits until the server has settled, then tells whether the service accepted and carried out this run's request.
    private func owner(
        _ undo: Undo, _ inputs: Inputs, _ session: AzureSession, _ context: StepContext
    ) async throws -> Owner {
        let known: Owner = undo.isProvenOurs == true ? .thisRun : .unproven
        if let operation = undo.operation {
            switch try await session.end(of: operation) {
            case .unknown(let why): return .unsettled(why)
            case .failed: return known
            case .settled: return .thisRun
            }
        }
        return try await session.unsettled(nil, on: inputs.server, context).map { .unsettled($0) } ?? known
    }

    /// For this very key: what has the name and another URI is not what this run made.
    private func isRegistered(_ undo: Undo, _ inputs: Inputs, _ session: AzureSession) async throws -> Bool {
        try await session.azure.sql.key(inputs.server, undo.serverKeyName)?.isKey(inputs.key) ?? false
    }

    private func ownership(_ owner: Owner, _ undo: Undo) -> Finding {
        switch owner {
        case .thisRun: .met("This run registered \(undo.serverKeyName) on \(undo.serverName).")
        case .unproven: .unmet(Self.unprovenOwner(undo).message)
        case .unsettled(let why): .unverifiable(why)
        }
    }

    private static func unprovenOwner(_ undo: Undo) -> StepError {
        .permanent(
            "failover-group-key-swap.unproven-owner",
            "\(undo.serverKeyName) is registered on \(undo.serverName), but the answer to this run's own request was lost, "
                + "so somebody else may have registered it. It is left alone.",
            remedy:
                "Ask who else works on the server. To leave the key registered does no harm; else unregister it by hand."
        )
    }

    /// Neither this server nor a partner may lose the key that protects it.
    private func isUnused(_ inputs: Inputs, _ view: ServerView, _ session: AzureSession) async throws -> Finding {
        switch view.partners {
        case .failure(let error): return .unverifiable("The failover groups could not be read: \(error)")
        case .success(let partners):
            var findings: [Finding] = []
            for server in [inputs.server] + partners {
                let read = try await attempt { () throws(AzureError) in try await session.azure.sql.protector(server) }
                findings.append(
                    read.finding { protector in
                        protector.isKey(inputs.key)
                            ? .unmet("\(inputs.key.serverKeyName) protects \(server.name).")
                            : .met("\(server.name) is protected by \(protector.keyName).")
                    })
            }
            return .all(findings, none: "")
        }
    }

    private func refuseWhileInUse(_ inputs: Inputs, _ session: AzureSession) async throws {
        let view = try await ServerView.read(inputs.server, session.azure.sql)
        switch try await isUnused(inputs, view, session) {
        case .met: return
        case .unmet(let why):
            throw StepError.permanent(
                "failover-group-key-swap.key-in-use", "\(why) So it stays registered on \(inputs.server.name).",
                remedy: "Undo set-protector there first, or keep the key.")
        case .unverifiable(let why):
            throw StepError.retryable(
                "failover-group-key-swap.use-unknown", "Whether the key protects a server is not known: \(why)",
                remedy: "Let the drill's account read both servers' protectors, then undo again.")
        }
    }
}
