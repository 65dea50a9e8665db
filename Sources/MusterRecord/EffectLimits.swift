// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

/// Effects that a journal tells of while a lease was not held.
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
}
