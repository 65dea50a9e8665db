// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudHTTP
internal import MusterPlugin

/// What one look of a wait gave.
enum Look<Value: Sendable>: Sendable {
    case done(Value)
    /// Not as wanted; the sentence is shown as progress.
    case notYet(Value, String)
}

extension AzureSession {
    /// Looks until it is as wanted or the time is over, with pauses of half a second that grow to ten.
    ///
    /// - Parameter pause: in place of those pauses.
    /// - Returns: what the last look gave.
    func wait<Value>(
        within span: Duration, every pause: Duration? = nil, _ context: StepContext,
        look: () async throws -> Look<Value>
    ) async throws -> Value {
        let end = Deadline(boot: min(Deadline(after: span, from: time).boot, deadline.boot))
        var said = ""
        for count in 0... {
            switch try await look() {
            case .done(let value): return value
            case .notYet(let value, let why):
                let remaining = end.remaining(time)
                guard remaining > .zero else { return value }
                if why != said { context.progress(why) }
                said = why
                let wanted = pause ?? min(.seconds(10), .milliseconds(500) * (1 << min(count, 5)))
                guard await time.pause(min(wanted, remaining)) else { throw CancellationError() }
            }
        }
        preconditionFailure("the loop has no end of its own")
    }

    /// Waits until both servers say CATCH_UP, and that the given one is primary where one is given.
    func caughtUp(
        _ group: ResourceID, primary: ResourceID? = nil, within span: Duration, _ context: StepContext
    ) async throws -> GroupView {
        try await wait(within: span, context) {
            let view = try await GroupView.read(group, or: primary, azure.sql)
            if view.isCaughtUp, let now = view.primary, primary == nil || primary == now { return .done(view) }
            if case .unclear(let why) = view.roles { return .notYet(view, why) }
            return .notYet(view, "waiting for \(view.name) to be CATCH_UP on both servers; it is \(view.replication)")
        }
    }

    /// Waits until nothing is in progress on the servers.
    ///
    /// - Parameter span: the longest for each server; nil: as long as the step may take.
    /// - Returns: what has not ended, in a sentence; nil when all has.
    func unsettled(
        _ servers: [ResourceID], within span: Duration?, _ context: StepContext
    ) async throws -> String? {
        for server in servers {
            let going = try await wait(within: span ?? context.timeout, context) {
                let going = try await azure.sql.operations(server).filter { $0.progress != .ended }
                let names = going.map(\.label).joined(separator: ", ")
                return going.isEmpty ? .done([]) : .notYet(going, "waiting for \(names) on \(server.name)")
            }
            if !going.isEmpty {
                return "On \(server.name) this has not ended: \(going.map(\.label).joined(separator: ", "))."
            }
        }
        return nil
    }
}
