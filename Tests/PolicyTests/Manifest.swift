// SPDX-License-Identifier: Apache-2.0

/// What `Package.swift` declares, read as text: asking the package manager from inside its own test run waits for ever
/// on its lock.
struct Manifest {
    struct Target: Hashable {
        enum Kind: String {
            case library = "target", executable = "executableTarget", test = "testTarget", system = "systemLibrary"
        }

        var kind: Kind
        var name: String
        var dependencies: [String]
        /// The folder of its files.
        var folder: String
    }

    var targets: [Target] = []

    init(_ source: String) {
        // Comments may hold parentheses; string literals are what is looked for, so they stay.
        let text = source.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.split(separator: "//", maxSplits: 1, omittingEmptySubsequences: false)[0] }.joined(
                separator: "\n")
        let heads = text.matches(of: /\.(target|executableTarget|testTarget|systemLibrary)\(/)
        for head in heads {
            let body = Self.balanced(text[head.range.upperBound...], open: "(", close: ")")
            guard let name = body.firstMatch(of: /name:\s*"([^"]+)"/)?.1,
                let kind = Target.Kind(rawValue: String(head.1))
            else { continue }
            let path = body.firstMatch(of: /path:\s*"([^"]+)"/).map { String($0.1) }
            let fallback = (kind == .test ? "Tests/" : "Sources/") + name
            targets.append(
                Target(kind: kind, name: String(name), dependencies: Self.dependencies(body), folder: path ?? fallback))
        }
    }

    func target(_ name: String) -> Target? { targets.first { $0.name == name } }

    /// The target whose folder holds the file, if one does.
    func target(of path: String) -> Target? { targets.first { path.hasPrefix($0.folder + "/") } }

    private static func dependencies(_ body: Substring) -> [String] {
        guard let head = body.firstMatch(of: /dependencies:\s*\[/) else { return [] }
        let list = balanced(body[head.range.upperBound...], open: "[", close: "]")
        let products = list.matches(of: /\.product\(name:\s*"([^"]+)"/).map { String($0.1) }
        let plain = list.replacing(/\.product\([^)]*\)/, with: "").matches(of: /"([^"]+)"/).map { String($0.1) }
        return plain + products
    }

    /// The text up to the bracket that closes the one just before it.
    private static func balanced(_ text: Substring, open: Character, close: Character) -> Substring {
        var depth = 1
        for index in text.indices {
            if text[index] == open { depth += 1 }
            if text[index] == close { depth -= 1 }
            if depth == 0 { return text[..<index] }
        }
        return text
    }
}
