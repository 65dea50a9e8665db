// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// Where a secret is read when a step needs it. Never the secret.
package enum SecretReference: Hashable, Sendable {
    /// The name of a variable in the engine's environment.
    case env(String)
    case file(String)
    /// A program with its arguments, run without a shell; the secret is its standard output.
    case command([String])

    /// Reads `{ env: }`, `{ file: }` or `{ command: [ ] }`; nil for anything else.
    package init?(_ json: JSON) {
        guard let members = json.object, members.count == 1, let (kind, source) = members.first else { return nil }
        switch kind {
        case "env":
            guard let name = source.string, !name.isEmpty else { return nil }
            self = .env(name)
        case "file":
            guard let path = source.string, !path.isEmpty else { return nil }
            self = .file(path)
        case "command":
            let words = (source.array ?? []).map(\.string)
            guard !words.isEmpty, words.allSatisfy({ $0?.isEmpty == false }) else { return nil }
            self = .command(words.compactMap { $0 })
        default: return nil
        }
    }

    package var json: JSON {
        switch self {
        case .env(let name): ["env": .string(name)]
        case .file(let path): ["file": .string(path)]
        case .command(let words): ["command": .array(words.map(JSON.string))]
        }
    }

    static let shape = Shape.object(
        ObjectShape(
            exactlyOne: true,
            [
                .optional("env", .text(.sentence), "A variable of the engine's environment"),
                .optional("file", .text(.sentence), "A file"),
                .optional(
                    "command", .list(.text(.sentence), atLeast: 1), "A program and its arguments; no shell reads them"),
            ]))
}

extension SecretReference: CustomStringConvertible {
    /// For error texts: `the variable SQL_PASSWORD`. Arguments of a command are left out.
    package var description: String {
        switch self {
        case .env(let name): "the variable \(name)"
        case .file(let path): "the file \(path)"
        case .command(let words): "the command \(words[0])"
        }
    }
}
