// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Rounds of reads, of which so many good ones in a row are wanted.
struct ProbeReads: Hashable, Sendable {
    /// For evidence: a reason for which rounds were not good.
    struct Failure: Hashable, Sendable, Codable {
        var reason: String
        var rounds: Int
        var first: Timestamp
        var last: Timestamp
    }

    /// For evidence: the good rounds at the end, and what went before.
    struct Summary: Hashable, Sendable, Codable {
        var wanted: Int
        var goodInARow: [Timestamp]
        var failedRounds: Int
        var failures: [Failure]
        var statement: String
        var host: String
    }

    let wanted: Int
    private(set) var good: [Timestamp] = []
    private(set) var failures: [Failure] = []

    init(wanted: Int) { self.wanted = wanted }

    var isDone: Bool { good.count >= wanted }
    var failedRounds: Int { failures.reduce(0) { $0 + $1.rounds } }

    mutating func noteGood(at now: Timestamp) { good.append(now) }

    /// One bad round takes the good ones before it out of the row.
    mutating func noteFailure(_ reason: String, at now: Timestamp) {
        good = []
        if let at = failures.firstIndex(where: { $0.reason == reason }) {
            failures[at].rounds += 1
            failures[at].last = now
        } else {
            failures.append(Failure(reason: reason, rounds: 1, first: now, last: now))
        }
    }
}

/// Whether a text is one statement that reads. The database's own rights are what keeps a probe from writing; this
/// keeps a slip out of the plan.
func readsOnly(_ statement: String) -> Bool {
    let words = statement.split { $0.isWhitespace }
    guard let first = words.first?.lowercased(), ["select", "with"].contains(first) else { return false }
    let body = statement.reversed().drop { $0.isWhitespace || $0 == ";" }
    guard !body.contains(";") else { return false }
    let writes: Set = ["insert", "update", "delete", "merge", "into", "truncate", "drop", "exec", "execute"]
    let tokens = statement.lowercased().split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
    return writes.isDisjoint(with: tokens)
}
