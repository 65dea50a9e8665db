// SPDX-License-Identifier: Apache-2.0

import MusterModel
import MusterPluginProtocol
import MusterSystem
import MusterTestSupport
import Testing

@testable import MusterPluginHost

/// Lines of a plugin, damaged at random. A crash would end the whole run of tests.
@Suite(.timeLimit(.minutes(30))) struct ConversationFuzzTests {
    private static let lines: [String] = [
        #"{"jsonrpc":"2.0","id":2,"result":{"outputs":{"thumbprint":"AA"}}}"#,
        #"{"jsonrpc":"2.0","id":2,"error":{"code":-32000,"message":"m","data":{"kind":"retryable","code":"c"}}}"#,
        #"{"jsonrpc":"2.0","id":9,"method":"begin","params":{"call":2,"undo":{"key":"old"}}}"#,
        #"{"jsonrpc":"2.0","method":"progress","params":{"call":2,"message":"now","fraction":0.5}}"#,
        #"{"jsonrpc":"2.0","method":"evidence","params":{"call":2,"name":"state","data":[1,2,{"a":null}]}}"#,
        #"{"jsonrpc":"2.0","method":"log","params":{"call":2,"level":"info","message":"m"}}"#,
    ]

    private static let pieces: [[UInt8]] = [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "0", "e9", "-", "null", "\\u0000", "\\uD800", "\u{202E}", "\u{FEFF}",
        "\0", "NaN",
        "9223372036854775808", "1e999", String(repeating: "[", count: 2000), String(repeating: "{\"a\":", count: 2000),
        ",\"id\":2", ",\"id\":null", "{\"jsonrpc\":\"2.0\"}", String(repeating: "9", count: 400), "é", "../../x",
    ].map { Array($0.utf8) }

    private struct Tally {
        var refused = 0
        var wrong: [String] = []
        var overLimits = 0
    }

    private func conversation() throws -> PluginConversation {
        var conversation = PluginConversation(
            plugin: "p", definitions: [:], limits: PluginLimits(), redactor: Redactor())
        let hello = #"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":1,"plugin":"p","steps":[]}}"#
        _ = try conversation.receive(line: Array(hello.utf8), at: 0)
        _ = try conversation.call(.apply, HostFixture.call())
        return conversation
    }

    @Test(arguments: Array(0..<6))
    func `each line is taken as it is and in every place`(_ index: Int) throws {
        var conversation = try conversation()
        #expect(throws: Never.self) { try conversation.receive(line: Array(Self.lines[index].utf8), at: 0) }
    }

    @Test func `damaged lines are refused with an error, or still say what they said`() throws {
        let seed = Host.variable("MUSTER_SEED").flatMap { UInt64($0) } ?? UInt64.random(in: 1...999_999_999)
        let count = CampaignScale.pick(full: 100_000, sample: 4000)
        var random = SeededRandom(seed: seed)
        var tally = Tally()
        let begun = try conversation()
        for _ in 0..<count {
            var line = Array(random.pick(Self.lines).utf8)
            for _ in 0..<random.number(1...4) { damage(&line, &random) }
            var conversation = begun
            try judge(line, &conversation, &tally)
        }
        print(
            "damaged lines of plugins: \(count) cases, \(tally.refused) refused, 0 crashes, taken wrongly \(tally.wrong.count), "
                + "over the limits \(tally.overLimits), MUSTER_SEED=\(seed)")
        try CampaignLog.add(
            kind: "damaged lines of plugins", points: count, lost: 0, doubled: 0, notResumable: tally.overLimits,
            wrongEnd: tally.wrong.count, seed: seed)
        #expect(tally.wrong.isEmpty && tally.overLimits == 0, "MUSTER_SEED=\(seed) \(tally.wrong.prefix(3))")
        #expect(tally.refused > count / 2)
    }

    private func judge(_ line: [UInt8], _ conversation: inout PluginConversation, _ tally: inout Tally) throws {
        do {
            let event = try conversation.receive(line: line, at: 7)
            // What was accepted is a message that the protocol knows, for the call that is open.
            let isSound =
                switch event {
                case .answered(let call, .applied), .failed(let call, _), .begin(_, let call, _): call == 2
                case .progress(let body): body.call == 2
                case .evidence(let body): body.call == 2 && isKebabCase(body.name)
                case .log(let body): body.call == nil || body.call == 2
                default: false
                }
            if try !isSound || JSON.parse(line)["jsonrpc"] != "2.0" {
                tally.wrong.append(String(decoding: line.prefix(300), as: UTF8.self))
            }
        } catch let error as MusterError {
            tally.refused += 1
            if error.code != "plugin.protocol-error" || !error.summary.contains("byte 7") {
                tally.wrong.append("\(error)")
            }
            // What is told of a line does not grow with it.
            if error.summary.count + (error.help?.count ?? 0) > 2000 { tally.overLimits += 1 }
        }
    }

    private func damage(_ line: inout [UInt8], _ random: inout SeededRandom) {
        let at = random.number(0...line.count)
        switch random.number(0...5) {
        case 0: if at < line.count { line[at] = UInt8(random.number(0...255)) }
        case 1: line.insert(contentsOf: random.pick(Self.pieces), at: at)
        case 2: if at < line.count { line.remove(at: at) }
        case 3: line.removeLast(min(line.count, random.number(1...8)))
        case 4: if at < line.count { line[at] ^= 1 << UInt8(random.number(0...7)) }
        default:
            let end = min(line.count, at + random.number(1...20))
            line.insert(contentsOf: line[at..<end], at: at)
        }
    }

    @Test func `a line of four mebibytes more, or a hundred thousand deep, is refused at once`() throws {
        for line in [
            Array(repeating: UInt8(ascii: "x"), count: PluginProtocol.lineBytesMax + 1),
            Array(repeating: UInt8(ascii: "["), count: 100_000),
            Array(String(repeating: "{\"a\":", count: 100_000).utf8),
        ] {
            var conversation = try conversation()
            let error = #expect(throws: MusterError.self) { try conversation.receive(line: line, at: 7) }
            #expect(error?.code == "plugin.protocol-error" && (error?.summary.count ?? 0) < 1000)
        }
    }
}
