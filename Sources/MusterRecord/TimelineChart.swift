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
        page.line("```")
        page.blank()
        if drawn.count > Self.barsMax {
            page.paragraph("The first \(Self.barsMax) of \(drawn.count) steps are drawn.")
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
