// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

/// Effects that a journal tells of at a moment at which none may begin: while a lease was not held, or outside of the change
/// window.
enum EffectLimits {
    /// - Returns: the line, counted from 1, and what is wrong with it.
    static func breaches(_ entries: [JournalEntry]) -> [(line: Int, says: String)] {
        var unheld: [String: String] = [:]
        // What has begun may go on, and tells once more what it needs to be undone.
        var begun: Set<String> = []
        var breaches: [(line: Int, says: String)] = []
        for entry in entries {
            switch entry.event {
            case .leaseChanged(let body):
                switch body.what {
                case .taken, .takenOver, .renewed: unheld[body.lock] = nil
                case .late: unheld[body.lock] = "its time had run out"
                case .lost: unheld[body.lock] = "another run had it"
                case .without: break
                }
            // A new engine takes its leases again, and says so.
            case .runResumed: unheld = [:]
            case .stepBegun(let body):
                guard begun.insert("\(body.step) \(body.attempt)").inserted else { continue }
                breaches += unheld.sorted { $0.key < $1.key }.map { lock, why in
                    (
                        Int(clamping: entry.sequence) + 1,
                        "The effect of \(body.step) began without the lease of \(lock): \(why)."
                    )
                }
            case .undoBegun(let body):
                guard begun.insert("undo \(body.step) \(body.attempt)").inserted else { continue }
                breaches += unheld.sorted { $0.key < $1.key }.map { lock, why in
                    (
                        Int(clamping: entry.sequence) + 1,
                        "The undo of \(body.step) began without the lease of \(lock): \(why)."
                    )
                }
            default: break
            }
        }
        return breaches
    }

    /// Effects that began outside of the run's change window. An undo may begin at any time.
    ///
    /// - Returns: the line, counted from 1, and what is wrong with it.
    static func outsideWindow(_ entries: [JournalEntry], of plan: Plan) -> [(line: Int, says: String)] {
        // A plan that no run could follow is reported as that.
        guard plan.isWellFormed else { return [] }
        var state = RunState(plan: plan)
        var breaches: [(line: Int, says: String)] = []
        for entry in entries {
            if case .stepBegun(let body) = entry.event {
                let task = StepTask(step: body.step, attempt: body.attempt, verb: .apply)
                // What has begun may go on, and tells once more what it needs to be undone.
                let goesOn = state.state(of: body.step)?.phase == .applying(begun: true)
                if !goesOn, let why = state.windowRefusal(ofBegin: task, at: entry.at) {
                    breaches.append(
                        (Int(clamping: entry.sequence) + 1, "The effect of \(body.step) began though \(why)."))
                }
            }
            // What does not fit the plan is reported as that.
            do { try state.apply(entry.event, at: entry.at) } catch { break }
        }
        return breaches
    }
}
