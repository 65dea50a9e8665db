// SPDX-License-Identifier: Apache-2.0

internal import MusterEngine
internal import MusterModel
internal import MusterSystem

/// Something that does its work beside the run whenever the loop wakes up: git's worker, the live view's clock.
protocol PollService: AnyObject {
    /// What to wake up for.
    var pollTargets: [PollTarget] { get }
    /// When to wake up at the latest, in nanoseconds of the boot clock; nil for never.
    var wakeAt: Int64? { get }
    /// Does what can be done now; never waits.
    func service()
    /// What the engine is to hear of it since the last time.
    func takeInputs() -> [EngineInput]
}

extension PollService {
    func takeInputs() -> [EngineInput] { [] }
}
