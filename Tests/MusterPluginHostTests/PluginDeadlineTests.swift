// SPDX-License-Identifier: Apache-2.0

import MusterModel
import MusterPluginHost
import MusterPluginProtocol
import Testing

@Suite struct PluginDeadlineTests {
    @Test func `a plugin that does not shake hands is ended`() throws {
        let host = try HostFixture("silent")
        #expect(host.process.nextDeadline == host.now + 10_000_000_000)
        try host.passDeadline()
        let error = try #require(try host.end())
        #expect(error.code == "plugin.timeout")
        #expect(error.summary.contains("initialize within 10 s"))
    }

    @Test func `a call that hangs is cancelled, then ended with SIGTERM`() throws {
        let host = try HostFixture("hangs")
        let call = try host.send(.apply, HostFixture.call(timeout: .seconds(60)))
        let start = host.now
        try host.run { if case .progress = $0 { true } else { false } }
        try host.passDeadline()
        #expect(host.now == start + 60_000_000_000)
        try host.passDeadline()
        #expect(host.now == start + 65_000_000_000)
        let error = try #require(try host.end())
        #expect(error.code == "plugin.timeout")
        #expect(host.failure(of: call)?.kind == .retryable)
        #expect(try host.leftovers() == [])
    }

    @Test func `one that ignores SIGTERM is ended with SIGKILL`() throws {
        let host = try HostFixture("ignoresSIGTERM")
        _ = try host.send(.apply)
        try host.run { if case .progress = $0 { true } else { false } }
        try host.passDeadline()
        try host.passDeadline()
        try host.run { $0 == .standardError("ignored") }
        let terminated = host.now
        try host.passDeadline()
        #expect(host.now == terminated + 5_000_000_000)
        #expect(try host.end()?.code == "plugin.timeout")
        #expect(try host.leftovers() == [])
    }

    @Test func `one that closes its output and lives is ended`() throws {
        let host = try HostFixture("closesOutput")
        let call = try host.send(.verify)
        // Nothing is reported when the output closes; the host only sets itself a nearer deadline.
        let far = try #require(host.process.nextDeadline)
        while host.process.nextDeadline == far { try host.turn() }
        try host.passDeadline()
        #expect(try host.end()?.code == "plugin.closed-output")
        #expect(host.failure(of: call)?.kind == .retryable)
    }

    @Test func `one that does not shut down is ended`() throws {
        let host = try HostFixture("ignoresShutdown")
        let call = try host.send(.apply)
        try host.run { if case .answered(call, _) = $0 { true } else { false } }
        let asked = host.now
        host.process.shutdown(now: asked)
        try host.passDeadline()
        #expect(host.now == asked + 5_000_000_000)
        let error = try #require(try host.end())
        #expect(error.code == "plugin.timeout")
        #expect(error.summary.contains("after it was asked to"))
    }

    @Test func `the end of its input ends a plugin that knows no shutdown`() throws {
        let host = try HostFixture("hangs")
        let call = try host.send(.observe)
        try host.run { if case .progress = $0 { true } else { false } }
        host.process.shutdown(now: host.now)
        #expect(try host.end() == nil)
        #expect(host.failure(of: call)?.code == "plugin.exited")
        #expect(host.process.pollTargets.isEmpty && host.process.nextDeadline == nil)
    }

    @Test func `a handshake, a call and a shutdown that go well report nothing else`() throws {
        let host = try HostFixture("wellBehaved")
        let call = try host.send(.apply)
        try host.run { if case .answered = $0 { true } else { false } }
        #expect(host.process.nextDeadline == nil)
        host.process.shutdown(now: host.now)
        #expect(try host.end() == nil)
        let definition = InitializeResult.Step(step: "harm", definition: HostFixture.definition)
        #expect(
            host.events == [
                .ready(InitializeResult(protocolVersion: 1, plugin: "hostile", steps: [definition])),
                .answered(call: call, .applied(outputs: [:])), .ended(nil),
            ])
    }
}
