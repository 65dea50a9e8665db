// SPDX-License-Identifier: Apache-2.0

package import MusterPlugin
package import OracleCloudClient

/// Where a group stands towards a change of roles.
package enum RoleStanding: Hashable, Sendable {
    case reached
    /// As before the change: it can be made.
    case untouched
    /// Neither: a part of the change was made, or somebody made another one.
    case mixed(String)
}

/// The roles that a change leads to.
package enum RoleGoal: Hashable, Sendable {
    /// The target is primary and its predecessor follows it.
    case switchedOver(previous: OracleID?)
    /// The target is primary; its predecessor is out.
    case failedOver(previous: OracleID?)
    /// The target, one of `from` until then, has the role.
    case role(String, from: [String])

    package func standing(_ view: DataGuardView) -> RoleStanding {
        let role = view.role(of: view.id)
        switch self {
        case .switchedOver(let previous): return switchedOver(view, role, previous)
        case .failedOver(let previous):
            if role == DataGuardRole.primary {
                // Its predecessor may be unreachable or not know of its fall: what the new primary says decides.
                let rival = previous.flatMap { view.role(of: $0) } == DataGuardRole.primary
                return rival ? .mixed(view.roles) : .reached
            }
            return role == DataGuardRole.standby ? .untouched : .mixed(view.roles)
        case .role(let wanted, let from):
            if role == wanted { return .reached }
            return from.contains(role ?? "") ? .untouched : .mixed(view.roles)
        }
    }

    private func switchedOver(_ view: DataGuardView, _ role: String?, _ previous: OracleID?) -> RoleStanding {
        let primaries = view.primaries
        guard primaries.count == 1 else { return .mixed(view.roles) }
        if role == DataGuardRole.primary {
            guard let previous else { return .reached }
            let accounts = [view.role(of: previous), view.ownRole(of: previous)].compactMap { $0 }
            return accounts.allSatisfy { $0 == DataGuardRole.standby } ? .reached : .mixed(view.roles)
        }
        let isAsBefore = previous.map { $0 == primaries[0] } ?? true
        return role == DataGuardRole.standby && isAsBefore ? .untouched : .mixed(view.roles)
    }
}

/// What a change of roles leaves for those who take it up: after a crash, and by hand.
package struct RoleUndo: Hashable, RefusableUndo {
    package let previousPrimary: OracleID
    package let previousPrimaryName: String
    package let databaseName: String
    package let previousRole: String
    /// Commands of Data Guard's own broker for a person without Muster.
    package let byHand: String
    /// Known as soon as the service has accepted the request.
    package var operation: OracleOperation?
    package var isRefused: Bool?
    package var isUndone: Bool?

    package init(
        previousPrimary: OracleID, previousPrimaryName: String, databaseName: String, previousRole: String,
        byHand: String
    ) {
        self.previousPrimary = previousPrimary
        self.previousPrimaryName = previousPrimaryName
        self.databaseName = databaseName
        self.previousRole = previousRole
        self.byHand = byHand
    }
}

extension OracleSession {
    /// Reads the group once what an earlier attempt may have begun is at its end.
    ///
    /// - Returns: the view, or why it cannot be relied upon.
    package func settledView(
        _ id: OracleID, after undo: RoleUndo?, _ context: StepContext
    ) async throws -> Result<DataGuardView, Unsettled> {
        if let undo {
            if let operation = undo.operation,
                let unsettled = try await unsettled(following: { () throws(OracleError) in
                    _ = try await follow(operation, context)
                })
            {
                return .failure(unsettled)
            }
            if let unsettled = try await unsettled(id, context) { return .failure(unsettled) }
        }
        return .success(try await DataGuardView.read(id, self))
    }

    /// Sends the change, follows it to its end, and reads what came of it: the service's report alone proves nothing.
    ///
    /// - Parameters:
    ///   - view: as it was read last; the service refuses the change when the target is not in that state any more.
    ///   - accepted: told as soon as the service has accepted the request.
    /// - Returns: the view in which the goal is reached.
    /// - Throws: ``StepError``: permanent when nothing was changed, of unknown outcome when a part was.
    package func change(
        _ action: DataGuardAction, _ view: DataGuardView, goal: RoleGoal, _ context: StepContext,
        accepted: (OracleOperation) async throws -> Void
    ) async throws -> DataGuardView {
        let operation = try await oracle.databases.begin(action, on: view.target)
        try await accepted(operation)
        return try await afterEffect {
            let end = try await follow(operation, context)
            for database in [view.id] + view.peers.map(\.id) where view.database(database) != nil {
                try await settle(database, context)
            }
            let after = try await DataGuardView.read(view.id, self)
            try context.evidence("data-guard-after", DataGuardEvidence(after))
            var report = ""
            if case .failed(let reason) = end { report = "\(reason). " }
            switch goal.standing(after) {
            case .reached: return after
            case .untouched where report.isEmpty:
                throw StepError.unknownOutcome(
                    "data-guard.not-shown",
                    "The service reports that the \(action.name) succeeded, and still shows \(after.roles).",
                    remedy: "Wait some minutes, then look at the step again; the broker's own view decides.")
            case .untouched:
                throw StepError.permanent(
                    "data-guard.not-done", "\(report)Nothing was changed by the \(action.name): \(after.roles).",
                    remedy: "Look up the reason in the work request and in the broker's log, then try the step again.")
            case .mixed(let roles):
                throw StepError.unknownOutcome(
                    "data-guard.half-done", "\(report)The \(action.name) was made in part: \(roles).",
                    remedy:
                        "Let a database administrator finish or take it back with dgmgrl, as the rollback notes say.")
            }
        }
    }

    private func follow(_ operation: OracleOperation, _ context: StepContext) async throws(OracleError)
        -> WorkRequestEnd
    {
        try await oracle.workRequests.wait(for: operation) { fraction in
            context.progress("\(operation.action) is in progress", fraction: fraction)
        }
    }
}

extension Result where Success == DataGuardView, Failure == Unsettled {
    /// - Throws: ``StepError``.
    package func orThrow() throws -> DataGuardView {
        switch self {
        case .success(let view): return view
        case .failure(let unsettled): throw unsettled.stepError
        }
    }
}
