// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps
internal import MusterPlugin

struct FailoverOutputs: Hashable, Codable, Sendable {
    let previousPrimary: ResourceID
    let replicationBefore: String
    let replicationAfter: String
}

/// Who was primary, and how to make it so again by hand.
struct FailoverUndo: Hashable, Codable, Sendable {
    let previousPrimary: ResourceID
    let previousPrimaryName: String
    let targetName: String
    let replicationBefore: String
    let azCommand: String
    let powerShellCommand: String
    /// Known as soon as the service has accepted the request.
    var operation: LongRunningOperation?

    init(_ view: GroupView, from primary: ResourceID, to target: ResourceID) {
        previousPrimary = primary
        previousPrimaryName = primary.name
        targetName = target.name
        replicationBefore = view.replication
        // Both tools send it to the server that becomes primary.
        let group = primary.resourceGroup ?? ""
        azCommand =
            "az sql failover-group set-primary --resource-group \(group) --server \(primary.name) --name \(view.name)"
        powerShellCommand =
            "Switch-AzSqlDatabaseFailoverGroup -ResourceGroupName '\(group)' -ServerName '\(primary.name)' "
            + "-FailoverGroupName '\(view.name)'"
    }
}

/// One change of sides of a failover group, as the steps that make one share it.
///
/// The request goes to the server that is secondary now. `tryPlannedBeforeForcedFailover` is never used: it does not
/// tell which way it went.
struct Failover: Sendable {
    let group: ResourceID
    let target: ResourceID
    let kind: SQLOperations.Failover
    /// How long to wait for CATCH_UP; nil: the group is not waited for.
    let within: Duration?
    let session: AzureSession
    let context: StepContext

    func read() async throws -> GroupView { try await GroupView.read(group, or: target, reading.azure.sql) }

    /// A failover is forced when the other server may be gone.
    private var reading: AzureSession { kind == .forced ? session.hurried : session }

    /// - Parameter settling: whatever is in progress is waited for, not only what this step has begun.
    func observe(settling: Bool = false) async throws -> Observed<FailoverOutputs> {
        let undo = try context.recordedUndo(as: FailoverUndo.self)
        if let why = try await unsettled(undo, settling: settling) { return .unknown(why: why) }
        let view = try await read()
        switch view.roles {
        case .unclear(let why): return .unknown(why: why)
        case .settled(let primary, _) where primary == target:
            let after = undo == nil ? view : try await settled(view)
            return .satisfied(outputs(undo, before: view, after: after))
        case .settled(let primary, let secondary) where secondary == target:
            return .needed([Change("failoverGroups/\(view.name)/primary", from: primary.name, to: target.name)])
        case .settled: return .unknown(why: "\(target.name) is not a server of \(view.name).")
        }
    }

    /// Why what was begun is not at its end; nil when it is, however it ended.
    func unsettled(_ undo: FailoverUndo?, settling: Bool) async throws -> String? {
        if let operation = undo?.operation {
            return try await session.unsettled(operation, on: target, context)
        }
        guard undo != nil || settling, context.run != nil else { return nil }
        // A forced failover works on its target; the other server may not answer any more.
        let servers = kind == .forced ? [target] : try await read().sides.map(\.server)
        return try await session.unsettled(servers, within: within, context)
    }

    private func settled(_ view: GroupView) async throws -> GroupView {
        guard let within else { return view }
        return try await session.caughtUp(group, primary: target, within: within, context)
    }

    /// - Parameter patient: the group is waited for before the request, and the request is sent however that ends.
    func apply(_ gate: EffectGate<FailoverUndo>, patient: Bool = false) async throws -> FailoverOutputs {
        var before = try await read()
        if patient, before.primary != target, let within {
            before = try await session.caughtUp(group, within: within, context)
        }
        switch before.roles {
        case .settled(let primary, _) where primary == target:
            return outputs(nil, before: before, after: before)
        case .settled(let primary, let secondary) where secondary == target:
            if kind == .planned, !patient, !before.isCaughtUp { throw notCaughtUp(before) }
            return try await (patient ? sendPatiently : send)(before, primary, gate)
        case .settled:
            throw StepError.permanent(
                "test-failover.foreign-target", "\(target.name) is not a server of \(before.name).")
        case .unclear(let why):
            throw StepError.retryable(
                "test-failover.roles-unclear", why, remedy: "Wait until the servers agree, then try again.")
        }
    }

    /// A planned failover that timed out has changed nothing, and may succeed once the group has settled.
    private func sendPatiently(
        _ before: GroupView, _ primary: ResourceID, _ gate: EffectGate<FailoverUndo>
    ) async throws -> FailoverOutputs {
        do {
            return try await send(before, primary, gate)
        } catch let error as AzureError where error.code.hasPrefix("PlannedFailoverTimedOut") {
            throw StepError.retryable(error.code, error.message)
        }
    }

    private func send(
        _ before: GroupView, _ primary: ResourceID, _ gate: EffectGate<FailoverUndo>
    ) async throws -> FailoverOutputs {
        var undo = FailoverUndo(before, from: primary, to: target)
        try await gate.begin(undo: undo)
        try await change(to: target, kind, before) { operation in
            undo.operation = operation
            try await gate.begin(undo: undo)
        }
        let after = try await afterEffect { try await settled(try await read()) }
        return outputs(undo, before: before, after: after)
    }

    func change(
        to server: ResourceID, _ kind: SQLOperations.Failover, _ view: GroupView,
        started: (LongRunningOperation) async throws -> Void
    ) async throws {
        let how =
            kind == .planned ? "a planned failover, which loses nothing" : "a forced failover, which may lose data"
        context.progress("asking \(server.name) to become primary of \(view.name) by \(how); it is \(view.replication)")
        try await session.azure.sql.failOver(to: server, group: view.name, kind) { operation in
            try await started(operation)
            context.progress("\(view.name) changes sides to \(server.name)")
        }
    }

    /// The target is primary; what else is asked belongs to the steps.
    func verify(replication: Bool) async throws -> [Condition] {
        let view = try await read()
        let server = try await ServerView.read(target, reading.azure.sql)
        try context.evidence("failover-group", GroupEntry(view))
        let role = kind == .planned ? view.isServed(by: target) : view.has("Primary", target)
        let shown = ["failover-group", "requests"]
        return [
            role.condition("target-is-primary", evidence: shown),
            server.hasItsDatabases.condition("databases-accessible"),
        ] + (replication ? [view.isCaughtUpFinding.condition("replication-caught-up", evidence: shown)] : [])
    }

    private func outputs(_ undo: FailoverUndo?, before: GroupView, after: GroupView) -> FailoverOutputs {
        FailoverOutputs(
            previousPrimary: undo?.previousPrimary ?? before.primary ?? target,
            replicationBefore: undo?.replicationBefore ?? before.replication, replicationAfter: after.replication)
    }
}

/// For evidence: what each server says of the group.
struct GroupEntry: Codable, Hashable, Sendable {
    struct Side: Codable, Hashable, Sendable {
        var server: String
        var role: String?
        var replicationState: String?
        /// Why the server could not be asked.
        var error: String?
    }

    var failoverGroup: String
    var sides: [Side]
    var databases: [String]

    init(_ view: GroupView) {
        failoverGroup = view.name
        sides = view.sides.map { side in
            var entry = Side(server: side.server.text, role: side.role, replicationState: side.state)
            if case .failure(let error) = side.group { entry.error = "\(error)" }
            return entry
        }
        databases = view.databases
    }
}
