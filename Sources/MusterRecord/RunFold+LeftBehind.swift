// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
package import MusterModel

/// What became of the places that a run changed.
package struct ChangedPlaces: Sendable {
    /// What is still there.
    package fileprivate(set) var left: [LeftBehind] = []
    /// By path the step that has brought back what the run found there at first, shown by a read of its own.
    fileprivate var restored: [String: String] = [:]
    /// By path the step that was to do so, and of which nobody knows yet whether it has.
    fileprivate var restoring: [String: String] = [:]

    /// The step that has brought back what the run found at the path.
    package func restorer(of path: String) -> String? { restored[path] }

    /// The step that has begun to bring it back, and whose end is not known.
    package func begunRestorer(of path: String) -> String? { restoring[path] }

    /// Whether all of the changes have been brought back; no changes tell nothing.
    package func areBroughtBack(_ changes: [Change]) -> Bool {
        !changes.isEmpty && changes.allSatisfy { restored[$0.path] != nil }
    }

    /// The later steps that have put back all that the step changed, by id; nil where
    /// something of it is left behind, or where the step did not name what it changes.
    func stepsThatPutBack(_ step: StepRecord) -> [String]? {
        let restorers = step.changes.map { restored[$0.path] }
        guard step.effect != nil, !restorers.isEmpty, !restorers.contains(nil), !restorers.contains(step.id) else {
            return nil
        }
        return Set(restorers.compactMap(\.self)).sorted()
    }
}

extension RunFold {
    /// The last word on each path counts: a later step may have changed what an earlier one put there. Where that is shown to
    /// be what the run found at first, nothing is left behind.
    package var changedPlaces: ChangedPlaces {
        let touched = steps.filter { $0.record.effect != nil || $0.record.undos != nil }.sorted {
            ($0.finishedAt?.elapsed ?? .max, $0.record.number) < ($1.finishedAt?.elapsed ?? .max, $1.record.number)
        }
        var places = ChangedPlaces()
        var found: [String: String?] = [:]
        for step in touched {
            guard step.record.effect != nil else {
                // What is undone left nothing, but what stood there before it is what a later step may have brought back.
                for change in step.record.changes { found[change.path] = found[change.path] ?? change.from }
                continue
            }
            let certainty = step.record.effect ?? .claimed
            if step.record.changes.isEmpty {
                places.left.append(LeftBehind(step: step.step.id, path: nil, value: nil, certainty: certainty))
            }
            for change in step.record.changes {
                places.left.removeAll { $0.path == change.path }
                places.restored[change.path] = nil
                places.restoring[change.path] = nil
                if let first = found[change.path], first == change.to, certainty == .verified {
                    places.restored[change.path] = step.step.id
                    continue
                }
                if let first = found[change.path], first == change.to { places.restoring[change.path] = step.step.id }
                found[change.path] = found[change.path] ?? change.from
                places.left.append(
                    LeftBehind(step: step.step.id, path: change.path, value: change.to, certainty: certainty))
            }
        }
        return places
    }
}
