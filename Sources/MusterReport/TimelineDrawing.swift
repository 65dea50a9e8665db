// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel
internal import MusterRecord

/// The run's timeline as SVG: a bar a step and a bar an undo, when people decided, and where the run was at rest.
struct TimelineDrawing {
    struct Bar: Hashable {
        enum Kind: String { case good, bad, doubt, open, undo, people, plain }

        var number: String
        var label: String
        var from: Int64
        var to: Int64
        var kind: Kind
        var took: String
        /// Moments at which people decided about it.
        var decisions: [Int64] = []
    }

    let bars: [Bar]
    let rests: [(from: Int64, to: Int64)]

    /// So many bars fit on a page of paper together with their axis.
    private static let barsOnPage = 36
    private static let width = 1000.0
    private static let labels = 268.0
    private static let rowHeight = 20.0
    private static let head = 26.0

    init(_ record: RunRecord) {
        let words = Set((record.approvals ?? []).compactMap(\.step))
        let steps = record.steps.compactMap { step in Self.bar(step, isOpenedByPeople: words.contains(step.id)) }
        let undos = record.steps.flatMap { step in (step.undos ?? []).map { (step: step, undo: $0) } }
            .filter { !$0.undo.attempts.isEmpty }.sorted { $0.undo.order < $1.undo.order }
        bars = steps + undos.map { Self.bar($0.step, $0.undo) }
        let all = record.interventions ?? []
        rests = all.indices.compactMap { at in
            guard all[at].kind == .paused else { return nil }
            let end = all[at...].first { $0.kind == .resumed || $0.kind == .takenOver }
            return (all[at].at.milliseconds, (end?.at ?? record.asOf).milliseconds)
        }.filter { $0.to > $0.from }
    }

    private static func bar(_ step: StepRecord, isOpenedByPeople: Bool) -> Bar? {
        guard let started = step.startedAt?.milliseconds else { return nil }
        let kind: Bar.Kind =
            switch step.result {
            case .failed: .bad
            case .inDoubt: .doubt
            case .unverified: .doubt
            case .running, .pending: .open
            case .alreadySo, .skipped, .notReached: .plain
            case .declared: .people
            case .verified, .shown:
                // A gate that break-glass passed was opened by nobody, and shown by nothing.
                step.postconditions.contains { $0.verdict != .met }
                    ? .doubt : isOpenedByPeople || step.confirmation != nil ? .people : .good
            }
        let took = step.tookMilliseconds ?? 0
        return Bar(
            number: "\(step.number)", label: step.id, from: started, to: end(started, took), kind: kind,
            took: step.tookMilliseconds.map(timeText) ?? "",
            decisions: (step.decisions ?? []).map(\.at.milliseconds))
    }

    /// A record that somebody pushed says any time; nothing that was drilled took ten years.
    private static func end(_ started: Int64, _ took: Int64) -> Int64 { started + min(max(0, took), 3660 * 86_400_000) }

    private static func bar(_ step: StepRecord, _ undo: UndoRecord) -> Bar {
        let started = undo.startedAt.milliseconds
        let kind: Bar.Kind = undo.result.isGone ? .undo : undo.result == .running ? .open : .bad
        return Bar(
            number: "\(step.number)", label: "undo \(step.id)", from: started,
            to: end(started, undo.tookMilliseconds ?? 0), kind: kind,
            took: undo.tookMilliseconds.map(timeText) ?? "")
    }

    func write(to page: inout MarkupPage) {
        guard !bars.isEmpty else { return }
        page.heading("Timeline <small>UTC</small>")
        let busy =
            bars.map { (from: $0.from, to: $0.to) } + bars.flatMap { bar in bar.decisions.map { (from: $0, to: $0) } }
        let scale = TimelineScale(busy: busy, left: Self.labels, right: Self.width - 8)
        var from = 0
        while from < bars.count {
            page.add(drawing(Array(bars[from..<min(bars.count, from + Self.barsOnPage)]), scale))
            from += Self.barsOnPage
        }
        page.add(legend)
    }

