// SPDX-License-Identifier: Apache-2.0

import Foundation
import MusterModel
import MusterPluginHost
import MusterPluginProtocol
import MusterSystem
import Testing

/// A plugin's misbehaviour and the error that the run gets.
struct Misbehaviour: CustomTestStringConvertible, Sendable {
    let mode: String
    var verb = PluginVerb.apply
    let code: String
    /// What the error must name.
    let says: String
    /// What it means for the open call; nil when none was open.
    var kind: StepFailure.Kind?

    var testDescription: String { mode }
}

@Suite struct PluginProcessTests {
    @Test(arguments: [
        Misbehaviour(mode: "diesAtOnce", code: "plugin.exited", says: "exited with status 3"),
        Misbehaviour(mode: "wrongVersion", code: "plugin.wrong-version", says: "version 2"),
        Misbehaviour(mode: "wrongName", code: "plugin.wrong-name", says: "somebody-else"),
        Misbehaviour(mode: "wrongDefinition", code: "plugin.definition-mismatch", says: "bbbbbbbbbb of step harm"),
        Misbehaviour(mode: "garbage", code: "plugin.protocol-error", says: "Segmentation fault"),
        Misbehaviour(mode: "refuses", code: "hostile.refuses", says: "not today"),
        Misbehaviour(mode: "speaksFirst", code: "plugin.protocol-error", says: "answer to initialize"),
    ])
    func `a handshake that goes wrong ends the plugin before it is told anything`(_ case: Misbehaviour) throws {
        let host = try HostFixture(`case`.mode)
        let error = try #require(try host.end())
        #expect(error.code == `case`.code)
        #expect(error.summary.contains(`case`.says), "\(error.summary)")
        #expect(!host.process.isReady)
        #expect(try host.leftovers() == [])
    }

    @Test(arguments: [
        Misbehaviour(mode: "answersTwice", code: "plugin.protocol-error", says: "call 2 is answered a second time"),
        Misbehaviour(
            mode: "answersThenReports", code: "plugin.protocol-error", says: "progress for call 2, which has ended"),
        Misbehaviour(
            mode: "wrongID", code: "plugin.protocol-error", says: "call 999, which was never made", kind: .permanent),
        Misbehaviour(
            mode: "wrongResult", code: "plugin.protocol-error", says: "the result of apply does not fit", kind: nil),
        Misbehaviour(mode: "badUTF8", code: "plugin.protocol-error", says: "UTF-8", kind: .permanent),
        Misbehaviour(mode: "doubledKeys", code: "plugin.protocol-error", says: "\"id\"", kind: .permanent),
        Misbehaviour(mode: "deepNesting", code: "plugin.protocol-error", says: "deep", kind: .permanent),
        Misbehaviour(mode: "notANumber", code: "plugin.protocol-error", says: "byte", kind: .permanent),
        Misbehaviour(mode: "nullByte", code: "plugin.protocol-error", says: "byte", kind: .permanent),
        Misbehaviour(mode: "longLine", code: "plugin.protocol-error", says: "longer than 4 MiB", kind: .permanent),
        Misbehaviour(mode: "unknownRequest", code: "plugin.protocol-error", says: "readFile", kind: .permanent),
        Misbehaviour(mode: "unknownNotification", code: "plugin.protocol-error", says: "gossip", kind: .permanent),
        Misbehaviour(
            mode: "beginsInCheck", verb: .check, code: "plugin.protocol-error", says: "check asks to begin",
            kind: .permanent),
        Misbehaviour(
            mode: "beginsForUnknownCall", code: "plugin.protocol-error", says: "call 4242, which was never made",
            kind: .permanent),
        Misbehaviour(mode: "beginsTwiceWithOneID", code: "plugin.protocol-error", says: "request 77", kind: .permanent),
        Misbehaviour(mode: "resultWhileBeginning", code: "plugin.protocol-error", says: "without waiting"),
        Misbehaviour(mode: "tornLine", code: "plugin.exited", says: "in the middle of a line", kind: .retryable),
        Misbehaviour(mode: "traps", verb: .check, code: "plugin.exited", says: "was ended by signal", kind: .retryable),
        Misbehaviour(mode: "diesBeforeBegin", code: "plugin.exited", says: "exited with status 4", kind: .retryable),
        Misbehaviour(
            mode: "diesAfterBegin", code: "plugin.exited", says: "was ended by signal 9", kind: .unknownOutcome),
        Misbehaviour(mode: "floodsMessages", code: "plugin.flood", says: "20000 messages", kind: .permanent),
    ])
    func `a breach of the protocol ends the plugin and says what and where`(_ case: Misbehaviour) throws {
        let host = try HostFixture(`case`.mode)
        let call = try host.send(`case`.verb)
        let error = try #require(try host.end())
        #expect(error.code == `case`.code)
        #expect(error.summary.contains(`case`.says), "\(error.summary)")
        #expect(error.summary.count < 1000)
        if let kind = `case`.kind {
            let failure = try #require(host.failure(of: call))
            #expect(failure.kind == kind && failure.code == `case`.code)
        }
        #expect(try host.leftovers() == [])
    }

