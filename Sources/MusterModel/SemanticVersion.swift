// SPDX-License-Identifier: Apache-2.0

/// `major.minor.patch`, as semver.org defines it, without pre-release and build parts: a published version is final.
package struct SemanticVersion: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let major: Int
    package let minor: Int
    package let patch: Int

    package init(_ major: Int, _ minor: Int, _ patch: Int) {
        self.major = major
        self.minor = minor
        self.patch = patch
    }

    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { Self.number(String($0)) }
        guard parts.count == 3, numbers.count == 3 else { return nil }
        self.init(numbers[0], numbers[1], numbers[2])
    }

    fileprivate static func number(_ part: String) -> Int? {
        guard !part.isEmpty, part.utf8.count <= 6, part.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        guard part == "0" || !part.hasPrefix("0") else { return nil }
        return Int(part)
    }

    package var description: String { "\(major).\(minor).\(patch)" }

    package static func < (lhs: Self, rhs: Self) -> Bool {
        (lhs.major, lhs.minor, lhs.patch) < (rhs.major, rhs.minor, rhs.patch)
    }
}

extension SemanticVersion: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let version = SemanticVersion(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "a version such as 1.2.0 is expected")
        }
        self = version
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// What follows the `@` of a `uses:`: one version, or a caret range that `muster lock` resolves.
package enum VersionRequirement: Hashable, Sendable, CustomStringConvertible {
    /// `1.2.0`
    case exactly(SemanticVersion)
    /// `^1.2`, `^1.2.3`, `^0.4`: this version or a later one with the same leftmost non-zero part; `^0` and `^0.0` leave
    /// open what they do not name (as https://github.com/npm/node-semver#caret-ranges-123-025-004 has it).
    case compatible(SemanticVersion, written: String)

    package init?(_ text: String) {
        guard text.hasPrefix("^") else {
            guard let version = SemanticVersion(text) else { return nil }
            self = .exactly(version)
            return
        }
        let parts = text.dropFirst().split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let numbers = parts.compactMap { SemanticVersion.number($0) }
        guard (1...3).contains(parts.count), numbers.count == parts.count else { return nil }
        let padded = numbers + Array(repeating: 0, count: 3 - numbers.count)
        self = .compatible(SemanticVersion(padded[0], padded[1], padded[2]), written: String(text))
    }

    package func accepts(_ version: SemanticVersion) -> Bool {
        switch self {
        case .exactly(let wanted): return version == wanted
        case .compatible(let least, let written):
            guard version >= least, version.major == least.major else { return false }
            let parts = written.utf8.count { $0 == UInt8(ascii: ".") } + 1
            if least.major > 0 || parts == 1 { return true }
            guard version.minor == least.minor else { return false }
            return least.minor > 0 || parts == 2 || version.patch == least.patch
        }
    }

    package var description: String {
        switch self {
        case .exactly(let version): version.description
        case .compatible(_, let written): written
        }
    }
}
