// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// Rules for the names in git trees. libgit2 walks trees with any name; only a checkout, which Muster never does, is strict.
package enum EntryName {
    /// Why this name is refused, as the end of a sentence that begins "the name"; nil when it is fine.
    package static func problem(_ name: String) -> String? {
        if name.isEmpty { return "is empty" }
        if name == "." || name == ".." { return "stands for another folder" }
        if name.utf8.count > 255 { return "is longer than 255 bytes" }
        for scalar in name.unicodeScalars {
            switch scalar {
            case "/", "\\", ":": return "holds \"\(scalar)\""
            default: break
            }
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse:
                return "holds the invisible or control character U+\(hexText([scalar]))"
            default: break
            }
        }
        return isGitFolder(name) ? "is git's own folder, or a disguise of it" : nil
    }

    /// What names share that some file systems or readers do not tell apart: letter case and Unicode normalization.
    ///
    /// Swift compares and hashes strings by canonical equivalence, so the key needs no normalizing of its own.
    package static func twinKey(_ name: String) -> String { name.uppercased().lowercased() }

    // NTFS drops trailing dots and spaces and knows `.git` as `git~1` too (git's own `is_ntfs_dotgit`).
    private static func isGitFolder(_ name: String) -> Bool {
        var bare = Substring(name.lowercased())
        while let last = bare.last, last == "." || last == " " { bare.removeLast() }
        return bare == ".git" || isShortName(bare)
    }

    private static func isShortName(_ name: Substring) -> Bool {
        name.hasPrefix("git~") && name.dropFirst(4).allSatisfy { $0.isASCII && $0.isNumber }
    }

    private static func hexText(_ scalars: [Unicode.Scalar]) -> String {
        scalars.map { scalar in
            let digits = String(scalar.value, radix: 16, uppercase: true)
            return String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
        }.joined(separator: " ")
    }
}

/// A path inside a tree, each of whose names passed ``EntryName/problem(_:)``. The empty path is the tree itself.
package struct TreePath: Hashable, Sendable, CustomStringConvertible {
    package let components: [String]

    /// The places of a catalog that Muster reads; nothing else of a repository is ever opened.
    package static let catalogRoots = ["environments", "muster.yaml", "plugins", "policy", "runbooks"]

    /// - Throws: `git.unsafe-path` with the name and what is wrong with it.
    package init(_ text: String) throws(MusterError) {
        components = text.isEmpty ? [] : text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard components.count <= GitLimits.depth else {
            throw Self.unsafe(text, "is deeper than \(GitLimits.depth) folders")
        }
        for name in components {
            if let problem = EntryName.problem(name) {
                throw Self.unsafe(text, "is refused: the name \"\(name)\" \(problem)")
            }
        }
    }

    /// A path that stands in one of the ``catalogRoots``.
    ///
    /// - Throws: also `git.path-not-in-catalog`.
    package init(catalog text: String) throws(MusterError) {
        try self.init(text)
        guard let first = components.first, Self.catalogRoots.contains(first),
            first != "muster.yaml" || components.count == 1
        else {
            throw MusterError(
                code: "git.path-not-in-catalog", "\"\(text)\" is not a part of a catalog.",
                help: "Muster reads muster.yaml and what is in runbooks/, plugins/, environments/ and policy/.")
        }
    }

    package var description: String { components.joined(separator: "/") }

    private static func unsafe(_ path: String, _ problem: String) -> MusterError {
        MusterError(
            code: "git.unsafe-path", "The path \"\(path)\" \(problem).",
            help: "Use plain names: no . or .., no slash at either end, no control characters, nothing like .git.")
    }
}
