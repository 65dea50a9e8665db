// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import MusterModel

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
