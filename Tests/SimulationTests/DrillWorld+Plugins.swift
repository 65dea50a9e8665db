// SPDX-License-Identifier: Apache-2.0

import MusterEngine
import MusterMachine
import MusterModel
import MusterPluginProtocol
import MusterTestSupport

/// The simulated plugins: each call takes its course, which a fault may change at any point.
extension DrillWorld {
    private static func failure(_ kind: StepFailure.Kind, _ code: String) -> StepFailure {
        StepFailure(kind: kind, code: code, message: code)
    }

    private static let dead = failure(.unknownOutcome, "plugin.exited")

    /// Reads answer after a while. Effects ask to begin, unless they fail before, or claim an effect that they never made.
    func beginCall(_ call: OutgoingCall) {
        let task = call.task
        guard task.verb.hasEffect else {
            if sabotage == .blind, task.verb == .readBack || task.verb == .observe {
                open[task]!.end = .success(.observed(Observation(standing: .needed)))
            }
            return schedule(within: 400, .answer(task))
        }
        if roll(faults.failsBefore) {
            let kind = random.pick([StepFailure.Kind.retryable, .retryable, .permanent, .unknownOutcome])
            open[task]!.end = .failure(Self.failure(kind, "FailsBefore"))
            return schedule(within: 2000, .answer(task))
        }
        if roll(faults.lies) {
            open[task]!.end = .success(task.verb == .undo ? .undone : .applied(outputs: ["value": "new"]))
            return schedule(within: 2000, .answer(task))
        }
        schedule(within: 500, .begin(task, 1))
        if sabotage == .early {
            open[task]!.hasProceeded = true
            schedule(within: 500, .perform(task))
        }
    }

    func begin(_ task: StepTask, _ request: Int64) -> EngineInput? {
        guard let call = open[task], !call.isCancelled, call.end == nil else { return nil }
        if roll(faults.readFails) {
            // It asks, and dies before it hears the answer.
            open[task]!.end = .failure(Self.dead)
            schedule(within: 50, .answer(task))
        }
        if task.verb == .undo, random.chance(50) { return .begin(task, request: request, undo: .null) }
        let was = cloud.targets[task.step]!.initial.rawValue
        return .begin(task, request: request, undo: ["was": .string(was), "asked": .int(request)])
    }

    /// The request goes out. What becomes of it and what the engine hears of it are two things.
    func perform(_ open: OpenCall) {
        let task = open.call.task
        if !journal.isAnnounced(task.verb == .undo ? "undo-begun" : "step-begun", task) {
            findings.lost.append("\(task) goes ahead before its begin is on the disk")
        }
        let good: Result<PluginAnswer, StepFailure> = .success(
            task.verb == .undo ? .undone : .applied(outputs: ["value": "new"]))
        let delay = SimulatedCloud.Fate.delayed(nanoseconds: Int64(random.number(500...40_000)) * 1_000_000)
        var (fate, end): (SimulatedCloud.Fate, Result<PluginAnswer, StepFailure>) = (.done, good)
        if roll(faults.replyLost) {
            (fate, end) = (random.pick([.done, .done, .dropped]), .failure(Self.failure(.unknownOutcome, "ReplyLost")))
            if faults.delayed > 0, random.chance(30) { fate = delay }
        } else if roll(faults.failsAfter) {
            let kind = random.pick([StepFailure.Kind.retryable, .permanent, .unknownOutcome])
            (fate, end) = (random.pick([.done, .dropped, .half]), .failure(Self.failure(kind, "FailsAfter")))
        } else if roll(faults.half) {
            (fate, end) = (.half, .failure(Self.failure(.permanent, "HalfDone")))
        } else if roll(faults.lies) {
            fate = .dropped
        } else if roll(faults.delayed) {
            fate = delay
        }
        if sabotage == .falseEnd { end = good }
        send(open, fate)
        if task.verb == .undo, fate == .done, roll(faults.undoTwice) {
            cloud.repeatUndo(task.step, at: boot + Int64(random.number(0...2000)) * 1_000_000)
        }
        self.open[task]!.end = end
        schedule(within: 1500, .answer(task))
    }

    func send(_ open: OpenCall, _ fate: SimulatedCloud.Fate) {
        let (task, call) = (open.call.task, open.call.call)
        let initial = cloud.targets[task.step]!.initial
        if task.verb == .undo, call.undo?["was"]?.string != initial.rawValue {
            findings.lost.append("\(task) has no undo data")
        }
        cloud.request(task.step, task.verb == .undo ? .old : .new, key: call.idempotencyKey, boot, fate)
    }

    // MARK: Answers

    func answer(_ open: OpenCall) -> Result<PluginAnswer, StepFailure> {
        if let end = open.end { return end }
        let task = open.call.task
        if roll(faults.readFails) {
            return .failure(
                random.chance(50) ? Self.dead : Self.failure(random.pick([.retryable, .permanent]), "ReadFails"))
        }
        switch task.verb {
        case .check: return .success(.checked([condition("target-ready")]))
        case .undoCheck: return .success(.checked([condition("may-go-back")]))
        case .verify: return .success(.verified([proof(open)]))
        default: return .success(.observed(observation(open)))
        }
    }

    private func condition(_ id: String) -> ConditionResult {
        let verdict: ConditionResult.Verdict =
            roll(faults.unmet) ? .unmet : roll(faults.unverifiable) ? .unverifiable : .met
        return ConditionResult(id: id, verdict: verdict, says: "seen")
    }

    /// Of an effect it is what the cloud shows; of a proof it is luck.
    private func proof(_ open: OpenCall) -> ConditionResult {
        let step = open.call.task.step
        var result = condition("is-so")
        if cloud.targets[step] == nil {
            if !open.isCancelled { cloud.shown[step] = result.verdict == .met }
            return result
        }
        if result.verdict == .met, cloud.verify(step, boot, counts: !open.isCancelled) != .new, sabotage != .falseEnd {
            result.verdict = .unmet
        }
        return result
    }

    private func observation(_ open: OpenCall) -> Observation {
        let step = open.call.task.step
        if roll(faults.blindLook) { return Observation(standing: .unknown, why: "it could not be read") }
        switch cloud.look(step, boot, counts: !open.isCancelled) {
        case .old: return Observation(standing: .needed, changes: [Change(path: step, from: "old", to: "new")])
        case .half: return Observation(standing: .partial, why: "half of it is there")
        case .new: return Observation(standing: .satisfied, outputs: ["value": "new"])
        }
    }
}
