// SPDX-License-Identifier: Apache-2.0

import Foundation
import MusterModel
import MusterPluginProtocol
import Synchronization
import Testing

@testable import MusterPlugin

/// What a runtime sent, for those who wait for it.
private final class Sent: Sendable {
    private let lines: AsyncStream<[UInt8]>
    let take: @Sendable ([UInt8]) -> Void

    init() {
        let (lines, continuation) = AsyncStream.makeStream(of: [UInt8].self)
        self.lines = lines
        take = { continuation.yield($0) }
    }

    func next() async throws -> Envelope {
        var iterator = lines.makeAsyncIterator()
        return try Envelope(line: try #require(await iterator.next()).dropLast())
    }
}

@Suite struct PluginRuntimeTests {
    private let sent = Sent()
    private let runtime: PluginRuntime

    init() { runtime = PluginRuntime(name: "sample", steps: [SetValue.self, Boast.self], send: sent.take) }

    private func tell(_ text: String) throws -> PluginRuntime.Reaction { try runtime.receive(line: text.utf8) }

    private func call(
        _ id: Int, _ method: String, step: String = "set-value", inputs: String = #"{"key":"k","value":"v"}"#
    ) throws {
        _ = try tell(
            #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":{"step":"\#(step)","id":"s","attempt":1,"#
                + #""idempotencyKey":"k","timeoutMilliseconds":1000,"inputs":\#(inputs),"#
                + #""connections":{"cloud":{"name":"\#(UUID())"}}}}"#
        )
    }

    @Test func `the handshake names every step with its definition's blob id`() async throws {
        _ = try tell(
            #"{"jsonrpc":"2.0","id":1,"method":"initialize","#
                + #""params":{"protocolVersion":1,"plugin":"sample","engine":"x"}}"#
        )
        let ids = [Boast.definition, SetValue.definition].map { ObjectID(blob: $0) }
        #expect(
            try await sent.next()
                == .result(
                    id: 1,
                    [
                        "protocolVersion": 1, "plugin": "sample",
                        "steps": [
                            ["step": "boast", "definition": .string(ids[0].hex)],
                            ["step": "set-value", "definition": .string(ids[1].hex)],
                        ],
                    ]))
    }

    @Test(arguments: [
        (#"{"protocolVersion":2,"plugin":"sample","engine":"x"}"#, "plugin.wrong-version"),
        (#"{"protocolVersion":1,"plugin":"other","engine":"x"}"#, "plugin.wrong-name"),
    ])
    func `an engine that means another plugin or protocol is refused`(_ parameters: String, _ code: String) async throws
    {
        _ = try tell(#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":\#(parameters)}"#)
        guard case .failure(1, let failure) = try await sent.next() else { return #expect(Bool(false), "no failure") }
        #expect(failure.code == code)
    }

    @Test(arguments: [
        "nonsense", #"{"jsonrpc":"2.0","id":1,"method":"dance","params":{}}"#,
        #"{"jsonrpc":"2.0","method":"gossip","params":{}}"#, #"{"jsonrpc":"2.0","id":1,"method":"check","params":{}}"#,
        #"{"jsonrpc":"2.0","id":7,"result":{"proceed":true}}"#,
    ])
    func `a line that no engine sends is an error`(_ line: String) {
        #expect(throws: EnvelopeError.self) { try tell(line) }
    }

    @Test func `calls are served at the same time and answered by their own ids`() async throws {
        try call(2, "apply")
        guard case .request(let first, "begin", let one) = try await sent.next() else { return #expect(Bool(false)) }
        try call(3, "apply")
        guard case .request(let second, "begin", let other) = try await sent.next() else { return #expect(Bool(false)) }
        #expect([one["call"], other["call"]] == [2, 3])
        #expect(throws: EnvelopeError.self) { try call(3, "verify") }
        _ = try tell(#"{"jsonrpc":"2.0","id":\#(second),"result":{"proceed":true}}"#)
        guard case .notification("progress", let progress) = try await sent.next() else { return #expect(Bool(false)) }
        #expect(progress["call"] == 3)
        #expect(try await sent.next() == .result(id: 3, ["outputs": [:]]))
        _ = try tell(#"{"jsonrpc":"2.0","id":\#(first),"result":{"proceed":false}}"#)
        guard case .failure(2, let refused) = try await sent.next() else { return #expect(Bool(false)) }
        #expect(refused.code == "engine.refused")
    }

    @Test(arguments: [("fly", "set-value", "plugin.unknown-step"), ("boast", "undo", "plugin.no-such-verb")])
    func `a step or verb that is not there is an answer, not an end`(_ step: String, _ verb: String, _ code: String)
        async throws
    {
        try call(2, verb == "undo" ? "undo" : "check", step: step, inputs: #"{"bytes":1}"#)
        guard case .failure(2, let failure) = try await sent.next() else { return #expect(Bool(false)) }
        #expect(failure.code == code)
    }

    @Test func `shutting down cancels what is under way and waits for its answer`() async throws {
        try call(2, "apply")
        _ = try await sent.next()
        #expect(try tell(#"{"jsonrpc":"2.0","method":"shutdown"}"#) == .shutDown)
        await withCheckedContinuation { idle in runtime.cancelAll { idle.resume() } }
        guard case .failure(2, let failure) = try await sent.next() else { return #expect(Bool(false)) }
        #expect(failure.code == "plugin.cancelled")
    }
}
