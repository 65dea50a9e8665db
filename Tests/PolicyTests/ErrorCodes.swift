// SPDX-License-Identifier: Apache-2.0

/// The error codes in the sources, and the page that lists them.
enum ErrorCodes {
    struct Use: Hashable {
        var code: String
        /// The file's path.
        var place: String
        /// The summary as it stands in the source, `…` for what is filled in; nil where it is computed.
        var meaning: String?
    }

    static func uses(in file: SourceFile) -> [Use] {
        // By label, or as the first argument of a step's error.
        let code =
            /(?:code:\s*|\.(?:permanent|retryable|unknownOutcome)\(\s*)"([a-z][a-z0-9]*(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)+)"/
        return file.text.matches(of: code).map { match in
            Use(code: String(match.1), place: file.path, meaning: meaning(file.text[match.range.upperBound...]))
        }
    }

    static func page(_ uses: [Use]) -> String {
        let rows = Dictionary(grouping: uses, by: \.code).sorted { $0.key < $1.key }.map { code, uses in
            let meanings = unique(uses.compactMap(\.meaning)).joined(separator: " / ")
            let places = unique(uses.map(\.place)).sorted().map { "`\($0)`" }.joined(separator: ", ")
            return "| `\(code)` | \(meanings.replacing("|", with: "\\|")) | \(places) |"
        }
        return """
            <!-- Made from the sources by `make errors`; edit the messages there. -->
            # Error codes

            Each error and each finding about a document ends with its code in brackets. A code keeps its meaning and is never
            used again for another. `…` stands for what is filled in.

            | code | says | from |
            |---|---|---|
            \(rows.joined(separator: "\n"))

            """
    }

    /// The string literal that follows `code: "x.y",`, its interpolations shortened.
    private static func meaning(_ rest: Substring) -> String? {
        guard let head = rest.prefixMatch(of: /,\s*(?:summary:\s*)?"(?!")/) else { return nil }
        var text = ""
        var index = head.range.upperBound
        while index < rest.endIndex, rest[index] != "\"" {
            guard rest[index] == "\\" else {
                text.append(rest[index])
                index = rest.index(after: index)
                continue
            }
            index = rest.index(after: index)
            if rest[index] == "(" {
                text += "…"
                index = afterInterpolation(rest, from: index)
            } else {
                text.append(rest[index])
                index = rest.index(after: index)
            }
        }
        return text
    }

    private static func afterInterpolation(_ rest: Substring, from start: Substring.Index) -> Substring.Index {
        var depth = 0
        var index = start
        repeat {
            if rest[index] == "(" { depth += 1 }
            if rest[index] == ")" { depth -= 1 }
            index = rest.index(after: index)
        } while depth > 0 && index < rest.endIndex
        return index
    }

    private static func unique(_ texts: [String]) -> [String] {
        var seen: Set<String> = []
        return texts.filter { seen.insert($0).inserted }
    }
}