    private var legend: Markup {
        let words: [(Bar.Kind, Markup)] = [
            (.good, "shown by a read"), (.people, "by a person's word"), (.plain, "no effect"),
            (.doubt, "in doubt or unverified"),
            (.bad, "failed"), (.open, "under way"), (.undo, "undone"),
        ]
        let used = words.filter { kind, _ in bars.contains { $0.kind == kind } }
        var items = used.map { "<span><i class=\"key \($0.0.rawValue)\"></i>\($0.1)</span>" as Markup }
        if bars.contains(where: { !$0.decisions.isEmpty }) { items.append("<span>◆ a person decided</span>") }
        return "<p class=\"legend\">\(items.joined())</p>"
    }

    private func drawing(_ bars: [Bar], _ scale: TimelineScale) -> Markup {
        let height = Self.head + Double(bars.count) * Self.rowHeight + 4
        var svg: Markup =
            "<svg class=\"timeline\" viewBox=\"0 0 1000 \(length: height)\" role=\"img\" aria-label=\"Timeline of the steps\">"
        for stretch in scale.stretches where stretch.isIdle { svg += idle(stretch, height) }
        for tick in scale.ticks() {
            svg +=
                "<line class=\"grid\" x1=\"\(length: tick.at)\" x2=\"\(length: tick.at)\" y1=\"18\" y2=\"\(length: height)\"/><text class=\"tick\" x=\"\(length: tick.at)\" y=\"13\">\(tick.text)</text>"
        }
        for (row, bar) in bars.enumerated() { svg += drawn(bar, Self.head + Double(row) * Self.rowHeight, scale) }
        svg += "</svg>"
        return svg
    }

    private func idle(_ stretch: TimelineScale.Stretch, _ height: Double) -> Markup {
        let isRest = rests.contains { $0.from < stretch.to && $0.to > stretch.from }
        let middle = (stretch.left + stretch.right) / 2
        let text = "\(isRest ? "at rest" : "idle") \(timeText(stretch.to - stretch.from))"
        return
            "<g><title>\(text)</title><rect class=\"rest\" x=\"\(length: stretch.left)\" y=\"18\" width=\"\(length: stretch.right - stretch.left)\" height=\"\(length: height - 18)\"/><text class=\"resttext\" x=\"\(length: middle)\" y=\"24\" transform=\"rotate(90 \(length: middle) 24)\">\(text)</text></g>"
    }

    private func drawn(_ bar: Bar, _ top: Double, _ scale: TimelineScale) -> Markup {
        let from = scale.place(bar.from)
        let width = max(2, scale.place(bar.to) - from)
        let label = bar.label.count > 38 ? bar.label.prefix(37) + "…" : bar.label
        let middle = top + Self.rowHeight / 2
        var row: Markup =
            "<g><title>\(bar.number) \(bar.label) \(bar.took)</title><text class=\"number\" x=\"24\" y=\"\(length: middle + 4)\">\(bar.number)</text><svg x=\"32\" y=\"\(length: top)\" width=\"228\" height=\"20\"><text class=\"label\" x=\"0\" y=\"14\">\(label)</text></svg><rect class=\"bar \(bar.kind.rawValue)\" x=\"\(length: from)\" y=\"\(length: top + 4)\" width=\"\(length: width)\" height=\"12\" rx=\"2\"/>"
        if from + width < Self.width - 90 {
            row +=
                "<text class=\"took\" x=\"\(length: from + width + 5)\" y=\"\(length: middle + 4)\">\(bar.took)</text>"
        } else {
            row += "<text class=\"took end\" x=\"\(length: from - 5)\" y=\"\(length: middle + 4)\">\(bar.took)</text>"
        }
        for decision in bar.decisions {
            row +=
                "<text class=\"decision\" x=\"\(length: scale.place(decision))\" y=\"\(length: middle + 5)\">◆</text>"
        }
        row += "</g>"
        return row
    }
}
