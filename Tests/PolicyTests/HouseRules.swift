// SPDX-License-Identifier: Apache-2.0

/// The rules that each file keeps. Each is a function from one file to what it breaks.
enum HouseRules {
    static let all: [@Sendable (SourceFile) -> [Violation]] = [
        licence, fileWall, functionWall, name, crash, lostError, uncheckedSendable, printing, publicAccess, placeholder,
        foreignWord,
    ]

    private static func isSwift(_ file: SourceFile) -> Bool { file.path.hasSuffix(".swift") }
    private static func isTest(_ file: SourceFile) -> Bool { file.path.hasPrefix("Tests/") }
    private static func isProduct(_ file: SourceFile) -> Bool {
        isSwift(file) && (file.path.hasPrefix("Sources/") || file.path.hasPrefix("plugins/"))
    }

    @Sendable static func licence(_ file: SourceFile) -> [Violation] {
        let isCode = [".swift", ".c", ".h", ".py", ".sh", ".modulemap"].contains { file.path.hasSuffix($0) }
        let isScript = file.text.hasPrefix("#!") || file.name == "Makefile"
        // A script's or a manifest's first line is not its own to give.
        guard isCode || isScript,
            !file.lines.prefix(2).contains(where: { $0.hasSuffix("SPDX-License-Identifier: Apache-2.0") })
        else { return [] }
        return [Violation(path: file.path, line: 1, text: "begins without `SPDX-License-Identifier: Apache-2.0`")]
    }

    @Sendable static func fileWall(_ file: SourceFile) -> [Violation] {
        guard isSwift(file) || file.path.hasSuffix(".py") || file.path.hasSuffix(".c") else { return [] }
        let wall = isTest(file) ? 800 : 500
        guard file.lineCount > wall else { return [] }
        return [
            Violation(
                path: file.path, text: "has \(file.lineCount) lines, more than \(wall): it is two concepts; split it")
        ]
    }

    /// 70 lines a function, 40 a test.
    @Sendable static func functionWall(_ file: SourceFile) -> [Violation] {
        guard isSwift(file) else { return [] }
        return SwiftFunction.all(inCode: file.code).compactMap { function in
            let wall = function.isTest ? 40 : 70
            guard function.bodyLines > wall else { return nil }
            let text = "\(function.name) has \(function.bodyLines) lines, more than \(wall)"
            return Violation(path: file.path, line: function.line, text: text)
        }
    }

    @Sendable static func name(_ file: SourceFile) -> [Violation] {
        let vague = /(?:Utils?|Utilit(?:y|ies)|Helpers?|Manager|Common)(?:Tests)?\.swift$/
        // Azure's own name for the interface that manages its resources.
        let isProperName = file.name.contains("ResourceManager")
        guard isSwift(file), !isProperName, file.name.firstMatch(of: vague) != nil else { return [] }
        return [Violation(path: file.path, text: "is named for no concept")]
    }

    @Sendable static func crash(_ file: SourceFile) -> [Violation] {
        guard isProduct(file) else { return [] }
        return matches(/\btry!/, in: file, code: true, hints: ["try!"], "`try!` ends the process on an error")
    }

    @Sendable static func lostError(_ file: SourceFile) -> [Violation] {
        guard isProduct(file) else { return [] }
        return matches(
            /\btry\?/, in: file, code: true, hints: ["try?"],
            "`try?` without a comment that says why losing the error is right"
        )
        .filter { !hasComment(file, near: $0.line!) }
    }

    @Sendable static func uncheckedSendable(_ file: SourceFile) -> [Violation] {
        guard isSwift(file), !isOwn(file) else { return [] }
        let text = "gives up the compiler's check without a comment that names what protects it"
        return matches(
            /@unchecked Sendable|nonisolated\(unsafe\)/, in: file, code: true, hints: ["@unchecked", "(unsafe)"], text
        )
        .filter { !hasComment(file, near: $0.line!) }
    }

    @Sendable static func printing(_ file: SourceFile) -> [Violation] {
        let edges = ["Sources/MusterCommands/", "Sources/muster/", "Sources/muster-cloud-simulator/"]
        guard isProduct(file), !edges.contains(where: file.path.hasPrefix) else { return [] }
        return matches(
            /(?:^|[^\w.])(?:debugPrint|print|dump)\(/, in: file, code: true, hints: ["rint(", "dump("],
            "prints outside the edges")
    }

    @Sendable static func publicAccess(_ file: SourceFile) -> [Violation] {
        guard isProduct(file), !file.path.hasPrefix("Sources/MusterPlugin/") else { return [] }
        return matches(
            /\bpublic (?!import)|\bopen (?:class|func|var|subscript)\b/, in: file, code: true,
            hints: ["public ", "open "],
            "is public; only the authors' kit is")
    }

    @Sendable static func placeholder(_ file: SourceFile) -> [Violation] {
        guard !isOwn(file), file.name != "LICENSE" else { return [] }
        return matches(
            /\b(?:TODO|FIXME|XXX|HACK)\b|not (?:yet )?implemented/, in: file, code: false,
            hints: ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK", "implemented"], "is a placeholder")
    }

    /// The project speaks of itself alone: no path of a machine that it was written on.
    @Sendable static func foreignWord(_ file: SourceFile) -> [Violation] {
        guard !isOwn(file) else { return [] }
        // Homes of people and of continuous integration, and folders that a tool made for itself.
        let words = /(?:^|[^\w.\-\/*])\/(?:home|Users|root|builds)\/[\w.]/
        return matches(
            words, in: file, code: false, hints: ["/home/", "/Users/", "/root/", "/builds/"],
            "names a place outside this repository")
    }

    /// The rules' own files hold the words that they look for.
    private static func isOwn(_ file: SourceFile) -> Bool { file.path.hasPrefix("Tests/PolicyTests/HouseRule") }

    private static func matches(
        _ pattern: some RegexComponent, in file: SourceFile, code: Bool, hints: [String], _ text: String
    ) -> [Violation] {
        let source = code ? file.code : file.text
        // A pattern is dear, a word is cheap: most files hold none of them.
        guard hints.contains(where: source.contains) else { return [] }
        return source.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
            .filter { $0.element.firstMatch(of: pattern) != nil }
            .map { Violation(path: file.path, line: $0.offset + 1, text: text) }
    }

    /// Whether the line or one of the two above it holds a comment.
    private static func hasComment(_ file: SourceFile, near line: Int) -> Bool {
        file.lines[max(0, line - 3)..<line].contains { $0.contains("//") && !$0.contains("SPDX") }
    }
}
