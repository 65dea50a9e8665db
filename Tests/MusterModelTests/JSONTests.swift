// SPDX-License-Identifier: Apache-2.0

import MusterModel
import Testing

@Suite struct JSONTests {
    @Test(arguments: [
        ("null", "null"), (" true ", "true"), ("0", "0"), ("-0", "0"), ("-12", "-12"),
        ("9223372036854775807", "9223372036854775807"),
        ("-9223372036854775808", "-9223372036854775808"), ("1.5", "1.5"), ("1e3", "1000.0"), ("1E-2", "0.01"),
        ("-0.0", "-0.0"),
        (#""a""#, #""a""#), (#""\u0041\/\b\f\n\r\t\"\\""#, #""A/\b\f\n\r\t\"\\""#),
        (#""\ud83d\ude00""#, "\"\u{1F600}\""),
        (#""\u001f\u0000""#, #""\u001f\u0000""#), (#""é""#, #""é""#), ("[]", "[]"), ("[ 1 , [ ] ]", "[1,[]]"),
        ("{}", "{}"),
        (#"{ "b" : 1 , "a" : { } }"#, #"{"a":{},"b":1}"#), (#"{"é":1,"z":2,"Z":3}"#, #"{"Z":3,"z":2,"é":1}"#),
        ("\"\u{7F}\"", "\"\u{7F}\""),
    ]) func `a JSON text is read, and written canonically`(text: String, canonical: String) throws {
        let value = try JSON.parse(text)
        #expect(value.canonicalText == canonical)
        #expect(try JSON.parse(canonical) == value)
        #expect(try JSON.parse(value.prettyBytes()) == value)
    }

    @Test(arguments: [
        ("", 0), (" ", 1), ("nul", 0), ("True", 0), ("01", 2), ("-", 1), ("+1", 0), (".5", 0), ("1.", 2), ("1e", 2),
        ("1e+", 3),
        ("NaN", 0), ("Infinity", 0), ("1e999", 5), ("9223372036854775808", 19), ("[1,]", 3), ("[1 2]", 3), ("[", 1),
        ("[1", 2),
        ("{,}", 1), ("{a:1}", 1), (#"{"a"}"#, 4), (#"{"a":1,}"#, 7), (#"{"a":1,"a":2}"#, 7), (#"{"a":1"#, 6),
        (#""a"#, 2),
        ("\"a\nb\"", 2), (#""\x""#, 2), (#""\u12""#, 2), (#""\ud800""#, 7), (#""\ud800\u0041""#, 13), (#""\udc00""#, 7),
        (#""\"#, 2), ("1 1", 2), ("// a\n1", 0), ("'a'", 0), ("\u{FEFF}1", 0),
    ]) func `what is not JSON is refused at its byte`(text: String, offset: Int) {
        let error = #expect(throws: JSONParseError.self) { try JSON.parse(text) }
        #expect(error?.byteOffset == offset)
    }

    @Test(
        arguments: [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0xFF]] as [[UInt8]])
    func `bytes that are not UTF-8 are refused`(bytes: [UInt8]) {
        #expect(throws: JSONParseError.self) { try JSON.parse(bytes) }
    }

    @Test func `depth and size have limits`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(throws: Never.self) { try JSON.parse(nested(64)) }
        #expect(throws: JSONParseError.self) { try JSON.parse(nested(65)) }
        #expect(throws: JSONParseError.self) { try JSON.parse(String(repeating: "[", count: 1 << 20)) }
        #expect(throws: JSONParseError.self) { try JSON.parse("[1,2]", limits: .init(bytes: 4)) }
    }

    @Test func `a doubled name is refused however it is written`() {
        #expect(throws: JSONParseError.self) { try JSON.parse(#"{"a":1,"\u0061":2}"#) }
    }

    @Test func `any slice of bytes is read from its own beginning`() throws {
        let bytes = Array("xx[1]yy".utf8)
        #expect(try JSON.parse(bytes[2..<5]) == [1])
        #expect(try JSON.parse(bytes[2..<5].lazy.map { $0 }) == [1])
    }

    @Test(arguments: 0..<300) func `changed texts never trap, and what is accepted comes back the same`(seed: Int)
        throws
    {
        var bytes = Array(#"{"a":[1,-2.5e3,"x\u00e9\n",true,null,{"b":"\ud83d\ude00"}],"c":9223372036854775807}"#.utf8)
        var random = SystemRandomNumberGenerator()
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let index = Int.random(in: bytes.indices, using: &random)
            bytes[index] =
                Bool.random(using: &random)
                ? UInt8.random(in: 0...255, using: &random) : Array("{}[],:\"\\0e-".utf8).randomElement()!
        }
        guard let value = try? JSON.parse(bytes) else { return }  // A refusal is as right as an answer.
        #expect(try JSON.parse(value.canonicalBytes()) == value, "\(bytes)")
    }

    @Test func `pretty text is indented, sorted and ends with a newline`() throws {
        #expect(
            try JSON.parse(#"{"b":[1,{}],"a":[]}"#).prettyText
                == "{\n  \"a\": [],\n  \"b\": [\n    1,\n    {}\n  ]\n}\n")
    }

    @Test func `values are asked for by kind`() {
        let value: JSON = ["s": "x", "b": true, "i": 3, "a": [1], "n": nil]
        #expect(
            value["s"]?.string == "x" && value["b"]?.bool == true && value["i"]?.int == 3 && value["i"]?.number == 3)
        #expect(value["a"]?.array == [1] && value["n"] == .null && value["missing"] == nil && value["i"]?["x"] == nil)
        #expect(value["s"]?.text == "x" && value["a"]?.text == "[1]")
        #expect(
            [.null, true, 1, .double(1), "", [], [:]].map(\JSON.kindName) == [
                "null", "boolean", "integer", "number", "string", "list", "object",
            ])
    }
}
