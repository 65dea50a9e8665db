// SPDX-License-Identifier: Apache-2.0

extension ValueType {
    /// What a document writes for the type: the parts that ``init(name:resource:values:)`` reads.
    package var written: (name: String, resource: String?, values: [String]) {
        switch self {
        case .list(let element):
            let inner = element.written
            return ("list of \(inner.name)", inner.resource, inner.values)
        case .optional(let type): return type.written
        case .oneOf(let values): return ("enum", nil, values)
        case .azureResourceID(let resource): return ("azure-resource-id", resource, [])
        default: return (description, nil, [])
        }
    }
}
