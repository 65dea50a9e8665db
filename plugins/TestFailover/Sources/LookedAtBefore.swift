// SPDX-License-Identifier: Apache-2.0

internal import CloudSteps
internal import MusterPlugin

extension StepContext {
    /// The finding of a condition that holds when the run begins and that the drill itself may change, such as who is
    /// primary. It is looked at in the plan, which every run makes first; asked again later it would keep `finally` from
    /// its work.
    ///
    /// - Returns: nil in a plan: look.
    var lookedAtBefore: Finding? { run == nil ? nil : .met("It was looked at before the run began.") }
}
