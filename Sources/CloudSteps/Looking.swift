// SPDX-License-Identifier: Apache-2.0

package import CloudHTTP
package import MusterPlugin

/// What one look of a wait gave.
package enum Look<Value: Sendable>: Sendable {
    case done(Value)
    /// Not as wanted; the sentence is shown as progress.
    case notYet(Value, String)
}

/// Looks until it is as wanted or the time is over, with pauses of half a second that grow.
///
/// - Parameters:
///   - pause: in place of those pauses.
///   - longest: of those pauses; ten seconds without it.
/// - Returns: what the last look gave.
package func lookPatiently<Value>(
    until end: Deadline, every pause: Duration? = nil, pausingUpTo longest: Duration? = nil, _ time: TimeSource,
    _ context: StepContext,
    look: () async throws -> Look<Value>
) async throws -> Value {
    var said = ""
    for count in 0... {
        switch try await look() {
        case .done(let value): return value
        case .notYet(let value, let why):
            let remaining = end.remaining(time)
            guard remaining > .zero else { return value }
            if why != said { context.progress(why) }
            said = why
            let wanted = pause ?? min(longest ?? .seconds(10), .milliseconds(500) * (1 << min(count, 10)))
            guard await time.pause(min(wanted, remaining)) else { throw CancellationError() }
        }
    }
    preconditionFailure("the loop has no end of its own")
}
