// SPDX-License-Identifier: Apache-2.0

import MusterModel

extension Shape {
    /// As JSON Schema, draft 2020-12.
    var schema: JSON {
        switch self {
        case .text(let rule):
            var schema: [String: JSON] = ["type": "string"]
            if let pattern = rule.pattern { schema["pattern"] = .string(pattern) }
            return .object(schema)
        case .boolean: return ["type": "boolean"]
        case .integer(let range):
            return ["type": "integer", "minimum": .int(range.lowerBound), "maximum": .int(range.upperBound)]
        case .number: return ["type": "number"]
        case .choice(let names): return ["enum": .array(names.map(JSON.string))]
        case .any: return true
        case .null: return ["type": "null"]
        case .list(let shape, let least):
            var schema: [String: JSON] = ["type": "array", "items": shape.schema]
            if least > 0 { schema["minItems"] = .int(Int64(least)) }
            return .object(schema)
        case .map(let names, let shape):
            var schema: [String: JSON] = ["type": "object", "additionalProperties": shape.schema]
            if let pattern = names.pattern { schema["propertyNames"] = ["pattern": .string(pattern)] }
            return .object(schema)
        case .object(let object): return object.schema
        case .variants(let tag, let variants):
            return ["oneOf": .array(variants.map { $0.shape.schema(where: tag, is: $0.name) })]
        case .either(let shapes): return ["anyOf": .array(shapes.map(\.schema))]
        }
    }
}

extension ObjectShape {
    var schema: JSON {
        var schema: [String: JSON] = ["type": "object", "additionalProperties": false]
        schema["properties"] = .object(
            Dictionary(fields.map { ($0.name, $0.describedSchema) }, uniquingKeysWith: { first, _ in first }))
        let required = fields.filter(\.isRequired).map { JSON.string($0.name) }
        if !required.isEmpty { schema["required"] = .array(required) }
        if exactlyOne {
            schema["minProperties"] = 1
            schema["maxProperties"] = 1
        }
        return .object(schema)
    }

    func schema(where tag: String, is name: String) -> JSON {
        guard case .object(var schema) = schema, case .object(var properties)? = schema["properties"] else {
            return schema
        }
        properties[tag] = ["const": .string(name)]
        schema["properties"] = .object(properties)
        return .object(schema)
    }
}

extension Field {
    fileprivate var describedSchema: JSON {
        guard case .object(var schema) = shape.schema else { return ["description": .string(summary)] }
        schema["description"] = .string(summary)
        return .object(schema)
    }
}
