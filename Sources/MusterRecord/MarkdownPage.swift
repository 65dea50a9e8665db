// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// Collects the lines of a page.
package struct MarkdownPage {
    package private(set) var lines: [String] = []

    package init() {}

    package var text: String { lines.joined(separator: "\n") + "\n" }

    package mutating func line(_ line: String) { lines.append(line) }

    /// An empty line, unless there is one.
    package mutating func blank() { if lines.last != "" { lines.append("") } }

    package mutating func heading(_ title: String) {
        blank()
        line("## \(title)")
        blank()
    }

    package mutating func paragraph(_ text: String) {
        blank()
        line(text)
        blank()
    }

    /// The cells are Markdown already. Nothing is written for no rows.
    package mutating func table(_ header: [String], _ rows: [[String]]) {
        guard !rows.isEmpty else { return }
        blank()
        line("| " + header.joined(separator: " | ") + " |")
        line("|" + String(repeating: "---|", count: header.count))
        for row in rows { line("| " + row.joined(separator: " | ") + " |") }
        blank()
    }
}

extension Markdown {
    /// Data as a sentence: with a full stop where it ends without any.
    static func sentence(_ data: String) -> String {
        var data = Substring(data)
        while data.last?.isWhitespace == true { data.removeLast() }
        let isClosed = data.last.map { ".!?:…".contains($0) } ?? true
        return text(String(data)) + (isClosed ? "" : ".")
    }
}

/// The last two parts of a path, for tables that give an overview.
package func shortPath(_ path: String) -> String {
    let parts = path.split(separator: "/")
    // Of `servers/NAME/keys/KEY` the key alone would not tell which server's it is.
    return parts.suffix(parts.count >= 4 ? 3 : 2).joined(separator: "/")
}

func duration(_ milliseconds: Int64) -> String { Duration.milliseconds(milliseconds).readable }

/// `21 Nov 2026 14:03:02`; only the time when the day is that of `earlier`.
package func readable(_ time: Timestamp, after earlier: Timestamp? = nil) -> String {
    if let earlier, earlier.date == time.date { return time.timeOfDay }
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let parts = time.date.split(separator: "-")
    guard parts.count == 3, let month = Int(parts[1]), let day = Int(parts[2]) else { return time.description }
    return "\(day) \(months[month - 1]) \(parts[0]) \(time.timeOfDay)"
}
