// SPDX-License-Identifier: Apache-2.0

package import MusterModel

extension ValueType {
    package func accepts(_ value: JSON) -> Bool { mismatch(of: value) == nil }

    /// Why the value is not of this type, in one sentence; nil when it is. A secret's value is never repeated.
    package func mismatch(of value: JSON) -> String? {
        switch self {
        case .any: nil
        case .optional(let type): value == .null ? nil : type.mismatch(of: value)
        case .integer: value.int == nil ? wrongKind(value) : nil
        case .number: value.number == nil ? wrongKind(value) : nil
        case .boolean: value.bool == nil ? wrongKind(value) : nil
        case .object: value.object == nil ? wrongKind(value) : nil
        case .secret: secretMismatch(value)
        case .list(let type): listMismatch(value, of: type)
        case .string, .duration, .oneOf, .azureResourceID, .keyVaultKeyID:
            if let text = value.string { textMismatch(text) } else { wrongKind(value) }
        }
    }

    private func wrongKind(_ value: JSON) -> String { "\(self) is needed, this is \(value.kindName)" }

    private func textMismatch(_ text: String) -> String? {
        switch self {
        case .duration:
            Duration(durationText: text) == nil
                ? "'\(text)' is not a duration such as 90s, 20m or 1h30m, of at most 366d" : nil
        case .oneOf(let values):
            values.contains(text) ? nil : "'\(text)' is not one of \(values.joined(separator: ", "))"
        case .azureResourceID(let resource): azureResourceIDMismatch(text, resource: resource)
        case .keyVaultKeyID: keyVaultKeyIDMismatch(text)
        default: nil
        }
    }

    private func listMismatch(_ value: JSON, of type: ValueType) -> String? {
        guard let elements = value.array else { return wrongKind(value) }
        for (index, element) in elements.enumerated() {
            if let why = type.mismatch(of: element) { return "element \(index): \(why)" }
        }
        return nil
    }

    private func secretMismatch(_ value: JSON) -> String? {
        let help = "a secret is given as { env: NAME }, { file: PATH } or { command: [PROGRAM, ARGUMENT] }"
        guard let members = value.object, members.count == 1, let (kind, source) = members.first else { return help }
        switch kind {
        case "env", "file": return source.string?.isEmpty == false ? nil : help
        case "command":
            let words = source.array ?? []
            return !words.isEmpty && words.allSatisfy { $0.string?.isEmpty == false } ? nil : help
        default: return help
        }
    }
}