    @Test(arguments: ["floodsErrors", "floodsErrorsInLines", "floodsOutput"])
    func `a gigabyte without end costs no memory`(_ mode: String) throws {
        let before = try residentMiB()
        let host = try HostFixture(mode)
        let call = try host.send(.apply)
        if mode == "floodsOutput" {
            #expect(try host.end()?.summary.contains("longer than 4 MiB") == true)
        } else {
            try host.run { if case .answered(call, .applied) = $0 { true } else { false } }
            host.process.shutdown(now: host.now)
            #expect(try host.end() == nil)
            let kept = host.standardError.reduce(0) { $0 + $1.utf8.count + 1 }
            #expect(kept > 8_000 && kept <= 1 << 20)
            let dropped = host.events.compactMap {
                if case .standardErrorDropped(let bytes, _) = $0 { bytes } else { nil }
            }
            #expect(dropped.reduce(0, +) + (1 << 20) >= 1 << 30)
        }
        #expect(try residentMiB() - before < 64)
    }

    @Test(.timeLimit(.minutes(30)), arguments: ["leavesChild", "leavesDaemon"])
    func `what a plugin leaves behind is ended with it`(_ mode: String) throws {
        let host = try HostFixture(mode)
        let call = try host.send(.apply)
        try host.run { if case .answered(call, _) = $0 { true } else { false } }
        // It is there once it has been executed, which is some moments after it was started.
        while try host.leftovers().count < 2 { sched_yield() }
        host.process.shutdown(now: host.now)
        #expect(try host.end() == nil)
        #expect(try host.leftovers() == [])
    }

    @Test func `a host that is let go leaves no process`() throws {
        var host: HostFixture? = try HostFixture("leavesDaemon")
        let call = try #require(try host?.send(.apply))
        try host?.run { if case .answered(call, _) = $0 { true } else { false } }
        let number = try #require(host?.process.processID)
        host = nil
        #expect(!FileManager.default.fileExists(atPath: "/proc/\(number)"))
    }

    @Test func `a secret that the plugin tells is hidden everywhere`() throws {
        let host = try HostFixture("tellsSecrets")
        host.process.hide("correct horse battery", name: "cloud.secret")
        let call = try host.send(.apply, HostFixture.call(connections: ["cloud": ["secret": "correct horse battery"]]))
        try host.run { if case .answered(call, _) = $0 { true } else { false } }
        host.process.shutdown(now: host.now)
        #expect(try host.end() == nil)
        #expect(host.progress == ["the secret is [secret:cloud.secret]"])
        #expect(host.standardError == ["the secret is [secret:cloud.secret]"])
        #expect(!"\(host.events)".contains("correct horse"))
    }

    @Test func `a plugin sees the allowed environment only and has no rights to gain`() throws {
        let host = try HostFixture("tellsEnvironment")
        let call = try host.send(.check)
        try host.run { if case .answered(call, _) = $0 { true } else { false } }
        let names = Set(host.progress.map { String($0.prefix { $0 != "=" }) })
        #expect(names == ["PATH", "TMPDIR", "SWIFT_BACKTRACE", "MUSTER_PLUGIN_INSTANCE"])

        let other = try HostFixture("tellsRights")
        let second = try other.send(.check)
        try other.run { if case .answered(second, _) = $0 { true } else { false } }
        #expect(other.progress == ["core 0", "NoNewPrivs: 1", "descriptors [0, 1, 2]"])
    }
}
