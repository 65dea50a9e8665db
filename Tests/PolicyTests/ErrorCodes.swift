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

    static func uses(in files: [SourceFile]) -> [Use] {
        let takers = Set(files.flatMap { $0.text.matches(of: /func\s+(\w+)\(\s*_ code: String/).map { String($0.1) } })
        return files.flatMap { arguments($0, takers) + assigned($0) + rawValues($0) + filledIn($0) }
            + files.flatMap { composed($0, among: files) }
    }

    private static func isCode(_ text: Substring) -> Bool {
        text.wholeMatch(of: /[a-z][a-z0-9]*(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)+/) != nil
    }

    /// `"area.name"` as a call's first argument, before a summary, or of a function that takes a code there.
    private static func arguments(_ file: SourceFile, _ takers: Set<String>) -> [Use] {
        file.text.matches(of: /(\w*)\(\s*"([a-z0-9.-]+)"/).filter { isCode($0.2) }.compactMap { match in
            let meaning = meaning(file.text[match.range.upperBound...])
            guard takers.contains(String(match.1)) || meaning != nil else { return nil }
            return Use(code: String(match.2), place: file.path, meaning: meaning)
        }
    }

    /// `code: "area.name"` and `let code = "area.name"`, or one of several by a condition.
    ///
    /// A constant means what stands where the file uses it: `code: Self.code, "…"`.
    private static func assigned(_ file: SourceFile) -> [Use] {
        file.text.matches(of: /\bcode(:|\s*=)(?:[^",\n]*"[^"]*")+/).flatMap { match -> [Use] in
            var rest = file.text[match.range.upperBound...]
            if match.1 != ":", let use = file.text.firstMatch(of: /\bcode: (?:Self\.)?code\b/) {
                rest = file.text[use.range.upperBound...]
            }
            return match.0.matches(of: /"([a-z0-9.-]+)"/).filter { isCode($0.1) }.map {
                Use(code: String($0.1), place: file.path, meaning: meaning(rest))
            }
        }
    }

    /// `case name = "area.name"` of an enumeration of codes, which means what its comment says.
    private static func rawValues(_ file: SourceFile) -> [Use] {
        file.text.matches(of: #/((?:[ ]*\/\/\/.*\n)+)[ ]*case \w+ = "([a-z0-9.-]+)"/#).filter { isCode($0.2) }.map {
            match in
            let lines = match.1.split(separator: "\n").map { $0.trimmingPrefix(#/[ ]*\/\/\/[ ]?/#) }
            return Use(code: String(match.2), place: file.path, meaning: lines.joined(separator: " "))
        }
    }

    /// `code: "area.\(…)"`.
    private static func filledIn(_ file: SourceFile) -> [Use] {
        file.text.matches(of: /\bcode(?::|\s*=)\s*"([a-z][a-z-]*)\.\\\(/).map {
            Use(code: String($0.1) + ".…", place: file.path, meaning: nil)
        }
    }

    /// `code: "area." + code` inside a function: the names that the files of the same type call it with.
    private static func composed(_ file: SourceFile, among files: [SourceFile]) -> [Use] {
        file.text.matches(of: /code:\s*"([a-z][a-z-]*\.)"\s*\+\s*code/).flatMap { match -> [Use] in
            let before = file.text[..<match.range.lowerBound]
            guard let function = before.matches(of: /func\s+(\w+)/).last?.1 else { return [] }
            return files.filter { typePath($0) == typePath(file) }.flatMap { caller in
                caller.text.matches(of: /(\w+)\(\s*"([a-z][a-z0-9]*(?:-[a-z0-9]+)*)"/).filter { $0.1 == function }.map {
                    Use(
                        code: String(match.1) + String($0.2), place: caller.path,
                        meaning: meaning(caller.text[$0.range.upperBound...]))
                }
            }
        }
    }

    /// The path up to the type's name: the same for `Type.swift` and `Type+Aspect.swift`.
    private static func typePath(_ file: SourceFile) -> String {
        file.path.replacing(/(?:\+[^\/]*)?\.swift$/, with: "")
    }

    static func page(_ uses: [Use]) -> String {
        let rows = Dictionary(grouping: uses, by: \.code).sorted { $0.key < $1.key }.map { code, uses in
            let meanings = unique(uses.compactMap(\.meaning)).joined(separator: " / ")
            let places = unique(uses.map(\.place)).sorted().map { "`\($0)`" }.joined(separator: ", ")
            return
                "| `\(code)` | \(meanings.isEmpty ? "(the message says why)" : meanings.replacing("|", with: "\\|")) | \(places) |"
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
        return text.contains(" ") ? text : nil
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
