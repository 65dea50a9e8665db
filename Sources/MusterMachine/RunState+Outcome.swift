// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

extension RunState {
    /// How the run ends, once every step has ended.
    ///
    /// The reason names what of `finally` did not get done before the first message, which may be long: that things are not
    /// as they were must not be overlooked.
    var outcome: RunFinished {
        if rollback != nil { return outcomeOfRollback }
        if let at = steps.indices.first(where: { isStillInDoubt($0) }) {
            let why =
                "\(subject(at)) is in doubt\(notBroughtBack(besides: at)): nobody knows whether its effect happened."
            return RunFinished(outcome: .stuck, why: why)
        }
        if let at = steps.indices.first(where: { couldNotBeUndone($0) }) {
            let why =
                "\(subject(at)) could not be undone and may still be in place\(notBroughtBack(besides: at)): "
                + (steps[at].undoFailure?.message ?? "no reason given")
            return RunFinished(outcome: .stuck, why: why)
        }
        // Since people decide about steps that failed, a run that they end is theirs.
        if asksPeople, let stop { return cancelled(stop) }
        let failed = steps.indices.first { at in
            steps[at].phase == .failed && (plan.steps[at].onFailure != .continue || plan.steps[at].section == .finally)
        }
        if let failed {
            let message = steps[failed].failure?.message ?? "no reason given"
            return RunFinished(
                outcome: .failed, why: "\(subject(failed)) failed\(notBroughtBack(besides: failed)): \(message)")
        }
        if let stop { return cancelled(stop) }
        return RunFinished(outcome: .succeeded, why: nil)
    }

    private func cancelled(_ stop: StopRequested) -> RunFinished {
        let what = "\(stop.by) stopped it\(notBroughtBack(besides: nil)): \(stop.reason)"
        return RunFinished(outcome: .cancelled, why: what)
    }

    private func isStillInDoubt(_ at: Int) -> Bool { steps[at].phase == .inDoubt && !steps[at].isUndone }

    private func couldNotBeUndone(_ at: Int) -> Bool { steps[at].undoing == .failed && steps[at].undo != nil }

    /// Never *rolled back* while something is, or may be, left: `stuck` then, and with `--to` what was to stay is named.
    private var outcomeOfRollback: RunFinished {
        let order = rollback.map { rollbackOrder(to: $0.to) } ?? []
        let left = inPlace.filter { plan.steps[$0].section == .steps }
        let missed = steps.indices.filter { at in
            left.contains(at) && order.contains(at) || couldNotBeUndone(at) || isStillInDoubt(at)
        }
        if !missed.isEmpty {
            let ids = missed.prefix(5).map { plan.steps[$0].id }.joined(separator: ", ")
            let more = missed.count > 5 ? " and \(missed.count - 5) more" : ""
            // That another step stands in the way says less than why that one does.
            let failures = missed.compactMap { steps[$0].undoFailure }
            let failure = failures.first { $0.code != Self.undoBlocked } ?? failures.first
            let reason = failure?.message ?? stop?.reason ?? "it was not undone"
            return RunFinished(
                outcome: .stuck,
                why:
                    "Not all could be undone, and still in place is \(ids)\(more)\(notBroughtBack(besides: nil)): \(reason)"
            )
        }
        let failed = steps.indices.first { plan.steps[$0].section == .finally && steps[$0].phase == .failed }
        if let failed {
            return RunFinished(
                outcome: .failed,
                why:
                    "It was rolled back, but \(subject(failed)) failed\(notBroughtBack(besides: failed)): \(steps[failed].failure?.message ?? "no reason given")"
            )
        }
        if !left.isEmpty, let to = rollback?.to {
            let ids = left.map { plan.steps[$0].id }.joined(separator: ", ")
            return RunFinished(
                outcome: .cancelled, why: "It was rolled back to step \"\(to)\", as asked; still in place is \(ids).")
        }
        return RunFinished(
            outcome: .rolledBack,
            why: rollback.map { "\($0.by) rolled it back\(notBroughtBack(besides: nil)): \($0.reason)" })
    }

    private func subject(_ at: Int) -> String {
        "Step \"\(plan.steps[at].id)\"" + (plan.steps[at].section == .finally ? ", which brings things back," : "")
    }

    /// What of `finally` failed, is in doubt, or was not run; empty when all of it got done or was not needed.
    private func notBroughtBack(besides named: Int?) -> String {
        let others = steps.indices.filter { plan.steps[$0].section == .finally && $0 != named }
        let parts = [
            part("failed as well", others.filter { steps[$0].phase == .failed }),
            part("is in doubt", others.filter { steps[$0].phase == .inDoubt }),
            part("was not run", others.filter { wasLeftOut($0) }),
        ].compactMap(\.self)
        guard !parts.isEmpty else { return "" }
        let isMore = named.map { plan.steps[$0].section == .finally } ?? false
        return ", and \(isMore ? "more of it" : "what brings things back") \(parts.joined(separator: ", "))"
    }

    private func wasLeftOut(_ at: Int) -> Bool {
        switch steps[at].phase {
        case .skipped(.stopped), .skipped(.dependency): true
        default: false
        }
    }

    /// `failed as well (fail-back, roles-restored)`; nil for no step.
    private func part(_ what: String, _ positions: [Int]) -> String? {
        guard !positions.isEmpty else { return nil }
        let shown = positions.prefix(5).map { plan.steps[$0].id }.joined(separator: ", ")
        let more = positions.count > 5 ? " and \(positions.count - 5) more" : ""
        return "\(what) (\(shown)\(more))"
    }
}
