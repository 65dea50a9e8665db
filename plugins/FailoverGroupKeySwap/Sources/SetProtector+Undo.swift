// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps
internal import MusterPlugin

extension SetProtector {
    /// Replication is not asked for: where it broke because a server can't use the new key, this is what mends it.
    func checkUndo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            let ids = [
                "undo-server-ready", "undo-databases-accessible", "undo-protector-ours", "undo-previous-key-registered",
                "undo-previous-key-usable",
            ]
            if let why = try await session.unsettled(undo.operation, on: inputs.server, context) {
                return Finding.unverifiable(why).conditions(ids)
            }
            let view = try await ServerView.read(inputs.server, session.azure.sql)
            if case .success(let now) = view.protector, undo.describes(now) {
                return Finding.met("\(undo.previousKeyName) protects \(inputs.server.name) again.").conditions(ids)
            }
            let previous = try await previousKey(inputs, undo, view, session)
            return [
                view.isReady.condition("undo-server-ready"),
                view.hasItsDatabases.condition("undo-databases-accessible"),
                view.isProtected(by: inputs.key).condition("undo-protector-ours"),
                previous.registered.condition("undo-previous-key-registered"),
                previous.usable.condition("undo-previous-key-usable"),
            ]
        }
    }

    /// The previous key is seldom of a vault that this run otherwise reads. The service itself tries a key before it
    /// changes anything, so that what can't be read here hinders no way back.
    private func previousKey(
        _ inputs: Inputs, _ undo: Undo, _ view: ServerView, _ session: AzureSession
    ) async throws -> (registered: Finding, usable: Finding) {
        guard undo.previousType == "AzureKeyVault" else {
            let own = Finding.met("The previous protector, \(undo.previousKey), is the service's own key.")
            return (own, own)
        }
        guard let previous = KeyIdentifier(undo.previousKey) else {
            let unclear = Finding.unverifiable("\(undo.previousKey) names no key version that is understood.")
            return (unclear, unclear)
        }
        let registered = Finding.all(
            [view.knows(previous), try await partnersKnow(previous, view, session.azure.sql)], none: "")
        return (registered, .nothingAgainst(try await use(of: previous, inputs, view, session), none: ""))
    }

    private func use(
        of previous: KeyIdentifier, _ inputs: Inputs, _ view: ServerView, _ session: AzureSession
    ) async throws -> [Finding] {
        let key: KeyView
        do {
            key = try await KeyView.read(previous, for: inputs.server, session)
        } catch let error as AzureError {
            return [.unverifiable("The previous key could not be looked at: \(error)")]
        }
        let access = KeyAccess(view: key, server: view, azure: session.azure)
        return [key.isUsable, try await access.finding(), try await partnersReach(key, view, session)]
    }

    func undo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext, _ gate: EffectGate<Undo>) async throws {
        try await AzureSession.run(context, reads: false) { session in
            let sql = session.azure.sql
            if let why = try await session.unsettled(undo.operation, on: inputs.server, context) {
                throw StepError.retryable("failover-group-key-swap.still-running", why)
            }
            let now = try await sql.protector(inputs.server)
            if undo.describes(now) { return }
            try await refuseUnsafeReturn(inputs, undo, now, session)
            var data = undo
            data.operation = nil
            try await gate.begin(undo: data)
            context.progress("setting the protector of \(inputs.server.name) back to \(undo.previousKeyName)")
            _ = try await sql.setProtector(
                inputs.server, keyName: undo.previousKeyName, type: undo.previousType,
                autoRotation: undo.previousAutoRotation
            ) { operation in
                data.operation = operation
                try await gate.begin(undo: data)
            }
        }
    }

    private func refuseUnsafeReturn(
        _ inputs: Inputs, _ undo: Undo, _ now: SQLEncryptionProtector, _ session: AzureSession
    ) async throws {
        guard now.isKey(inputs.key) else {
            throw StepError.permanent(
                "failover-group-key-swap.protector-changed",
                "\(inputs.server.name) is protected by \(now.keyName), which this run did not set. It is left alone.",
                remedy: "Find out who changed it; the run's own change is gone already.")
        }
        guard let previous = KeyIdentifier(undo.previousKey) else { return }
        let view = try await ServerView.read(inputs.server, session.azure.sql)
        let known = Finding.all(
            [view.knows(previous), try await partnersKnow(previous, view, session.azure.sql)], none: "")
        if case .met = known { return }
        throw StepError.permanent(
            "failover-group-key-swap.previous-key-missing", "The previous protector cannot be put back: \(known.text)",
            remedy: "Register \(undo.previousKey) on every server of the failover group, then undo again.")
    }
}
