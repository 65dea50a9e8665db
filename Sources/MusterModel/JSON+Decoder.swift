// SPDX-License-Identifier: Apache-2.0

/// Where a value stands, from the inside out: written out only for an error.
final class DecodingPlace {
    private let parent: DecodingPlace?
    private let key: any CodingKey

    init(_ parent: DecodingPlace?, _ key: any CodingKey) {
        self.parent = parent
        self.key = key
    }

    var path: [any CodingKey] { (parent?.path ?? []) + [key] }
}

struct JSONValueDecoder: Decoder {
    let value: JSON
    let place: DecodingPlace?
    var codingPath: [any CodingKey] { place?.path ?? [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object(let members) = value else { throw mismatch("an object") }
        return KeyedDecodingContainer(KeyedValues<Key>(members: members, place: place))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .array(let elements) = value else { throw mismatch("a list") }
        return ListValues(elements: elements, place: place)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { ScalarValue(decoder: self) }

    func decodeAny<Value: Decodable>(_ type: Value.Type) throws -> Value {
        if type == JSON.self { return value as! Value }
        if type == [String: JSON].self, case .object(let members) = value { return members as! Value }
        return try type.init(from: self)
    }

    func mismatch(_ expected: String) -> DecodingError {
        let context = DecodingError.Context(
            codingPath: codingPath, debugDescription: "\(expected) is expected here, not \(value.kindName)")
        return .typeMismatch(JSON.self, context)
    }

    func integer<Value: FixedWidthInteger>(_ type: Value.Type) throws -> Value {
        guard case .int(let number) = value, let exact = Value(exactly: number) else {
            throw mismatch("an integer of \(Value.bitWidth) bits")
        }
        return exact
    }
}

private struct ScalarValue: SingleValueDecodingContainer {
    let decoder: JSONValueDecoder
    var codingPath: [any CodingKey] { decoder.codingPath }

    func decodeNil() -> Bool { decoder.value == .null }

    func decode(_ type: Bool.Type) throws -> Bool {
        guard let bool = decoder.value.bool else { throw decoder.mismatch("a boolean") }
        return bool
    }

    func decode(_ type: String.Type) throws -> String {
        guard let string = decoder.value.string else { throw decoder.mismatch("a string") }
        return string
    }

    func decode(_ type: Double.Type) throws -> Double {
        guard let number = decoder.value.number else { throw decoder.mismatch("a number") }
        return number
    }

    func decode(_ type: Float.Type) throws -> Float { Float(try decode(Double.self)) }
    func decode(_ type: Int.Type) throws -> Int { try decoder.integer(type) }
    func decode(_ type: Int8.Type) throws -> Int8 { try decoder.integer(type) }
    func decode(_ type: Int16.Type) throws -> Int16 { try decoder.integer(type) }
    func decode(_ type: Int32.Type) throws -> Int32 { try decoder.integer(type) }
    func decode(_ type: Int64.Type) throws -> Int64 { try decoder.integer(type) }
    func decode(_ type: UInt.Type) throws -> UInt { try decoder.integer(type) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try decoder.integer(type) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try decoder.integer(type) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try decoder.integer(type) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try decoder.integer(type) }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try decoder.decodeAny(type) }
}

private struct KeyedValues<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let members: [String: JSON]
    let place: DecodingPlace?
    var codingPath: [any CodingKey] { place?.path ?? [] }

    var allKeys: [Key] { members.keys.compactMap { Key(stringValue: $0) } }

    func contains(_ key: Key) -> Bool { members[key.stringValue] != nil }

    private func value(_ key: Key) throws -> JSON {
        if let value = members[key.stringValue] { return value }
        let context = DecodingError.Context(
            codingPath: codingPath, debugDescription: "the member \"\(key.stringValue)\" is missing")
        throw DecodingError.keyNotFound(key, context)
    }

    private func decoder(_ key: Key) throws -> JSONValueDecoder {
        JSONValueDecoder(value: try value(key), place: DecodingPlace(place, key))
    }

    func decodeNil(forKey key: Key) throws -> Bool { try value(key) == .null }

    // The kinds that need no decoder of their own.
    func decode(_ type: String.Type, forKey key: Key) throws -> String {
        if let string = try value(key).string { return string }
        throw try decoder(key).mismatch("a string")
    }

    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool {
        if let bool = try value(key).bool { return bool }
        throw try decoder(key).mismatch("a boolean")
    }

    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 {
        if let int = try value(key).int { return int }
        return try decoder(key).integer(type)
    }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try decoder(key).decodeAny(type)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> { try decoder(key).container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try decoder(key).unkeyedContainer()
    }
    func superDecoder() throws -> any Decoder { JSONValueDecoder(value: .object(members), place: place) }
    func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }
}

private struct ListValues: UnkeyedDecodingContainer {
    let elements: [JSON]
    let place: DecodingPlace?
    var codingPath: [any CodingKey] { place?.path ?? [] }
    var currentIndex = 0
    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex >= elements.count }

    private struct IndexKey: CodingKey {
        let intValue: Int?
        var stringValue: String { "\(intValue ?? 0)" }
        init(intValue: Int) { self.intValue = intValue }
        init?(stringValue: String) { nil }
    }

    private mutating func next() throws -> JSONValueDecoder {
        guard !isAtEnd else {
            let context = DecodingError.Context(
                codingPath: codingPath, debugDescription: "the list has no further element")
            throw DecodingError.valueNotFound(JSON.self, context)
        }
        defer { currentIndex += 1 }
        return JSONValueDecoder(
            value: elements[currentIndex], place: DecodingPlace(place, IndexKey(intValue: currentIndex)))
    }

    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd, elements[currentIndex] == .null else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try next().decodeAny(type) }
    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws -> KeyedDecodingContainer<Nested>
    {
        try next().container(keyedBy: type)
    }
    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try next().unkeyedContainer() }
    mutating func superDecoder() throws -> any Decoder { try next() }
}

/// One sentence for a `DecodingError`: where and what, without Swift's own wording.
package func describeDecodingError(_ error: any Error) -> String {
    guard let error = error as? DecodingError else { return "\(error)" }
    let context: DecodingError.Context =
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
            .dataCorrupted(let context):
            context
        @unknown default: .init(codingPath: [], debugDescription: "\(error)")
        }
    let path = context.codingPath.map(\.stringValue).joined(separator: ".")
    return path.isEmpty ? context.debugDescription : "\(path): \(context.debugDescription)"
}
