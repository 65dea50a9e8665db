// SPDX-License-Identifier: Apache-2.0

internal import MusterEngine
internal import MusterModel
internal import MusterSystem

/// The run's hold on its targets between machines.
protocol LeaseKeeper: PollService {
    /// How the hold stands at this moment of the boot clock, in nanoseconds.
    func standing(now: Int64) -> LeaseStanding
    /// Whether it is known how the hold stands, or was asked in vain.
    func mayEnd(now: Int64) -> Bool
    /// Gives everything back, or lets it run out for a run that is not over; waits for that, but not long.
    func release(isOver: Bool)
}
