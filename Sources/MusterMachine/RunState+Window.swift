// SPDX-License-Identifier: Apache-2.0

package import MusterModel

extension RunState {
    /// Why no effect of the call may begin at a moment, for the change window's sake; nil when one may.
    ///
    /// A way back stays open at any time: an undo, and `finally` once a person, a failure or a rollback ends the run early.
    /// Whoever broke the glass goes on outside of windows, too.
    package func windowRefusal(ofBegin task: StepTask, at now: Timestamp) -> String? {
        breakGlass == nil ? outsideWindow(task, at: now) : nil
    }

    /// The call of an effect that begins with the event and needs an open window; nil where it needs none, and where it goes on:
    /// what has begun tells once more what it needs to be undone.
    package func heldTask(_ begun: StepBegun) -> StepTask? {
        let task = StepTask(step: begun.step, attempt: begun.attempt, verb: .apply)
        let goesOn = state(of: begun.step)?.phase == .applying(begun: true)
        return !goesOn && isHeldToWindows(task) ? task : nil
    }

    /// How an effect of the call, which needs an open window, lies outside of it at a moment; nil when it does not.
    package func outsideWindow(_ task: StepTask, at now: Timestamp) -> String? {
        guard isHeldToWindows(task), let window, !window.contains(now) else { return nil }
        return now < window.opens
            ? "the change window opens at \(window.opens)" : "the change window closed at \(window.closes)"
    }

    /// Whether an effect of the call needs an open window, and the change ticket's consent, where the glass is not broken.
    package func isHeldToWindows(_ task: StepTask) -> Bool {
        guard (created?.rules ?? 1) >= RunCreated.rulesOfWindows, task.verb == .apply, let at = positions[task.step]
        else { return false }
        return plan.steps[at].section != .finally || !(isEndingEarly || stoppedBy != nil)
    }
}
