// SPDX-License-Identifier: Apache-2.0

import MusterModel
import Testing

@testable import MusterRecord

@Suite struct RecordSchemaTests {
    @Test func `the published schema is the code's`() throws {
        try document("schemas/record.schema.json", RecordSchema.json.prettyBytes())
    }

    @Test(arguments: GoldenRecordTests.runs.map(\.name)) func `every record fits the schema`(name: String) throws {
        let script = try #require(GoldenRecordTests.runs.first { $0.name == name }).script
        let record = try JSON(encoding: script().files().record)
        #expect(misfits(record, RecordSchema.json, at: "record") == [])
    }

    @Test func `a record that lacks a member, or has one too many, does not fit`() throws {
        guard case .object(var members) = try JSON(encoding: RunScript.succeeded().files().record) else {
            throw NoObject()
        }
        members["host"] = nil
        members["extra"] = 1
        #expect(misfits(.object(members), RecordSchema.json, at: "record").count == 2)
    }

    struct NoObject: Error {}

    /// The part of JSON Schema that the schema uses.
    private func misfits(_ value: JSON, _ schema: JSON, at path: String) -> [String] {
        if let name = schema["$ref"]?.string?.split(separator: "/").last {
            return misfits(value, RecordSchema.json["$defs"]?[String(name)] ?? .null, at: path)
        }
        if let words = schema["enum"]?.array { return words.contains(value) ? [] : ["\(path) is \(value.text)"] }
        switch schema["type"]?.string {
        case "string": return value.string == nil ? ["\(path) is no string"] : []
        case "integer": return value.int == nil ? ["\(path) is no integer"] : []
        case "boolean": return value.bool == nil ? ["\(path) is no boolean"] : []
        case "array":
            guard let elements = value.array else { return ["\(path) is no list"] }
            return elements.enumerated().flatMap { misfits($1, schema["items"] ?? .null, at: "\(path)[\($0)]") }
        case "object": return objectMisfits(value, schema, at: path)
        default: return schema["const"].map { $0 == value ? [] : ["\(path) is \(value.text)"] } ?? []
        }
    }

    private func objectMisfits(_ value: JSON, _ schema: JSON, at path: String) -> [String] {
        guard let members = value.object else { return ["\(path) is no object"] }
        guard let properties = schema["properties"]?.object else { return [] }
        let missing = (schema["required"]?.array ?? []).compactMap(\.string).filter { members[$0] == nil }
        return missing.map { "\(path) lacks \($0)" }
            + members.flatMap { name, member -> [String] in
                guard let known = properties[name] else { return ["\(path) has \(name)"] }
                return misfits(member, known, at: "\(path).\(name)")
            }
    }
}
