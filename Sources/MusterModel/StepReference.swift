// SPDX-License-Identifier: Apache-2.0

/// The name of a step definition: `plugin/step`, both in kebab case, such as `failover-group-key-swap/set-protector`.
package struct StepReference: Hashable, Sendable, CustomStringConvertible {
    package let plugin: String
    package let step: String

    package init(plugin: String, step: String) {
        self.plugin = plugin
        self.step = step
    }

    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, parts.allSatisfy(isKebabCase) else { return nil }
        self.init(plugin: parts[0], step: parts[1])
    }

    package var description: String { "\(plugin)/\(step)" }

    /// Steps that the engine itself carries out; they have no definition file and no process.
    package var isBuiltIn: Bool { plugin == "muster" }

    /// `failover-group-key-swap` → `FailoverGroupKeySwap`: the plugin's folder, target and executable.
    package var pluginFolder: String { pluginFolderName(plugin) }

    /// Where a catalog holds the definition.
    package var definitionPath: String { "plugins/\(pluginFolder)/steps/\(step).yaml" }
}

extension StepReference: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let reference = StepReference(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "plugin/step is expected")
        }
        self = reference
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// `oracle-dr-setup` → `OracleDRSetup`. `dr` is the one abbreviation that stays in capitals.
package func pluginFolderName(_ kebab: String) -> String {
    kebab.split(separator: "-").map { part in
        part == "dr" ? "DR" : part.prefix(1).uppercased() + part.dropFirst()
    }.joined()
}

/// `OracleDRSetup` → `oracle-dr-setup`: the other way round than ``pluginFolderName(_:)``.
package func kebabName(pluginFolder: String) -> String {
    var name = ""
    for character in pluginFolder.replacing("DR", with: "Dr") {
        if character.isUppercase, !name.isEmpty { name += "-" }
        name += character.lowercased()
    }
    return name
}

/// Lower-case letters, digits and single hyphens inside, at most 64; begins with a letter.
package func isKebabCase(_ text: String) -> Bool {
    guard let first = text.utf8.first, (97...122).contains(first), text.utf8.count <= 64, !text.hasSuffix("-"),
        !text.contains("--")
    else { return false }
    return text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "-") }
}
