// SPDX-License-Identifier: Apache-2.0

import MusterModel
import MusterPluginProtocol
import Testing

@testable import MusterPluginHost

/// Numbers that are the same for the same seed (https://prng.di.unimi.it/splitmix64.c).
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

@Suite struct ConversationFuzzTests {
    private static let lines: [String] = [
        #"{"jsonrpc":"2.0","id":2,"result":{"outputs":{"thumbprint":"AA"}}}"#,
        #"{"jsonrpc":"2.0","id":2,"error":{"code":-32000,"message":"m","data":{"kind":"retryable","code":"c"}}}"#,
        #"{"jsonrpc":"2.0","id":9,"method":"begin","params":{"call":2,"undo":{"key":"old"}}}"#,
        #"{"jsonrpc":"2.0","method":"progress","params":{"call":2,"message":"now","fraction":0.5}}"#,
        #"{"jsonrpc":"2.0","method":"evidence","params":{"call":2,"name":"state","data":[1,2,{"a":null}]}}"#,
    ]

    private func conversation() throws -> PluginConversation {
        var conversation = PluginConversation(
            plugin: "p", definitions: [:], limits: PluginLimits(), redactor: Redactor())
        let hello = #"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":1,"plugin":"p","steps":[]}}"#
        _ = try conversation.receive(line: Array(hello.utf8), at: 0)
        _ = try conversation.call(.apply, HostFixture.call())
        return conversation
    }

    @Test(arguments: Array(0..<5))
    func `each line is taken as it is and in every place`(_ index: Int) throws {
        var conversation = try conversation()
        #expect(throws: Never.self) { try conversation.receive(line: Array(Self.lines[index].utf8), at: 0) }
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `damaged lines are refused with an error, or still say what they said`(_ seed: UInt64) throws {
        var random = SplitMix(state: seed)
        for _ in 0..<2500 {
            var line = Array(Self.lines.randomElement(using: &random)!.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) { damage(&line, &random) }
            var conversation = try conversation()
            do {
                let event = try conversation.receive(line: line, at: 7)
                // What was accepted is a message that the protocol knows, for the call that is open.
                let message = try JSON.parse(line)
                #expect(message["jsonrpc"] == "2.0")
                switch event {
                case .answered(let call, .applied), .failed(let call, _), .begin(_, let call, _): #expect(call == 2)
                case .progress(let body): #expect(body.call == 2)
                case .evidence(let body): #expect(body.call == 2 && isKebabCase(body.name))
                default: Issue.record("seed \(seed): \(String(decoding: line, as: UTF8.self)) was taken as \(event)")
                }
            } catch let error as MusterError {
                #expect(error.code == "plugin.protocol-error" && error.summary.contains("byte 7"))
            }
        }
    }

    private func damage(_ line: inout [UInt8], _ random: inout SplitMix) {
        let at = Int.random(in: 0..<max(1, line.count), using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: if at < line.count { line[at] = UInt8.random(in: .min ... .max, using: &random) }
        case 1: line.insert(Array("{}[],:\"\\0e-9".utf8).randomElement(using: &random)!, at: min(at, line.count))
        case 2: if at < line.count { line.remove(at: at) }
        case 3: line.removeLast(min(line.count, Int.random(in: 1...8, using: &random)))
        default:
            let end = min(line.count, at + Int.random(in: 1...20, using: &random))
            line.insert(contentsOf: line[min(at, end)..<end], at: min(at, line.count))
        }
    }
}
