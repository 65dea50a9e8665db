// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import MusterModel

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

/// Reads the machine's clocks: the one place that does.
package func readClocks() -> Instant {
    var wall = timespec()
    var boot = timespec()
    clock_gettime(CLOCK_REALTIME, &wall)
    clock_gettime(CLOCK_BOOTTIME, &boot)
    return Instant(
        wall: Timestamp(milliseconds: Int64(wall.tv_sec) * 1000 + Int64(wall.tv_nsec) / 1_000_000),
        boot: Int64(boot.tv_sec) * 1_000_000_000 + Int64(boot.tv_nsec))
}
