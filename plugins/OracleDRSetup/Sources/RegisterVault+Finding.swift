// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import CloudSteps
internal import MusterModel
internal import MusterPlugin
internal import OracleCloudClient
internal import OracleSteps

/// The steps of a registration, from the search to the registered vault.
extension RegisterVault {
    typealias Gate = EffectGate<Undo>

    /// Searches until the nodes see the vault: what was granted to them takes hours at times until it has an effect.
    ///
    /// - Returns: the vault as Oracle found it.
    func discover(
        _ inputs: Inputs, _ undo: inout Undo, _ session: OracleSession, _ context: StepContext, _ gate: Gate
    ) async throws -> VaultDiscovery.Found {
        let start = session.time.read().boot
        for search in 0... {
            let seen = try await searchOnce(inputs, search, &undo, session, context, gate)
            if let found = seen.first(where: { Self.isMeant($0, inputs.vault) }) { return found }
            let passed = Duration.nanoseconds(session.time.read().boot - start)
            let names = seen.compactMap(\.name).joined(separator: ", ")
            guard passed < min(inputs.patience.duration, context.timeout * 8 / 10) else {
                throw StepError.unknownOutcome(
                    "vault.not-found",
                    "The nodes do not see the vault \(inputs.vault.name) after \(passed.readable); "
                        + (names.isEmpty ? "they see none." : "they see \(names)."),
                    remedy:
                        "Check the roles of the nodes' group on the vault, its network and the group's members; roles may "
                        + "take hours to have an effect. A resume searches again.")
            }
            context.progress(Self.search(search + 1, inputs))
            let wanted = min(Duration.seconds(300), .milliseconds(500) * (1 << min(search, 10)))
            guard await session.time.pause(wanted) else { throw CancellationError() }
        }
        preconditionFailure("the loop has no end of its own")
    }

    /// What a search says, the same while it lasts.
    private static func search(_ number: Int, _ inputs: Inputs) -> String {
        number == 0
            ? "searching for vaults as the nodes see them"
            : "waiting until the nodes see the vault \(inputs.vault.name): roles and memberships take time to have an effect"
    }

    private static func isMeant(_ found: VaultDiscovery.Found, _ vault: AzureVaultName) -> Bool {
        vault.isMeant(by: found.id ?? found.name, group: found.resourceGroup, type: found.type)
            || vault.isMeant(by: found.name, group: found.resourceGroup, type: found.type)
    }

    /// A search leaves an object behind, which is deleted at once: it tells nothing later.
    private func searchOnce(
        _ inputs: Inputs, _ search: Int, _ undo: inout Undo, _ session: OracleSession, _ context: StepContext,
        _ gate: Gate
    ) async throws -> [VaultDiscovery.Found] {
        let multicloud = session.oracle.multicloud
        let says = Self.search(search, inputs)
        context.progress(says)
        let made = try await multicloud.discover(
            through: inputs.connector, in: inputs.compartment, name: "muster-\(inputs.vault.name)", search: search)
        undo.discovery = made.id
        try await gate.begin(undo: undo)
        let ended = try await session.afterEffect {
            try await session.wait(within: context.timeout, context) {
                let now = try await multicloud.discovery(made.id)
                return Lifecycle.busy.contains(now.value.lifecycleState ?? "")
                    ? .notYet(now, says) : .done(now)
            }
        }
        try context.evidence("search", ended.value)
        guard ended.value.lifecycleState == "SUCCEEDED" else {
            throw StepError.unknownOutcome(
                "vault.search-failed",
                "The search ended \(ended.value.lifecycleState ?? "in no known state"). "
                    + (ended.value.lifecycleStateDetails ?? "The service gives no reason."),
                remedy: "Look at the discovery in Oracle's console; a resume searches again.")
        }
        try await session.afterEffect {
            _ = try await session.follow(try await multicloud.delete(ended), context, says: says)
        }
        undo.discovery = nil
        return ended.value.resources ?? []
    }

    func register(
        _ found: VaultDiscovery.Found, _ inputs: Inputs, _ undo: inout Undo, _ session: OracleSession,
        _ context: StepContext, _ gate: Gate
    ) async throws -> OracleID {
        context.progress("registering the vault \(inputs.vault.name)")
        let multicloud = session.oracle.multicloud
        let tags = undo.mark.tags
        let made = try await session.afterEffect {
            try await multicloud.register(
                found, name: inputs.name, through: inputs.connector, in: inputs.compartment, tags: tags)
        }
        undo.vault = made.vault.id
        undo.operation = made.operation
        undo.byHand = Self.byHand(made.vault.id.text)
        try await gate.begin(undo: undo)
        try await session.afterEffect {
            let end = try await session.follow(made.operation, context)
            let now = try await multicloud.vault(made.vault.id)
            guard end.failure == nil, now.value.lifecycleState != "FAILED" else {
                // A registration that failed is of no use, and would stand in the way of the next one.
                _ = try await session.follow(try await multicloud.delete(now), context)
                throw StepError.unknownOutcome(
                    "vault.not-registered",
                    "\(inputs.vault.name) was not registered. \(end.failure ?? now.value.isActive.text)",
                    remedy: "Check that the vault holds at least one key and that the nodes may list it; then resume.")
            }
        }
        return made.vault.id
    }

    /// Has Oracle read the keys of a vault that is registered.
    func refresh(
        _ vault: RegisteredVault, _ inputs: Inputs, _ session: OracleSession, _ context: StepContext
    ) async throws {
        context.progress("having Oracle read the keys of \(vault.label) again")
        let multicloud = session.oracle.multicloud
        let read = try await multicloud.vault(vault.id)
        let operation = try await multicloud.refresh(read, through: inputs.connector)
        try await session.afterEffect {
            let end = try await session.follow(operation, context)
            if let reason = end.failure {
                throw StepError.unknownOutcome(
                    "vault.not-read", "The keys of \(vault.label) could not be read again. \(reason)",
                    remedy: "Check that the nodes may list the vault's keys; then resume.")
            }
        }
    }
}
