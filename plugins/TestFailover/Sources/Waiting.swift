// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudHTTP
internal import CloudSteps
internal import MusterPlugin

extension AzureSession {
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
