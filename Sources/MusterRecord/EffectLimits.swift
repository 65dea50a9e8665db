// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

/// Effects that a journal tells of at a moment at which none may begin: while a lease was not held, or after the run had been told to
/// stop.
enum EffectLimits {
    /// - Returns: the line, counted from 1, and what is wrong with it.
    static func breaches(_ entries: [JournalEntry]) -> [(line: Int, says: String)] {
        var unheld: [String: String] = [:]
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
                breaches += unheld.sorted { $0.key < $1.key }.map { lock, why in
                    (
                        Int(clamping: entry.sequence) + 1,
                        "The effect of \(body.step) began without the lease of \(lock): \(why)."
                    )
                }
            case .undoBegun(let body):
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
