// SPDX-License-Identifier: Apache-2.0

import MusterModel

/// One target for each step, which counts what is asked of it.
///
/// A request is *blind* when the engine sent it without having looked: no answer to a look at the target that came
/// after the last request and reached this very engine said that there is something to do. A look must say `needed`
/// before an effect, and `satisfied` or `partial` before an undo. Repeating a request after such a look is right, even when the
/// first one turns out to have worked late: the key that goes with both is the same, and this cloud honours it.
struct SimulatedCloud {
    enum Value: String { case old, half, new }

    struct Target {
        let initial: Value
        var value: Value
        /// Accepted, and not to be seen yet.
        var pending: [(at: Int64, value: Value)] = []
        /// What the newest look showed; nil after a request, and for an engine that has not looked.
        var looked: Value?
        /// Something landed after the newest look, so that nobody can know of it.
        var hasLandedUnseen = false
        /// A person changed it by hand, or vouched for it: what it holds is not the run's doing alone.
        var isOfPerson = false
        var requests = 0
        /// Keys whose request was carried out whole, and what they asked for.
        var keys: [String: Value] = [:]
    }

    /// What becomes of a request.
    enum Fate: Hashable {
        case done
        case delayed(nanoseconds: Int64)
        case half
        /// It never arrives.
        case dropped
    }

    private(set) var targets: [String: Target] = [:]
    private(set) var blind: [String] = []
    /// What a proof last showed.
    var shown: [String: Bool] = [:]

    mutating func add(_ step: String, _ initial: Value) { targets[step] = Target(initial: initial, value: initial) }

    /// Lets everything land that is due.
    mutating func settle(_ now: Int64) {
        for (step, target) in targets where !target.pending.isEmpty {
            for change in target.pending.sorted(by: { $0.at < $1.at }) where change.at <= now {
                targets[step]!.value = change.value
                targets[step]!.hasLandedUnseen = true
            }
            targets[step]!.pending.removeAll { $0.at <= now }
        }
    }

    /// A look whose answer reaches the engine, and does not where the call was given up.
    mutating func look(_ step: String, _ now: Int64, counts: Bool) -> Value {
        let value = verify(step, now, counts: counts)
        if counts { targets[step]!.looked = value }
        return value
    }

    /// A proof shows what is there as well, and is no reason to send anything.
    mutating func verify(_ step: String, _ now: Int64, counts: Bool) -> Value {
        settle(now)
        if counts { targets[step]!.hasLandedUnseen = false }
        return targets[step]!.value
    }

    mutating func request(_ step: String, _ wanted: Value, key: String, _ now: Int64, _ fate: Fate) {
        settle(now)
        var target = targets[step]!
        let isSeen = wanted == .new ? target.looked == .old : target.looked == .new || target.looked == .half
        if !isSeen {
            blind.append("\(step): \(wanted) was sent after a look that said \(target.looked?.rawValue ?? "nothing")")
        }
        target.looked = nil
        target.requests += 1
        // The same request again is the same operation.
        if fate != .dropped, target.keys[key] == nil {
            switch fate {
            case .done:
                target.value = wanted == .new ? .new : target.initial
                target.keys[key] = wanted
            case .delayed(let nanoseconds):
                target.pending.append((now + nanoseconds, wanted == .new ? .new : target.initial))
                target.keys[key] = wanted
            case .half: target.value = .half
            case .dropped: break
            }
        }
        targets[step] = target
    }

    /// An undo that is executed once more by itself, somewhat later.
    mutating func repeatUndo(_ step: String, at moment: Int64) {
        targets[step]!.pending.append((moment, targets[step]!.initial))
    }

    /// A new engine has looked at nothing.
    mutating func forgetLooks() { for step in targets.keys { targets[step]!.looked = nil } }

    /// A person puts the target where they say it is.
    mutating func byHand(_ step: String, _ value: Value) {
        guard targets[step] != nil else { return }
        targets[step]!.value = value
        targets[step]!.isOfPerson = true
        targets[step]!.looked = nil
        targets[step]!.pending = []
    }

    mutating func vouched(_ step: String) { targets[step]?.isOfPerson = true }
}
