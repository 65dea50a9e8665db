// SPDX-License-Identifier: Apache-2.0

import MusterModel
import Testing

@Suite struct JSONCodingTests {
    struct Everything: Codable, Hashable {
        enum Word: String, Codable { case first, second }
        struct Inner: Codable, Hashable { var values: [Int8] }

        var bool = true
        var text = "é"
        var int = Int.min
        var unsigned: UInt32 = .max
        var double = 1.5
        var float: Float = 0.25
        var word = Word.second
        var inner = Inner(values: [-1, 2])
        var list: [Inner] = [Inner(values: [])]
        var dictionary: [String: Double] = ["a": 1]
        var free: JSON = ["x": [nil, 1, .double(2.5)]]
        var optional: String? = "set"
        var missing: String?
        var time = Timestamp(milliseconds: 0)
        var digest = Digest(of: [])
    }

    @Test func `a value comes back as it went`() throws {
        let value = Everything()
        let json = try JSON(encoding: value)
        #expect(try json.decode(Everything.self) == value)
        #expect(try JSON.parse(json.canonicalBytes()).decode(Everything.self) == value)
        #expect(json["missing"] == nil && json["optional"] == "set")
        #expect(json["time"] == "1970-01-01T00:00:00.000Z")
    }

    @Test func `every kind stands alone too`() throws {
        #expect(try JSON(encoding: 1) == 1)
        #expect(try JSON(encoding: [String]()) == [])
        #expect(try JSON(encoding: [String: Int]()) == [:])
        #expect(try JSON(encoding: Int?.none) == .null)
        #expect(try JSON(encoding: [Int?.none, 2]) == [nil, 2])
        #expect(try JSON.null.decode(Int?.self) == nil)
        #expect(try (["a"] as JSON).decode([String].self) == ["a"])
        #expect(try ([nil, 2] as JSON).decode([Int?].self) == [nil, 2])
        #expect(try (["1": "a"] as JSON).decode([Int: String].self) == [1: "a"])
    }

    @Test func `what JSON has no text for is refused`() {
        #expect(throws: EncodingError.self) { try JSON(encoding: Double.nan) }
        #expect(throws: EncodingError.self) { try JSON(encoding: [Double.infinity]) }
        #expect(throws: EncodingError.self) { try JSON(encoding: UInt64.max) }
        #expect(try! JSON(encoding: UInt64(Int64.max)) == .int(.max))
    }

    @Test func `a text of another form is no value`() {
        let types: [any Decodable.Type] = [
            Digest.self, Timestamp.self, RunID.self, SemanticVersion.self, ObjectID.self, StepReference.self,
        ]
        for type in types {
            #expect(throws: DecodingError.self, "\(type)") { try decode(type, "nonsense") }
            #expect(throws: DecodingError.self, "\(type)") { try decode(type, 1) }
        }
    }

    private func decode(_ type: any Decodable.Type, _ json: JSON) throws {
        func open<Value: Decodable>(_: Value.Type) throws { _ = try json.decode(Value.self) }
        try open(type)
    }
}
