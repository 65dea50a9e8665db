// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// When and after what wait a request is sent again.
///
/// Resource Manager and Key Vault advise 1, 2, 4, 8, 16 s with jitter, and `Retry-After` where they send it.
package struct RetryPolicy: Hashable, Sendable {
    /// Sends altogether, the first included.
    package var attemptsMax: Int
    package var firstWait: Duration
    package var waitMax: Duration

    package init(attemptsMax: Int = 6, firstWait: Duration = .seconds(1), waitMax: Duration = .seconds(16)) {
        self.attemptsMax = attemptsMax
        self.firstWait = firstWait
        self.waitMax = waitMax
    }

    /// Statuses by which a service says "not now" (learn.microsoft.com/azure/architecture/best-practices/transient-faults).
    package static func isTransient(status: Int) -> Bool { [408, 429, 500, 502, 503, 504].contains(status) }

    /// Whether a service says by this answer that it has not begun what it was asked for: throttled, or unable for now and
    /// saying until when (RFC 6585, 4; RFC 9110, 15.6.4). A gateway that lost the service behind it names no such time.
    package static func tookNothingOn(_ answer: HTTPResponse) -> Bool {
        answer.status == 429 || answer.status == 503 && answer.headers["retry-after"] != nil
    }

    /// The wait before try `attempt + 1`: what the service asks for, else a random part of a doubling bound (full jitter).
    ///
    /// - Parameters:
    ///   - attempt: how many times it was sent, from 1.
    ///   - random: from 0 up to 1.
    package func wait(afterAttempt attempt: Int, retryAfter: Duration?, random: Double) -> Duration {
        if let retryAfter { return max(.zero, retryAfter) }
        let bound = min(waitMax, firstWait * (1 << min(attempt - 1, 16)))
        return bound * random
    }
}

/// Reads `Retry-After`, which is seconds or an HTTP date (RFC 9110, 10.2.3). Nil when absent or unreadable.
package func retryAfter(_ headers: HeaderFields, now: Timestamp) -> Duration? {
    if let text = headers["retry-after-ms"], let milliseconds = Int64(text) { return .milliseconds(milliseconds) }
    guard let text = headers["retry-after"] else { return nil }
    if let seconds = Int64(text), seconds >= 0, seconds < 1_000_000 { return .seconds(seconds) }
    return httpDate(text).map { max(.zero, $0.duration(since: now)) }
}
