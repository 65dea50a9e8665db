// SPDX-License-Identifier: Apache-2.0

import MusterModel

/// The type of an input, an output or an expression.
package indirect enum ValueType: Hashable, Sendable {
    /// Not known before the run, or anything at all.
    case any
    case string
    case integer
    case number
    case boolean
    /// Text such as `20m`, see `Duration(durationText:)`.
    case duration
    case object
    /// Never a value: always the reference from which it is read, `{env:}`, `{file:}` or `{command:}`.
    case secret
    /// One of the texts listed.
    case oneOf([String])
    case list(ValueType)
    /// The id of an Azure Resource Manager resource, of the given type where one is named (`Microsoft.Sql/servers`).
    case azureResourceID(resource: String?)
    /// The identifier of one version of a Key Vault or Managed HSM key.
    case keyVaultKeyID
    /// The type, or null.
    case optional(ValueType)
}

extension ValueType {
    /// The names that a document's `type:` may hold; each may stand behind `list of`.
    package static let names = [
        "string", "integer", "number", "boolean", "duration", "object", "any", "secret", "enum", "azure-resource-id",
        "key-vault-key-id",
    ]

    /// Reads `type:` with its companions `resource:` (of an azure-resource-id) and `values:` (of an enum). Nil for an
    /// unknown name.
    package init?(name: String, resource: String? = nil, values: [String] = []) {
        let listPrefix = "list of "
        if name.hasPrefix(listPrefix) {
            let element = String(name.dropFirst(listPrefix.count))
            guard !element.hasPrefix(listPrefix),
                let type = ValueType(name: element, resource: resource, values: values)
            else { return nil }
            self = .list(type)
            return
        }
        switch name {
        case "string": self = .string
        case "integer": self = .integer
        case "number": self = .number
        case "boolean": self = .boolean
        case "duration": self = .duration
        case "object": self = .object
        case "any": self = .any
        case "secret": self = .secret
        case "enum": self = .oneOf(values)
        case "azure-resource-id": self = .azureResourceID(resource: resource)
        case "key-vault-key-id": self = .keyVaultKeyID
        default: return nil
        }
    }

    /// As text, whose value could be made of parts in a template.
    package var isText: Bool {
        switch self {
        case .string, .duration, .oneOf, .azureResourceID, .keyVaultKeyID, .any: true
        case .optional(let type): type.isText
        default: false
        }
    }

    /// Without ``optional(_:)``.
    package var wrapped: ValueType { if case .optional(let type) = self { type } else { self } }

    package var isOptional: Bool { if case .optional = self { true } else { false } }

    /// Whether an expression of the other type may stand where this one is wanted. Where the other is known less
    /// exactly (`any`, a resource id of no named type) the value itself is checked in the plan.
    package func admits(_ other: ValueType) -> Bool {
        switch (self, other) {
        case (.any, .secret), (.any, .optional(.secret)): false
        case (.any, _), (_, .any): true
        case (.optional(let wanted), .optional(let given)): wanted.admits(given)
        case (.optional(let wanted), _): wanted.admits(other)
        case (_, .optional): false
        case (.number, .integer): true
        case (.list(let wanted), .list(let given)): wanted.admits(given)
        case (.oneOf(let wanted), .oneOf(let given)): Set(given).isSubset(of: wanted)
        case (.azureResourceID(let wanted?), .azureResourceID(let given?)): wanted.lowercased() == given.lowercased()
        case (.azureResourceID, .azureResourceID): true
        case (.string, .duration), (.string, .oneOf), (.string, .azureResourceID), (.string, .keyVaultKeyID): true
        default: self == other
        }
    }
}

extension ValueType: CustomStringConvertible {
    package var description: String {
        switch self {
        case .any: "any"
        case .string: "string"
        case .integer: "integer"
        case .number: "number"
        case .boolean: "boolean"
        case .duration: "duration"
        case .object: "object"
        case .secret: "secret"
        case .oneOf(let values): "one of " + values.joined(separator: ", ")
        case .list(let type): "list of \(type)"
        case .azureResourceID(let resource): "azure-resource-id" + (resource.map { " (\($0))" } ?? "")
        case .keyVaultKeyID: "key-vault-key-id"
        case .optional(let type): "\(type) or null"
        }
    }
}
