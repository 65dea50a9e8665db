// SPDX-License-Identifier: Apache-2.0

import Foundation
import MusterModel
import MusterPluginHost
import MusterPluginProtocol
import Testing

/// Host and kit together: a plugin that was written with the kit, in its own process.
@Suite struct KitPluginTests {
    private func noop() throws -> HostFixture {
        try HostFixture("wellBehaved", definitions: [:]) { launch in
            var opener = PluginExecutable.Opener()
            launch.executable = try opener.open(productPath("noop-plugin"))
            launch.plugin = "noop"
        }
    }

    private func answer(_ host: HostFixture, _ verb: PluginVerb, _ call: StepCall) throws -> PluginAnswer? {
        let id = try host.process.send(verb, call, now: host.now)
        let event = try host.run {
            switch $0 {
            case .answered(id, _), .failed(id, _): true
            default: false
            }
        }
        if case .answered(_, let answer) = event { return answer }
        return nil
    }

    @Test func `a plugin of the kit goes through its five verbs and ends cleanly`() throws {
        let host = try noop()
        try host.ready()
        let call = HostFixture.nothing(id: "a")
        #expect(
            try answer(host, .check, call) == .checked([.init(id: "ready", verdict: .met, says: "Nothing is needed.")]))
        let change = Change(path: "r/a", from: "pending", to: "passed")
        #expect(try answer(host, .observe, call) == .observed(Observation(standing: .needed, changes: [change])))
        #expect(try answer(host, .apply, call) == .applied(outputs: [:]))
        #expect(try answer(host, .observe, call) == .observed(Observation(standing: .satisfied)))
        #expect(
            try answer(host, .verify, call)
                == .verified([.init(id: "still-nothing", verdict: .met, says: "Nothing was changed.")]))
        #expect(try answer(host, .undo, HostFixture.nothing(id: "a", undo: ["step": "a"])) == .undone)
        #expect(try answer(host, .observe, call) == .observed(Observation(standing: .needed, changes: [change])))
        host.process.shutdown(now: host.now)
        #expect(try host.end() == nil)
        #expect(try host.leftovers() == [])
    }

    @Test func `sixteen calls at once each get their own answer`() throws {
        let host = try noop()
        try host.ready()
        let calls = try (0..<16).map {
            try host.process.send(
                .apply, HostFixture.nothing(id: "s\($0)", inputs: ["sleepMilliseconds": 5]), now: host.now)
        }
        try host.run { _ in !host.process.hasOpenCalls }
        #expect(calls.allSatisfy { host.events.contains(.answered(call: $0, .applied(outputs: [:]))) })
    }

    @Test func `what a step prints goes to standard error and does no harm`() throws {
        let host = try noop()
        try host.ready()
        let call = HostFixture.nothing(id: "a", inputs: ["says": "{\"jsonrpc\":\"2.0\"}"])
        #expect(try answer(host, .apply, call) == .applied(outputs: [:]))
        host.process.shutdown(now: host.now)
        #expect(try host.end() == nil)
        #expect(host.standardError == ["{\"jsonrpc\":\"2.0\"}"])
    }

    @Test func `a cancelled call is answered as such, and others go on`() throws {
        let host = try noop()
        try host.ready()
        let long = try host.process.send(
            .apply, HostFixture.nothing(id: "long", inputs: ["sleepMilliseconds": 3_600_000]), now: host.now)
        try host.run { if case .begin = $0 { true } else { false } }
        host.process.cancel(long)
        try host.run { if case .failed(long, _) = $0 { true } else { false } }
        #expect(host.failure(of: long)?.code == "plugin.cancelled")
        #expect(host.failure(of: long)?.kind == .unknownOutcome)
        #expect(try answer(host, .check, HostFixture.nothing(id: "b")) != nil)
    }

    @Test func `shutting down in mid-call cancels it and waits for its answer`() throws {
        let host = try noop()
        try host.ready()
        let long = try host.process.send(
            .apply, HostFixture.nothing(id: "long", inputs: ["sleepMilliseconds": 3_600_000]), now: host.now)
        try host.run { if case .begin = $0 { true } else { false } }
        host.process.shutdown(now: host.now)
        #expect(try host.end() == nil)
        #expect(host.failure(of: long)?.code == "plugin.cancelled")
    }

    @Test func `a plugin built with another definition is refused, with what mends it`() throws {
        let host = try HostFixture("wellBehaved", definitions: [:]) { launch in
            var opener = PluginExecutable.Opener()
            launch.executable = try opener.open(productPath("noop-plugin"))
            launch.plugin = "noop"
            launch.definitions = ["nothing": HostFixture.definition, "more": HostFixture.definition]
        }
        let error = try #require(try host.end())
        #expect(error.code == "plugin.definition-mismatch")
        #expect(error.summary.contains("has no step more"))
        #expect(error.help?.contains("muster plugin build noop@") == true)
    }
}
