// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// A difference of two runs as lines of text that fit a terminal's width.
package struct DifferenceText {
    /// What a line is, for whoever colours it.
    package enum Role: Sendable { case title, same, what, first, second }

    package struct Line: Hashable, Sendable {
        package var role: Role
        package var text: String
    }

    let difference: RunDifference
    let width: Int

    /// - Parameter width: columns; fewer than 40 are taken for 40.
    package init(_ difference: RunDifference, width: Int) {
        self.difference = difference
        self.width = max(40, width)
    }

    package var lines: [Line] {
        var lines = wrapped("A  \(difference.first.text)", "", .first, hanging: 3)
        lines += wrapped("B  \(difference.second.text)", "", .second, hanging: 3)
        let (differing, equal) = (
            difference.sections.filter { !$0.rows.isEmpty }, difference.sections.filter(\.rows.isEmpty)
        )
        for section in differing {
            lines.append(Line(role: .title, text: ""))
            let same = section.same == 0 ? "" : ", \(section.same) the same"
            let count = section.rows.count
            lines.append(
                Line(role: .title, text: "\(section.title): \(count) \(count == 1 ? "differs" : "differ")\(same)"))
            for row in section.rows { lines += self.lines(of: row) }
        }
        lines.append(Line(role: .same, text: ""))
        if !equal.isEmpty {
            let names = equal.filter { $0.same > 0 }.map { "\($0.title) (\($0.same))" }
            let none = equal.filter { $0.same == 0 }.map(\.title)
            if !names.isEmpty { lines += wrapped("The same in both: \(names.joined(separator: ", ")).", "", .same) }
            if !none.isEmpty { lines += wrapped("Neither has any: \(none.joined(separator: ", ")).", "", .same) }
        }
        if difference.sections.contains(where: { $0.title == "durations" }) {
            lines += wrapped("Durations within a tenth, or within a second, count as the same.", "", .same)
        }
        return lines
    }

    /// Side by side where all of it fits, else one below the other.
    private func lines(of row: RunDifference.Row) -> [Line] {
        if let line = sideBySide(row) { return [line] }
        let change = row.change.map { " (\($0))" } ?? ""
        return wrapped("\(row.what)\(change)", "  ", .what)
            + wrapped("A  \(row.first ?? "none")", "    ", .first, hanging: 3)
            + wrapped("B  \(row.second ?? "none")", "    ", .second, hanging: 3)
    }

    private func sideBySide(_ row: RunDifference.Row) -> Line? {
        let (what, first, second) = (
            visibleText(row.what), visibleText(row.first ?? "none"), visibleText(row.second ?? "none")
        )
        let change = row.change.map { "  (\($0))" } ?? ""
        let (left, middle) = (width * 38 / 100, width * 28 / 100)
        guard what.count + 3 < left, first.count + 4 < middle, left + middle + second.count + 3 + change.count <= width
        else { return nil }
        let name = "  " + what + String(repeating: " ", count: left - what.count - 2)
        let cell = "A  " + first + String(repeating: " ", count: middle - first.count - 3)
        return Line(role: .what, text: name + cell + "B  " + second + change)
    }

    /// Broken between words, and inside one that is longer than a line.
    private func wrapped(_ text: String, _ indent: String, _ role: Role, hanging: Int = 0) -> [Line] {
        var lines: [Line] = []
        var line = indent
        var isEmpty = true
        let next = indent + String(repeating: " ", count: hanging)
        func end() {
            lines.append(Line(role: role, text: line))
            line = next
            isEmpty = true
        }
        // An empty word is a second space, which stays one: "A  value".
        for word in visibleText(text).split(separator: " ", omittingEmptySubsequences: false) {
            var word = Substring(word)
            if !isEmpty, line.count + 1 + word.count > width { end() }
            if !isEmpty { line += " " }
            while line.count + word.count > width {
                let room = width - line.count
                line += word.prefix(room)
                word = word.dropFirst(room)
                end()
            }
            line += word
            isEmpty = false
        }
        end()
        return lines
    }
}
