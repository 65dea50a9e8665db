// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

/// The run as a Gantt chart that forges draw: a bar a step, waiting for people marked apart.
struct TimelineChart {
    let record: RunRecord

    /// Mermaid draws a few hundred bars badly and refuses long texts; the table of steps has them all.
    static let barsMax = 100

    func write(to page: inout MarkdownPage) {
        let drawn = record.steps.filter { $0.startedAt != nil }
        guard !drawn.isEmpty else { return }
        page.heading("Timeline (UTC)")
        page.line("```mermaid")
        page.line("gantt")
        page.line("    dateFormat YYYY-MM-DDTHH:mm:ss.SSS")
        page.line("    axisFormat %H:%M:%S")
        for section in ["steps", "finally"] {
            let steps = drawn.prefix(Self.barsMax).filter { $0.section.rawValue == section }
            guard !steps.isEmpty else { continue }
            page.line("    section \(section)")
            for step in steps { page.line("    " + bar(step)) }
        }
        undos(&page)
        rests(&page)
        page.line("```")
        page.blank()
        if drawn.count > Self.barsMax {
            page.paragraph("The first \(Self.barsMax) of \(drawn.count) steps are drawn.")
        }
    }

    private func undos(_ page: inout MarkdownPage) {
        let undos = record.steps.flatMap { step in (step.undos ?? []).map { (step: step, undo: $0) } }
            .filter { !$0.undo.attempts.isEmpty }.sorted { $0.undo.order < $1.undo.order }
        guard !undos.isEmpty else { return }
        page.line("    section undo")
        for (step, undo) in undos.prefix(Self.barsMax) {
            let tag = undo.result.isGone ? "done" : undo.result == .running ? "active" : "crit"
            let length = max(1, undo.tookMilliseconds ?? 0)
            page.line(
                "    undo \(step.number) \(Self.label(step.id)) :\(tag), u\(undo.order), \(Self.moment(undo.startedAt)), "
                    + "\(length)ms")
        }
    }

    /// From where the run came to rest to where it was taken up again, by the wall clock: no other was looked at meanwhile.
    private func rests(_ page: inout MarkdownPage) {
        let all = record.interventions ?? []
        let rests = all.indices.compactMap { at -> (from: Timestamp, to: Timestamp)? in
            guard all[at].kind == .paused else { return nil }
            let end = all[at...].first { $0.kind == .resumed || $0.kind == .takenOver }
            return (all[at].at, end?.at ?? record.asOf)
        }.filter { $0.to > $0.from }
        guard !rests.isEmpty else { return }
        page.line("    section at rest")
        for (number, rest) in rests.prefix(Self.barsMax).enumerated() {
            let length = rest.to.duration(since: rest.from).milliseconds
            page.line("    at rest :active, p\(number + 1), \(Self.moment(rest.from)), \(length)ms")
        }
    }

    private func bar(_ step: StepRecord) -> String {
        let tag =
            switch step.result {
            case .failed, .inDoubt: "crit, "
            case .running, .pending: "active, "
            default: "done, "
            }
        let waits = step.confirmation == nil ? "" : " (waiting for people)"
        let start = step.startedAt.map { Self.moment($0) } ?? ""
        let length = max(1, step.tookMilliseconds ?? 0)
        return "\(step.number) \(Self.label(step.id))\(waits) :\(tag)s\(step.number), \(start), \(length)ms"
    }

    /// Without the zone, which would make a browser draw its own local time.
    private static func moment(_ time: Timestamp) -> String { String(time.description.dropLast()) }

    /// Mermaid has no escapes in a bar's name, so what could be its syntax becomes a space.
    private static func label(_ text: String) -> String {
        String(
            text.unicodeScalars.prefix(60).map { scalar -> Character in
                let isPlain =
                    scalar.isASCII && scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || scalar == "-"
                return isPlain ? Character(scalar) : " "
            })
    }
}
