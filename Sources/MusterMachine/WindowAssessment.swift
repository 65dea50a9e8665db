// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// Whether the environment's change window has room for a run at a moment: when its plan is made, when it is to start, and when
/// it is taken up again.
///
/// The room that it needs is what the last runs of the same runbook took, for nothing else tells how long failing over and
/// back will take.
package struct WindowAssessment: Hashable, Sendable, Codable {
    /// A finished run of the same runbook.
    package struct EarlierRun: Hashable, Sendable, Codable {
        package var run: RunID
        package var kind: RunKind
        package var hasSucceeded: Bool
        package var tookMilliseconds: Int64
        package init(run: RunID, kind: RunKind, hasSucceeded: Bool, tookMilliseconds: Int64) {
            self.run = run
            self.kind = kind
            self.hasSucceeded = hasSucceeded
            self.tookMilliseconds = tookMilliseconds
        }
    }

    /// So many of the last runs tell how long one takes.
    package static let runsMax = 5

    package var isDeclared: Bool
    /// The window that is open, else the next one, else the last.
    package var opens: Timestamp?
    package var closes: Timestamp?
    package var at: Timestamp
    /// The runs that tell how long one takes, newest first.
    package var earlier: [EarlierRun]
    package var longestMilliseconds: Int64?
    /// Nil without declared windows: there is nothing to hold the moment against.
    package var verdict: ConditionResult.Verdict?
    /// The verdict in a sentence.
    package var says: String

    /// - Parameters:
    ///   - windows: in order of time; nil: nothing limits when the environment is changed.
    ///   - frozen: the freezes around the moment, whose time no window has.
    ///   - earlier: finished runs of the runbook, newest first.
    package init(
        _ windows: [ChangeWindow]?, frozen: [ChangeCalendar.Frozen] = [], earlier: [EarlierRun], at now: Timestamp
    ) {
        let relevant = windows.flatMap { windows in
            windows.first { $0.contains(now) } ?? windows.first { $0.opens > now } ?? windows.last
        }
        isDeclared = windows != nil
        opens = relevant?.opens
        closes = relevant?.closes
        at = now
        self.earlier = Self.telling(earlier)
        longestMilliseconds = self.earlier.map(\.tookMilliseconds).max()
        (verdict, says) = (
            nil, "No change window is declared, and no freeze is near, so none limits when it is changed."
        )
        guard isDeclared else { return }
        (verdict, says) = relevant.map { judge($0, now) } ?? (.unmet, "No change window is open, and none is near.")
        guard let freeze = frozen.last(where: { $0.window.contains(now) }) else { return }
        verdict = .unmet
        let next = relevant.flatMap { $0.opens > now ? " The next window opens at \($0.opens)." : nil } ?? ""
        says = "A freeze holds until \(freeze.window.closes): \(freeze.why).\(next)"
    }

    /// In which an effect may begin; nil where nothing limits that. Without any near, one that is never open.
    package var window: ChangeWindow? {
        guard isDeclared else { return nil }
        return ChangeWindow(opens: opens ?? at, closes: closes ?? opens ?? at)
    }

    /// A run that failed may have done so at once, so it tells something only beside one that went the whole way. Clouds that
    /// are simulated may be faster or slower than real ones, so rehearsals count only where there is nothing else.
    private static func telling(_ runs: [EarlierRun]) -> [EarlierRun] {
        for candidates in [runs.filter { $0.kind != .rehearsal }, runs.filter { $0.kind == .rehearsal }] {
            let last = candidates.prefix(runsMax)
            if last.contains(where: \.hasSucceeded) { return Array(last) }
        }
        return []
    }

    private func judge(_ window: ChangeWindow, _ now: Timestamp) -> (ConditionResult.Verdict, String) {
        if window.opens > now { return (.unmet, "No change window is open; the next one opens at \(window.opens).") }
        guard window.contains(now) else { return (.unmet, "The last change window closed at \(window.closes).") }
        let left = window.closes.duration(since: now)
        let room = "The change window closes at \(window.closes), in \(left.readable)"
        guard let longest = longestMilliseconds else {
            return (
                .unverifiable, "\(room), and no earlier run of this runbook that succeeded tells how long one takes."
            )
        }
        let took = "the longest of \(runsText) took \(Duration.milliseconds(longest).readable)"
        return left.milliseconds >= longest ? (.met, "\(room); \(took).") : (.unmet, "\(room), but \(took).")
    }

    private var runsText: String {
        let isRehearsed = earlier.first?.kind == .rehearsal
        let what = isRehearsed ? "rehearsal" : "run"
        let count = earlier.count == 1 ? "the last \(what)" : "the last \(earlier.count) \(what)s"
        return count + (isRehearsed ? ", whose clouds were simulated," : "")
    }
}
