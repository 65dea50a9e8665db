// SPDX-License-Identifier: Apache-2.0

/// What was not as planned: in a few short lines at the top of the page, and in full below where these leave some out.
struct DeviationsSection {
    let record: RunRecord

    /// So many lines, each so long, that the objectives below them are seen without scrolling.
    private static let linesMax = 5
    private static let lengthMax = 240

    func writeShort(to page: inout MarkdownPage) {
        guard !record.deviations.isEmpty else {
            if record.outcome == .succeeded { page.paragraph("No deviations: everything was as planned.") }
            return
        }
        page.heading("Deviations (\(record.deviations.count))")
        for (index, deviation) in record.deviations.prefix(Self.linesMax).enumerated() {
            page.line("\(index + 1). \(steps(deviation, most: 2))\(Markdown.sentence(shortened(deviation.says)))")
        }
        page.blank()
        if isShortened { page.paragraph("[All of them, in full](#deviations)") }
    }

    func writeFull(to page: inout MarkdownPage) {
        guard isShortened else { return }
        page.blank()
        page.line("<a id=\"deviations\"></a>")
        page.heading("Deviations in full")
        for (index, deviation) in record.deviations.enumerated() {
            page.line("\(index + 1). \(steps(deviation, most: 20))\(Markdown.sentence(deviation.says))")
        }
        page.blank()
    }

    private var isShortened: Bool {
        record.deviations.count > Self.linesMax
            || record.deviations.contains { $0.steps.count > 2 || $0.says.count > Self.lengthMax }
    }

    private func shortened(_ text: String) -> String {
        text.count > Self.lengthMax ? text.prefix(Self.lengthMax - 1) + "…" : text
    }

    private func steps(_ deviation: Deviation, most: Int) -> String {
        let shown = deviation.steps.prefix(most).map { Markdown.code($0) }.joined(separator: ", ")
        let more = deviation.steps.count > most ? " and \(deviation.steps.count - most) more" : ""
        return shown.isEmpty ? "" : "\(shown)\(more): "
    }
}
