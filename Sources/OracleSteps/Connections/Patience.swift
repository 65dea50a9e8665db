// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
package import CloudSteps
package import MusterPlugin
package import OracleCloudClient

extension OracleSession {
    /// Looks until it is as wanted or the time is over, with pauses of half a second that grow.
    ///
    /// - Parameter longest: of these pauses; ten seconds without it.
    /// - Returns: what the last look gave.
    package func wait<Value>(
        within span: Duration, pausingUpTo longest: Duration? = nil, _ context: StepContext,
        look: () async throws -> Look<Value>
    ) async throws -> Value {
        // What is left of the step's own time counts as well, with some of it kept to tell what was seen.
        let end = Deadline(after: min(span, context.timeout * 9 / 10), from: time)
        return try await lookPatiently(until: end, pausingUpTo: longest, time, context, look: look)
    }

    /// What is read once nothing is in progress there, where an earlier attempt may have begun something.
    ///
    /// - Parameters:
    ///   - waits: whether one may; else it is read once.
    ///   - busy: what is waited for, in words; nil once nothing is in progress.
    package func settled<View: Sendable>(
        waits: Bool, _ context: StepContext, read: () async throws -> View, busy: (View) -> String?
    ) async throws -> View {
        try await wait(within: waits ? context.timeout : .zero, context) {
            let view = try await read()
            return busy(view).map { .notYet(view, "waiting for \($0)") } ?? .done(view)
        }
    }

    /// - Parameter says: what is told meanwhile, in place of the operation.
    package func follow(
        _ operation: MulticloudOperation, _ context: StepContext, says: String? = nil
    ) async throws(OracleError) -> WorkRequestEnd {
        try await oracle.multicloud.wait(for: operation) { fraction in
            context.progress(says ?? "\(operation.action) of \(operation.resource) is in progress", fraction: fraction)
        }
    }

    /// Waits for what an earlier attempt began. How it ended is for the next read to show.
    ///
    /// - Returns: why it could not be followed to its end; nil when it could.
    package func unsettled(_ operation: MulticloudOperation?, _ context: StepContext) async throws -> String? {
        guard let operation else { return nil }
        return try await unsettled(following: { () throws(OracleError) in _ = try await follow(operation, context) })?
            .why
    }
}

extension WorkRequestEnd {
    /// The service's reasons; nil when it did not fail.
    package var failure: String? {
        if case .failed(let reason) = self { return reason }
        return nil
    }
}
