// SPDX-License-Identifier: Apache-2.0

extension JSON {
    /// The value as JSON, by its `Encodable` conformance. Optional members that are nil are left out.
    package init(encoding value: some Encodable) throws {
        let box = Box()
        try JSONValueEncoder(box: box, codingPath: []).encodeAny(value)
        self = box.value()
    }

    /// The value of this JSON as `Value`, by its `Decodable` conformance.
    ///
    /// - Throws: `DecodingError` with the path of the member that does not fit.
    package func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        try JSONValueDecoder(value: self, codingPath: []).decodeAny(type)
    }
}

/// A place that an encoder fills: a scalar, a list or an object, decided by the first container asked for.
private final class Box {
    private enum Content {
        case empty
        case value(JSON)
        case list([Box])
        case object([String: Box])
    }

    private var content = Content.empty

    func set(_ value: JSON) { content = .value(value) }

    func makeList() { if case .empty = content { content = .list([]) } }

    func makeObject() { if case .empty = content { content = .object([:]) } }

    var count: Int { if case .list(let boxes) = content { boxes.count } else { 0 } }

    func append() -> Box {
        guard case .list(var boxes) = content else { preconditionFailure("an encoder mixes container kinds") }
        let box = Box()
        content = .empty
        boxes.append(box)
        content = .list(boxes)
        return box
    }

    func member(_ name: String) -> Box {
        guard case .object(var boxes) = content else { preconditionFailure("an encoder mixes container kinds") }
        let box = Box()
        content = .empty
        boxes[name] = box
        content = .object(boxes)
        return box
    }

    func value() -> JSON {
        switch content {
        case .empty: .object([:])
        case .value(let value): value
        case .list(let boxes): .array(boxes.map { $0.value() })
        case .object(let boxes): .object(boxes.mapValues { $0.value() })
        }
    }
}

private struct JSONValueEncoder: Encoder {
    let box: Box
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        box.makeObject()
        return KeyedEncodingContainer(KeyedBox<Key>(box: box, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        box.makeList()
        return ListBox(box: box, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { ScalarBox(box: box, codingPath: codingPath) }

    func encodeAny(_ value: some Encodable) throws {
        if let json = value as? JSON { box.set(json) } else { try value.encode(to: self) }
    }
}

private struct ScalarBox: SingleValueEncodingContainer {
    let box: Box
    let codingPath: [any CodingKey]

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

    func encode(_ value: some Encodable) throws {
        try JSONValueEncoder(box: box, codingPath: codingPath).encodeAny(value)
    }

    private func encodeFloating(_ value: Double) throws {
        guard value.isFinite else { throw refusal(value, "JSON has no infinities and no NaN") }
        box.set(.double(value))
    }

    private func encodeUnsigned(_ value: UInt64) throws {
        guard let signed = Int64(exactly: value) else { throw refusal(value, "the integer does not fit in 64 signed bits") }
        box.set(.int(signed))
    }

    private func refusal(_ value: Any, _ why: String) -> EncodingError {
        .invalidValue(value, .init(codingPath: codingPath, debugDescription: why))
    }
}

private struct KeyedBox<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let box: Box
    let codingPath: [any CodingKey]

    private func encoder(_ key: Key) -> JSONValueEncoder {
        JSONValueEncoder(box: box.member(key.stringValue), codingPath: codingPath + [key])
    }

    func encodeNil(forKey key: Key) { box.member(key.stringValue).set(.null) }
    func encode(_ value: Bool, forKey key: Key) { box.member(key.stringValue).set(.bool(value)) }
    func encode(_ value: String, forKey key: Key) { box.member(key.stringValue).set(.string(value)) }
    func encode(_ value: Int, forKey key: Key) { box.member(key.stringValue).set(.int(Int64(value))) }
    func encode(_ value: Int64, forKey key: Key) { box.member(key.stringValue).set(.int(value)) }
    func encode(_ value: some Encodable, forKey key: Key) throws { try encoder(key).encodeAny(value) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> { encoder(key).container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { encoder(key).unkeyedContainer() }
    func superEncoder() -> any Encoder { JSONValueEncoder(box: box.member("super"), codingPath: codingPath) }
    func superEncoder(forKey key: Key) -> any Encoder { encoder(key) }
}

private struct ListBox: UnkeyedEncodingContainer {
    let box: Box
    let codingPath: [any CodingKey]
    var count: Int { box.count }

    private func encoder() -> JSONValueEncoder { JSONValueEncoder(box: box.append(), codingPath: codingPath) }

    func encodeNil() { box.append().set(.null) }
    func encode(_ value: some Encodable) throws { try encoder().encodeAny(value) }
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
