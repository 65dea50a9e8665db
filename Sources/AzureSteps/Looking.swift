// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
package import CloudSteps
package import MusterPlugin

extension AzureSession {
    /// Looks until it is as wanted or the time is over, with pauses of half a second that grow.
    ///
    /// - Parameters:
    ///   - pause: in place of those pauses.
    ///   - longest: of those pauses; ten seconds without it.
    /// - Returns: what the last look gave.
    package func wait<Value>(
        within span: Duration, every pause: Duration? = nil, pausingUpTo longest: Duration? = nil,
        _ context: StepContext,
        look: () async throws -> Look<Value>
    ) async throws -> Value {
        let end = Deadline(boot: min(Deadline(after: span, from: time).boot, deadline.boot))
        return try await lookPatiently(until: end, every: pause, pausingUpTo: longest, time, context, look: look)
    }
}
