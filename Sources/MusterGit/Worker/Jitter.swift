// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Waits of random length between tries, so that writers that met once do not meet again and again. Seeded.
///
/// A class, because waits happen inside work that is itself done under a waited-for lock.
final class Jitter {
    private var generator: SplitMix64

    init(seed: UInt64) { generator = SplitMix64(state: seed) }

    func pause(milliseconds range: ClosedRange<Int>) {
        var wait = timespec(tv_sec: 0, tv_nsec: Int.random(in: range, using: &generator) * 1_000_000)
        nanosleep(&wait, nil)
    }
}

/// A small seeded generator (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
