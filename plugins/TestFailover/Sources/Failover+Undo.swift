// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps
internal import MusterPlugin

/// The way back of a planned failover, as the steps that make one share it.
extension Failover {
    /// Waits as the undo does: for what is in progress, and until the group is level.
    func checkUndo(_ undo: FailoverUndo) async throws -> [Condition] {
        let ids = ["undo-servers-ready", "undo-target-opens-databases", "undo-replication-healthy"]
        if let why = try await unsettled(undo, settling: true) { return Finding.unverifiable(why).conditions(ids) }
        let view = try await session.caughtUp(group, within: within ?? .zero, context)
        try context.evidence("failover-group", GroupEntry(view))
        let replication = view.isCaughtUpFinding.condition(
            "undo-replication-healthy", evidence: ["failover-group", "requests"])
        if view.primary == undo.previousPrimary {
            return Finding.met("\(undo.previousPrimaryName) is primary already.").conditions(Array(ids.dropLast()))
                + [replication]
        }
        let sql = session.azure.sql
        let previous = try await ServerView.read(undo.previousPrimary, sql)
        let present = try await ServerView.read(target, sql)
        return [
            Finding.all([previous.isReady, present.isReady], none: "").condition("undo-servers-ready"),
            try await opens(previous, present).condition("undo-target-opens-databases"), replication,
        ]
    }

    /// That the service has all databases open counts more than what can be read of the keys.
    private func opens(_ previous: ServerView, _ present: ServerView) async throws -> Finding {
        let access = previous.hasItsDatabases
        guard case .met = access else { return access }
        let keys = ProtectingKeys([previous, present])
        return .nothingAgainst(
            [
                access, try await keys.areKnown(), try await keys.areUsable(session),
                try await keys.areReachable(session),
            ], none: "")
    }

    /// Makes the server primary again that was it before, by a planned failover.
    func undo(_ undo: FailoverUndo, _ gate: EffectGate<FailoverUndo>) async throws {
        if let why = try await unsettled(undo, settling: true) {
            throw StepError.retryable("test-failover.still-running", why)
        }
        var view = try await read()
        if view.primary == undo.previousPrimary { return try await comeBack(undo) }
        view = try await session.caughtUp(group, within: within ?? .zero, context)
        if view.primary == undo.previousPrimary { return try await comeBack(undo) }
        guard view.primary == target, view.isCaughtUp else { throw notCaughtUp(view) }
        let previous = try await ServerView.read(undo.previousPrimary, session.azure.sql)
        if case .unmet(let why) = previous.hasItsDatabases {
            throw StepError.permanent(
                "test-failover.target-inaccessible", "\(undo.previousPrimaryName) cannot be primary again: \(why)",
                remedy: "Give it its key back and revalidate its protector, then undo again.")
        }
        var data = undo
        data.operation = nil
        try await gate.begin(undo: data)
        try await change(to: undo.previousPrimary, .planned, view) { operation in
            data.operation = operation
            try await gate.begin(undo: data)
        }
        try await afterEffect { try await comeBack(undo) }
    }

    /// The former primary is primary again; it is done when both servers say so and are level.
    private func comeBack(_ undo: FailoverUndo) async throws {
        let view = try await session.caughtUp(
            group, primary: undo.previousPrimary, within: within ?? .zero, context)
        guard view.isCaughtUp, view.primary == undo.previousPrimary else {
            throw StepError.retryable(
                "test-failover.not-caught-up",
                "\(undo.previousPrimaryName) was made primary again, but \(view.name) is \(view.replication).",
                remedy: "Wait until both servers show CATCH_UP, or resume a suspended replication, then undo again.")
        }
    }

    func notCaughtUp(_ view: GroupView) -> StepError {
        .retryable(
            "test-failover.not-caught-up",
            "\(view.name) is \(view.replication), so a planned failover cannot bring its servers level.",
            remedy: "Wait until both servers show CATCH_UP, or resume a suspended replication, then try again.")
    }
}
