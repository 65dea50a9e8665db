// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

/// A moment of a run on two clocks.
struct Moment: Hashable, Sendable {
    var at: Timestamp
    /// Nanoseconds since the run's first entry; never falls.
    var elapsed: Int64

    func milliseconds(since earlier: Moment) -> Int64 { max(0, elapsed - earlier.elapsed) / 1_000_000 }
}

/// Turns the journal's boot clock into time since the run's beginning.
struct RunClock: Sendable {
    private var last: (at: Timestamp, boot: Int64)?
    private var bootID: String?
    private var elapsed: Int64 = 0

    init() {}

    /// Each boot of each machine has a boot clock of its own; across two of them the wall clock is all there is, and only if
    /// it went forward.
    mutating func read(_ entry: JournalEntry) -> Moment {
        let isSameBoot = noteBoot(entry.event)
        if let last {
            let gone =
                isSameBoot && entry.boot >= last.boot
                ? entry.boot - last.boot
                : Self.nanoseconds(from: last.at, to: entry.at)
            let (sum, overflow) = elapsed.addingReportingOverflow(gone)
            elapsed = overflow ? .max : sum
        }
        last = (entry.at, entry.boot)
        return Moment(at: entry.at, elapsed: elapsed)
    }

    /// Whether the boot is the one that was named last. The clock of another one may stand higher, so that it does not tell.
    private mutating func noteBoot(_ event: Event) -> Bool {
        let named: String
        switch event {
        case .runCreated(let body): named = body.bootID
        case .runResumed(let body): named = body.bootID
        default: return true
        }
        defer { bootID = named }
        return bootID == nil || bootID == named
    }

    /// Never negative, and at most what fits: a hostile journal may claim any time.
    private static func nanoseconds(from earlier: Timestamp, to later: Timestamp) -> Int64 {
        let (gone, wrong) = later.milliseconds.subtractingReportingOverflow(earlier.milliseconds)
        guard !wrong, gone > 0 else { return 0 }
        let (nanoseconds, overflow) = gone.multipliedReportingOverflow(by: 1_000_000)
        return overflow ? .max : nanoseconds
    }
}

/// Stretches of a run's time during which it waited for people; they may overlap.
struct WaitingTime: Sendable {
    private(set) var stretches: [(from: Int64, to: Int64)] = []

    mutating func add(from: Moment, to: Moment) { stretches.append((from.elapsed, to.elapsed)) }

    /// Milliseconds of it between the moments, overlaps counted once.
    func milliseconds(from: Moment, to: Moment) -> Int64 {
        var total: Int64 = 0
        var covered = from.elapsed
        for stretch in stretches.sorted(by: { ($0.from, $0.to) < ($1.from, $1.to) }) {
            let start = max(stretch.from, covered)
            let end = min(stretch.to, to.elapsed)
            guard end > start else { continue }
            total += end - start
            covered = end
        }
        return total / 1_000_000
    }
}
