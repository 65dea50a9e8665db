// SPDX-License-Identifier: Apache-2.0

/// How long to wait between polls where the service does not say: SQL sends no `Retry-After`, small operations take
/// seconds and failovers a minute.
package struct PollingPolicy: Hashable, Sendable {
    package var first: Duration
    package var interval: Duration

    package init(first: Duration = .milliseconds(500), interval: Duration = .seconds(10)) {
        self.first = first
        self.interval = interval
    }

    package func wait(beforePoll poll: Int, retryAfter: Duration?) -> Duration {
        retryAfter ?? min(interval, first * (1 << min(poll, 16)))
    }
}
