// SPDX-License-Identifier: Apache-2.0

extension JSON {
    /// The value as JSON, by its `Encodable` conformance. Optional members that are nil are left out.
    package init(encoding value: some Encodable) throws { self = try encoded(value, below: nil, at: nil) }

    /// The value of this JSON as `Value`, by its `Decodable` conformance.
    ///
    /// - Throws: `DecodingError` with the path of the member that does not fit.
    package func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        try JSONValueDecoder(value: self, place: nil).decodeAny(type)
    }
}

/// The value as JSON.
///
/// - Parameters:
///   - parent: what it becomes a part of.
///   - key: its name there.
private func encoded<Value: Encodable>(_ value: Value, below parent: Box?, at key: (any CodingKey)?) throws -> JSON {
    // The kinds that need no encoder, which most values are made of.
    if Value.self == String.self { return .string(value as! String) }
    if Value.self == JSON.self { return value as! JSON }
    if Value.self == [String: JSON].self { return .object(value as! [String: JSON]) }
    let box = Box(parent: parent, key: key)
    try value.encode(to: JSONValueEncoder(box: box))
    return box.value()
}

/// A place that an encoder fills: a scalar, a list or an object, decided by the first container asked for.
private final class Box {
    private enum Content {
        case empty
        case value(JSON)
        case list([JSON])
        case object([String: JSON])
    }

    private let parent: Box?
    private let key: (any CodingKey)?
    private var content = Content.empty
    /// Containers that were handed out and are filled while this one goes on; rare.
    private var openElements: [(index: Int, box: Box)] = []
    private var openMembers: [String: Box] = [:]

    init(parent: Box?, key: (any CodingKey)?) {
        self.parent = parent
        self.key = key
    }

    var codingPath: [any CodingKey] { (parent?.codingPath ?? []) + [key].compactMap(\.self) }

    func set(_ value: JSON) { content = .value(value) }

    func makeList() { if case .empty = content { content = .list([]) } }

    func makeObject() { if case .empty = content { content = .object([:]) } }

    var count: Int { if case .list(let elements) = content { elements.count } else { 0 } }

    func append(_ value: JSON) {
        guard case .list(var elements) = content else { preconditionFailure("an encoder mixes container kinds") }
        content = .empty
        elements.append(value)
        content = .list(elements)
    }

    func set(_ value: JSON, at name: String) {
        guard case .object(var members) = content else { preconditionFailure("an encoder mixes container kinds") }
        content = .empty
        members[name] = value
        content = .object(members)
    }

    func openElement() -> Box {
        let box = Box(parent: self, key: nil)
        openElements.append((count, box))
        append(.null)
        return box
    }

    func openMember(_ name: String, _ key: (any CodingKey)?) -> Box {
        let box = Box(parent: self, key: key)
        openMembers[name] = box
        return box
    }

    func value() -> JSON {
        switch content {
        case .empty: return .object([:])
        case .value(let value): return value
        case .list(var elements):
            for (index, box) in openElements { elements[index] = box.value() }
            return .array(elements)
        case .object(var members):
            for (name, box) in openMembers { members[name] = box.value() }
            return .object(members)
        }
    }
}

private struct JSONValueEncoder: Encoder {
    let box: Box
    var codingPath: [any CodingKey] { box.codingPath }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        box.makeObject()
        return KeyedEncodingContainer(KeyedBox<Key>(box: box))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        box.makeList()
        return ListBox(box: box)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { ScalarBox(box: box) }
}

private struct ScalarBox: SingleValueEncodingContainer {
    let box: Box
    var codingPath: [any CodingKey] { box.codingPath }

    func encodeNil() { box.set(.null) }
    func encode(_ value: Bool) { box.set(.bool(value)) }
    func encode(_ value: String) { box.set(.string(value)) }
    func encode(_ value: Double) throws { try encodeFloating(value) }
    func encode(_ value: Float) throws { try encodeFloating(Double(value)) }
    func encode(_ value: Int) { box.set(.int(Int64(value))) }
    func encode(_ value: Int8) { box.set(.int(Int64(value))) }
    func encode(_ value: Int16) { box.set(.int(Int64(value))) }
    func encode(_ value: Int32) { box.set(.int(Int64(value))) }
    func encode(_ value: Int64) { box.set(.int(value)) }
    func encode(_ value: UInt) throws { try encodeUnsigned(UInt64(value)) }
    func encode(_ value: UInt8) { box.set(.int(Int64(value))) }
    func encode(_ value: UInt16) { box.set(.int(Int64(value))) }
    func encode(_ value: UInt32) { box.set(.int(Int64(value))) }
    func encode(_ value: UInt64) throws { try encodeUnsigned(value) }

    func encode(_ value: some Encodable) throws { box.set(try encoded(value, below: box, at: nil)) }

    private func encodeFloating(_ value: Double) throws {
        guard value.isFinite else { throw refusal(value, "JSON has no infinities and no NaN") }
        box.set(.double(value))
    }

    private func encodeUnsigned(_ value: UInt64) throws {
        guard let signed = Int64(exactly: value) else {
            throw refusal(value, "the integer does not fit in 64 signed bits")
        }
        box.set(.int(signed))
    }

    private func refusal(_ value: Any, _ why: String) -> EncodingError {
        .invalidValue(value, .init(codingPath: codingPath, debugDescription: why))
    }
}

private struct KeyedBox<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let box: Box
    var codingPath: [any CodingKey] { box.codingPath }

    private func encoder(_ key: Key) -> JSONValueEncoder {
        JSONValueEncoder(box: box.openMember(key.stringValue, key))
    }

    func encodeNil(forKey key: Key) { box.set(.null, at: key.stringValue) }
    func encode(_ value: Bool, forKey key: Key) { box.set(.bool(value), at: key.stringValue) }
    func encode(_ value: String, forKey key: Key) { box.set(.string(value), at: key.stringValue) }
    func encode(_ value: Int, forKey key: Key) { box.set(.int(Int64(value)), at: key.stringValue) }
    func encode(_ value: Int64, forKey key: Key) { box.set(.int(value), at: key.stringValue) }
    func encode(_ value: some Encodable, forKey key: Key) throws {
        box.set(try encoded(value, below: box, at: key), at: key.stringValue)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> { encoder(key).container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { encoder(key).unkeyedContainer() }
    func superEncoder() -> any Encoder { JSONValueEncoder(box: box.openMember("super", nil)) }
    func superEncoder(forKey key: Key) -> any Encoder { encoder(key) }
}

private struct ListBox: UnkeyedEncodingContainer {
    let box: Box
    var codingPath: [any CodingKey] { box.codingPath }
    var count: Int { box.count }

    private func encoder() -> JSONValueEncoder { JSONValueEncoder(box: box.openElement()) }

    func encodeNil() { box.append(.null) }
    func encode(_ value: some Encodable) throws { box.append(try encoded(value, below: box, at: nil)) }
    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        encoder().container(keyedBy: type)
    }
    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { encoder().unkeyedContainer() }
    func superEncoder() -> any Encoder { encoder() }
}

extension JSON: Codable {
    /// Any encoder may write a JSON value; ours takes the short way and stores it whole.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .int(let value): try container.encode(value)
        case .double(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }

    package init(from decoder: any Decoder) throws {
        guard let ours = decoder as? JSONValueDecoder else {
            let context = DecodingError.Context(
                codingPath: decoder.codingPath, debugDescription: "JSON values are read by JSON.parse and decode only")
            throw DecodingError.dataCorrupted(context)
        }
        self = ours.value
    }
}
