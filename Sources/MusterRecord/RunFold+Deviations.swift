// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

extension RunFold {
    /// What was not as planned, the gravest first.
    func deviations(_ steps: [StepRecord]) -> [Deviation] {
        let people = peopleDeviations(steps)
        return brokenGlass + withoutTicket + steps.compactMap(inDoubt) + undoFailures(steps) + leaseDeviations([.lost])
            + people[.takenOver] + leaseDeviations([.without, .takenOver, .late]) + people[.rolledBack]
            + stops.map(stop) + people[.abandoned] + people[.skipped] + people[.declared] + people[.putBackByHand]
            + people[.undone] + steps.enumerated().compactMap(ignoredFailure) + steps.compactMap(unverified)
            + cutOffs + notDone(steps) + people[.retryDecided] + steps.compactMap(retried) + uncommitted
            + outsideWindow + clockJumps.map(clockJump)
    }

    private func inDoubt(_ step: StepRecord) -> Deviation? {
        guard step.result == .inDoubt else { return nil }
        let why = step.why.map { ": \($0)" } ?? ""
        // A full stop inside would be one of the reason's own.
        let since =
            step.effect == nil
            ? "The effect was begun and it was not known what became of it, until it was undone"
            : "The effect was begun and nobody knows what became of it"
        return Deviation(kind: .inDoubt, steps: [step.id], says: since + why)
    }

    private func stop(_ stop: (at: Timestamp, request: StopRequested)) -> Deviation {
        let isOld = (created?.rules ?? 1) < 2
        let by = isOld ? stop.request.by : personName(stop.request.by)
        return Deviation(
            kind: .stopped, steps: [],
            says: "Stopped at \(stop.at.timeOfDay) UTC by \(by): \(stop.request.reason)",
            person: stop.request.by, reason: isOld ? nil : stop.request.reason)
    }

    private func ignoredFailure(_ index: Int, _ step: StepRecord) -> Deviation? {
        guard step.result == .failed, plan.steps[index].onFailure == .continue else { return nil }
        return Deviation(
            kind: .failureIgnored, steps: [step.id],
            says: "Failed, and the run went on as the runbook says: \(step.why ?? "no reason given")")
    }

    private func unverified(_ step: StepRecord) -> Deviation? {
        guard step.result == .unverified else { return nil }
        let open = step.postconditions.filter { $0.verdict != .met }.map { "\($0.id): \(clause($0.seen))" }
        return Deviation(
            kind: .unverified, steps: [step.id],
            says: "Reported as done but not shown by a read of its own (\(open.joined(separator: "; ")))")
    }

    /// One deviation for all that was left out for the same reason. A false `when` is as planned, so it is none.
    private func notDone(_ steps: [StepRecord]) -> [Deviation] {
        var order: [String] = []
        var found: [String: [String]] = [:]
        for step in steps where step.skipped == .dependency || step.skipped == .stopped {
            let why = step.why ?? ""
            if found[why] == nil { order.append(why) }
            found[why, default: []].append(step.id)
        }
        return order.map { why in
            let ids = found[why] ?? []
            let steps = ids.count == 1 ? "1 step was" : "\(ids.count) steps were"
            return Deviation(kind: .notDone, steps: ids, says: "\(steps) not carried out: \(why)")
        }
    }

    private func retried(_ step: StepRecord) -> Deviation? {
        guard step.attempts.count > 1 else { return nil }
        let all = step.attempts.flatMap(\.failures).map { "\($0.code): \(clause($0.message))" }
        // Records of Muster 0.1 and 0.2 are told as they were.
        let failures = (created?.rules ?? 1) < 2 ? all : counted(all)
        let decided = step.decisions.map { $0.count { $0.choice == .retry } } ?? 0
        let more = decided == 0 ? "" : ", \(decided) of them because a person decided so"
        let why = failures.isEmpty ? "" : " (\(failures.joined(separator: "; ")))"
        return Deviation(
            kind: .retried, steps: [step.id],
            says:
                "Took \(step.attempts.count) attempts of \(step.attemptsPlanned) allowed\(more)\(why)"
        )
    }

    /// A message for a list in parentheses, where no full stop may stand.
    func clause(_ message: String) -> Substring {
        message.hasSuffix(".") ? message.dropLast() : Substring(message)
    }

    private var uncommitted: [Deviation] {
        guard plan.commit == nil else { return [] }
        return [
            Deviation(
                kind: .uncommitted, steps: [],
                says: "The definitions came from uncommitted work, so no commit shows where they are from")
        ]
    }

    private var outsideWindow: [Deviation] {
        var found: [Deviation] = []
        if breakGlass != nil, let window, window.verdict == .unmet {
            found.append(
                Deviation(
                    kind: .outsideWindow, steps: [],
                    says: "The run began though its change window did not allow it: \(clause(window.says))"))
        } else {
            for why in once(forcedEffects.map(\.why)) {
                let steps = once(forcedEffects.filter { $0.why == why }.map(\.step))
                found.append(
                    Deviation(
                        kind: .outsideWindow, steps: steps,
                        says: "Began as the glass was broken, though \(why)"))
            }
        }
        let isWayBack = !rollbacks.isEmpty || !stops.isEmpty
        if let closes = (isWayBack ? lastSeenWindow : newestWindow)?.closes, let end = finishedAt?.at,
            startedAt != nil, end > closes
        {
            let late = end.duration(since: closes).readable
            found.append(
                Deviation(
                    kind: .outsideWindow, steps: [],
                    says: "The run ended \(late) after its change window had closed at \(closes)"))
        }
        return found
    }

    private func clockJump(_ milliseconds: Int64) -> Deviation {
        let size = Duration.milliseconds(Int64(clamping: milliseconds.magnitude)).readable
        return Deviation(
            kind: .clockJumped, steps: [],
            says:
                "The wall clock jumped \(size) \(milliseconds < 0 ? "back" : "forward"); durations are of the boot clock"
        )
    }
}

private func once(_ texts: [String]) -> [String] {
    texts.reduce(into: []) { seen, text in if !seen.contains(text) { seen.append(text) } }
}
