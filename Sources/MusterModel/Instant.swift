// SPDX-License-Identifier: Apache-2.0

/// A reading of both clocks at one moment.
package struct Instant: Hashable, Sendable {
    /// The wall clock, which people and certificates use and which may jump.
    package var wall: Timestamp
    /// Nanoseconds since the machine booted, sleep included; never jumps.
    package var boot: Int64

    package init(wall: Timestamp, boot: Int64) {
        self.wall = wall
        self.boot = boot
    }
}
