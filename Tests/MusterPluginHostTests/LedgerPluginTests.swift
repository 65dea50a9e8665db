// SPDX-License-Identifier: Apache-2.0

import Foundation
import MusterModel
import MusterPluginHost
import MusterPluginProtocol
import Testing

/// The plugin that tests of rollback rely on, each call in a process of its own.
@Suite struct LedgerPluginTests {
    private let file = FileManager.default.temporaryDirectory.appending(path: "ledger-\(UUID().uuidString)").path

    /// What a verb answered, or the code of its failure.
    private enum Reply: Equatable {
        case answer(PluginAnswer)
        case failure(String, StepFailure.Kind)
    }

    private func call(_ verb: PluginVerb, _ inputs: [String: JSON] = [:], undo: JSON? = nil) throws -> Reply {
        let host = try HostFixture("wellBehaved", definitions: [:]) { launch in
            var opener = PluginExecutable.Opener()
            launch.executable = try opener.open(productPath("noop-plugin"))
            launch.plugin = "noop"
        }
        try host.ready()
        let call = HostFixture.nothing(id: "a", inputs: inputs.merging(["ledger": .string(file)]) { $1 }, undo: undo)
        let id = try host.process.send(verb, call, now: host.now)
        let event = try host.run {
            switch $0 {
            case .answered(id, _), .failed(id, _): true
            default: false
            }
        }
        if case .answered(_, let answer) = event { return .answer(answer) }
        let failure = try #require(host.failure(of: id))
        return .failure(failure.code, failure.kind)
    }

    private var ledger: [String] {
        // No file: no effect.
        ((try? String(contentsOfFile: file, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
    }

    private func standing(_ inputs: [String: JSON] = [:]) throws -> Observation.Standing? {
        guard case .answer(.observed(let observation)) = try call(.observe, inputs) else { return nil }
        return observation.standing
    }

    private static let undo: JSON = ["step": "a"]

    @Test func `effects are counted over all processes, and put back once`() throws {
        #expect(try standing() == .needed)
        #expect(try call(.apply) == .answer(.applied(outputs: [:])))
        #expect(try standing() == .satisfied)
        for _ in 0..<2 { #expect(try call(.undo, undo: Self.undo) == .answer(.undone)) }
        #expect(try standing() == .needed)
        #expect(ledger == ["apply a r done", "undo a r "])
    }

    @Test func `an undo fails as often as it is told to`() throws {
        _ = try call(.apply)
        let inputs: [String: JSON] = ["undoFails": 2]
        for _ in 0..<2 { #expect(try call(.undo, inputs, undo: Self.undo) == .failure("noop.fails", .retryable)) }
        #expect(try call(.undo, inputs, undo: Self.undo) == .answer(.undone))
        #expect(ledger.count { $0.hasPrefix("undo ") } == 1)
    }

    @Test func `an undo whose answer is lost has put everything back`() throws {
        _ = try call(.apply)
        let inputs: [String: JSON] = ["undoFails": 1, "undoFailsAs": "unknown"]
        #expect(try call(.undo, inputs, undo: Self.undo) == .failure("noop.lost", .unknownOutcome))
        #expect(try standing() == .needed)
        #expect(try call(.undo, inputs, undo: Self.undo) == .answer(.undone))
        #expect(ledger.count { $0.hasPrefix("undo ") } == 1)
    }

    @Test func `an undo by half is partial, a lie is none`() throws {
        _ = try call(.apply)
        #expect(try call(.undo, ["undoLies": true], undo: Self.undo) == .answer(.undone))
        #expect(try standing() == .satisfied)
        #expect(try call(.undo, ["undoHalves": 1], undo: Self.undo) == .answer(.undone))
        #expect(try standing() == .partial)
        #expect(try call(.undo, ["undoHalves": 1], undo: Self.undo) == .answer(.undone))
        #expect(try standing() == .needed)
    }

    @Test func `what it needs before an undo is a condition, and what others have put there is left alone`() throws {
        func met(_ verdict: ConditionResult.Verdict, _ says: String) -> Reply {
            .answer(.checked([ConditionResult(id: "undo-ready", verdict: verdict, says: says)]))
        }
        let inputs: [String: JSON] = ["undoNeeds": .string("\(file).key")]
        #expect(try call(.check, inputs, undo: Self.undo) == met(.unmet, "\(file).key is missing."))
        try "".write(toFile: "\(file).key", atomically: false, encoding: .utf8)
        #expect(try call(.check, inputs, undo: Self.undo) == met(.met, "\(file).key is there."))
        try "other a - mine\n".write(toFile: file, atomically: false, encoding: .utf8)
        #expect(try call(.undo, undo: Self.undo) == .failure("noop.changed", .permanent))
        #expect(ledger == ["other a - mine"])
    }
}
