// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

extension RunFold {
    /// A measure read from what was folded so far. What is not known is said, and is never an objective met.
    func measure(_ planned: PlannedMeasure) -> MeasureRecord {
        var record = MeasureRecord(planned)
        do throws(MissingMeasure) {
            switch planned.source {
            case .clock(let from, let to): try readClock(from, to, into: &record)
            case .output(let output): try readOutput(output, into: &record)
            }
        } catch {
            record.unknown = error.why
            if !error.isApplicable { record.notApplicable = true }
        }
        return record
    }

    private struct MissingMeasure: Error {
        var why: String
        /// False where the run was not to do it.
        var isApplicable = true
    }

    private func readClock(
        _ from: PlannedMeasure.Mark, _ to: PlannedMeasure.Mark, into record: inout MeasureRecord
    ) throws(MissingMeasure) {
        let start = try moment(from)
        record.fromAt = start.at
        let end = try moment(to)
        record.toAt = end.at
        if let step = from.step, hadNothingToDo(step) { throw MissingMeasure(why: "\(step) had nothing to do") }
        guard end.elapsed >= start.elapsed else { throw MissingMeasure(why: "The clock's end came before its start") }
        let measured = end.milliseconds(since: start)
        let waited = waiting.milliseconds(from: start, to: end)
        record.measuredMilliseconds = measured
        record.waitedForPeopleMilliseconds = waited
        record.withoutPeopleMilliseconds = measured - waited
        record.met = record.objective?.isMet(byMilliseconds: measured)
    }

    private func readOutput(
        _ output: PlannedMeasure.Output, into record: inout MeasureRecord
    ) throws(MissingMeasure) {
        guard let step = steps.first(where: { $0.step.id == output.step }) else {
            throw MissingMeasure(why: "The plan has no step \(output.step)")
        }
        if let undone = step.undone { throw MissingMeasure(why: "\(output.step) \(undone)") }
        if isLeftOut(step) { throw MissingMeasure(why: "\(output.step) is no part of this run", isApplicable: false) }
        guard step.isDone else { throw MissingMeasure(why: "\(output.step) was not done") }
        guard let value = step.record.outputs[output.output], value != .null else {
            throw MissingMeasure(why: "\(output.step) gave no \(output.output)")
        }
        record.value = value
        if output.type == "duration" {
            record.measuredMilliseconds = value.string.flatMap(Duration.init(durationText:))?.milliseconds
        }
        guard let objective = record.objective else { return }
        record.met = objective.isMet(by: value)
        if record.met == nil {
            throw MissingMeasure(why: "The \(output.output) of \(output.step) cannot be held against the objective")
        }
    }

    private func folds(of step: String) -> [StepFold] {
        steps.filter { $0.step.id == step || $0.step.group?.id == step }
    }

    /// Where the target was as wanted before, nothing was set going whose time a clock could tell.
    private func hadNothingToDo(_ step: String) -> Bool {
        folds(of: step).allSatisfy { $0.record.result == .alreadySo }
    }

    /// By its own `when`, as planned: the run has skipped it, or would have, had it come that far.
    private func isLeftOut(_ step: StepFold) -> Bool {
        if step.record.skipped == .condition { return true }
        guard step.startedAt == nil, (created?.rules ?? 1) >= RunCreated.rulesOfWindows else { return false }
        return plan.leavesOut(step.step)
    }

    /// Of a `for-each`, the first start and the last end count.
    private func moment(_ mark: PlannedMeasure.Mark) throws(MissingMeasure) -> Moment {
        guard let step = mark.step else {
            guard let startedAt else { throw MissingMeasure(why: "The run was not started") }
            return startedAt
        }
        let marked = folds(of: step)
        guard !marked.isEmpty else { throw MissingMeasure(why: "The plan has no step \(step)") }
        if marked.allSatisfy(isLeftOut) {
            throw MissingMeasure(why: "\(step) is no part of this run", isApplicable: false)
        }
        switch mark.edge {
        case .started:
            let starts = marked.compactMap(\.startedAt)
            guard let first = starts.min(by: { $0.elapsed < $1.elapsed }) else {
                throw MissingMeasure(why: "\(step) was not started")
            }
            return first
        case .finished:
            if let undone = marked.compactMap(\.undone).first { throw MissingMeasure(why: "\(step) \(undone)") }
            guard marked.allSatisfy(\.isDone),
                let last = marked.compactMap(\.finishedAt).max(by: { $0.elapsed < $1.elapsed })
            else { throw MissingMeasure(why: "\(step) was not done") }
            return last
        }
    }
}

extension StepFold {
    fileprivate var isDone: Bool {
        switch record.result {
        case .verified, .unverified, .alreadySo, .shown, .declared: true
        default: false
        }
    }

    /// What it did is taken back, or may be.
    fileprivate var undone: String? {
        switch newestUndo?.result {
        case nil, .blocked, .irreversible: nil
        case .proven, .nothingThere, .byHand: "was undone"
        case .running, .failed: "was to be undone"
        }
    }
}
