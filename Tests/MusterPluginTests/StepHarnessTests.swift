// SPDX-License-Identifier: Apache-2.0

import Foundation
import MusterPlugin
import Synchronization
import Testing

@Suite struct StepHarnessTests {
    let name = UUID().uuidString
    var cloud: Cloud { Cloud.named(name) }

    private func harness(
        _ change: (inout StepHarness<SetValue>.Options) -> Void = { _ in }
    ) throws -> StepHarness<SetValue> {
        var options = StepHarness<SetValue>.Options()
        change(&options)
        return try StepHarness(SetValue.self, connections: ["cloud": SetValue.Connection(name: name)], options: options)
    }

    @Test func `a step goes through its five verbs`() async throws {
        let step = try harness()
        cloud.state.withLock { $0.values["k"] = "old" }
        let inputs = ["key": "k", "value": "new"]
        #expect(
            try await step.check(inputs) == [
                .met("key-allowed", "k may be set", evidence: ["keys"]),
                .unverifiable("quota", "The quota could not be read."),
            ])
        #expect(try step.evidence("keys", as: [String: Int].self) == [["count": 1]])
        #expect(try await step.observe(inputs) == .needed([Change("k", from: "old", to: "new")]))
        #expect(try await step.apply(inputs) == .init(previous: "old"))
        #expect(try step.begun() == [.init(key: "k", previous: "old")])
        #expect(step.progress == ["writing"])
        #expect(try await step.observe(inputs) == .satisfied(.init(previous: "old")))
        #expect(try await step.verify(inputs) == [.met("is-set", "new")])
        try await step.undo(inputs)
        #expect(cloud.state.withLock { $0.values } == ["k": "old"])
    }

    @Test func `a proof may hand on what it found`() async throws {
        let step = try StepHarness(Measure.self)
        #expect(try await step.report(["length": 3]) == Report([.met("has-length", "3")], .init(length: 3)))
        #expect(try await step.report(["length": 0]) == Report([.unmet("has-length", "none")], nil))
        #expect(try await step.verify(["length": 3]) == [.met("has-length", "3")])
    }

    @Test func `nothing has changed when begin is asked`() async throws {
        let cloud = cloud
        let writes = Cloud.named(name + "-seen")
        let step = try harness {
            $0.onBegin = { writes.state.withLock { seen in seen.writes += 1 + 100 * cloud.state.withLock(\.writes) } }
        }
        _ = try await step.apply(["key": "k", "value": "v"])
        #expect(writes.state.withLock(\.writes) == 1)
        #expect(cloud.state.withLock(\.writes) == 1)
    }

    @Test func `a refused begin reaches the step, which has no effect`() async throws {
        let refusal = StepError.permanent("engine.lease-lost", "Another run holds the lease.")
        let step = try harness { $0.onBegin = { throw refusal } }
        await #expect(throws: refusal) { try await step.apply(["key": "k", "value": "v"]) }
        #expect(cloud.state.withLock(\.writes) == 0)
    }

    @Test func `a step that goes on after a refusal is in doubt`() async throws {
        let step = try harness { $0.onBegin = { throw StepError.permanent("engine.lease-lost", "Gone.") } }
        let error = await #expect(throws: StepError.self) {
            try await step.apply(["key": "k", "value": "v", "fails": "goes-on"])
        }
        #expect(error?.kind == .unknownOutcome)
        #expect(error?.code == "plugin.went-on-unasked")
    }

    @Test(arguments: [
        ("before", StepError.Kind.permanent, "plugin.unexpected-error"),
        ("after", .unknownOutcome, "plugin.unexpected-error"),
        ("retryable", .retryable, "Throttled"),
    ])
    func `what an error means depends on whether the effect had begun`(
        _ fails: String, _ kind: StepError.Kind, _ code: String
    ) async throws {
        let step = try harness()
        let error = await #expect(throws: StepError.self) {
            try await step.apply(["key": "k", "value": "v", "fails": fails])
        }
        #expect(error?.kind == kind)
        #expect(error?.code == code)
    }

    @Test func `cancelling after begin leaves the outcome unknown`() async throws {
        let step = try harness()
        let task = Task { try await step.apply(["key": "k", "value": "v", "fails": "sleeps"]) }
        while step.progress.isEmpty { await Task.yield() }
        task.cancel()
        let error = await #expect(throws: StepError.self) { try await task.value }
        #expect(error == .unknownOutcome("plugin.cancelled", "The call was cancelled after its effect had begun."))
    }

    @Test func `cancelling while begin is asked is known to have had no effect`() async throws {
        let step = try harness { $0.onBegin = { try await Task.sleep(for: .seconds(3600)) } }
        let task = Task { try await step.apply(["key": "k", "value": "v"]) }
        while try step.begun().isEmpty { await Task.yield() }
        task.cancel()
        let error = await #expect(throws: StepError.self) { try await task.value }
        #expect(error == .retryable("plugin.cancelled", "The call was cancelled before any effect."))
        #expect(cloud.state.withLock(\.writes) == 0)
    }

    @Test func `wrong inputs and missing connections name what is wrong`() async throws {
        let step = try harness()
        let wrong = await #expect(throws: StepError.self) { try await step.check(["key": "k"]) }
        #expect(wrong?.code == "plugin.invalid-inputs")
        #expect(wrong?.message.contains("value") == true)
        let lonely = try StepHarness(SetValue.self)
        let missing = await #expect(throws: StepError.self) { try await lonely.check(["key": "k", "value": "v"]) }
        #expect(missing?.code == "plugin.no-connection")
        #expect(missing?.message.contains("\"cloud\"") == true)
    }

    @Test func `a check with undo data answers what must hold before the undo, and only that`() async throws {
        let step = try harness()
        let inputs = ["key": "k", "value": "new"]
        _ = try await step.apply(inputs)
        #expect(try await step.checkUndo(inputs) == [.met("untouched-since", "k is new")])
        cloud.state.withLock { $0.values["k"] = "other" }
        #expect(
            try await step.checkUndo(inputs, with: .init(key: "k", previous: "old"))
                == [.unmet("untouched-since", "Somebody has set k to other")])
        #expect(try await step.check(inputs).map(\.id) == ["key-allowed", "quota"])
    }

    @Test func `a step without conditions for its undo answers none, and one that cannot be undone says so`()
        async throws
    {
        let plain = try StepHarness(Plain.self)
        #expect(try await plain.checkUndo(["value": "v"], with: NoUndo()) == [])
        let error = await #expect(throws: StepError.self) { try await harness().checkUndo(["key": "k", "value": "v"]) }
        #expect(error?.code == "plugin.no-undo-data")
    }

    @Test func `undo without data says so`() async throws {
        let error = await #expect(throws: StepError.self) { try await harness().undo(["key": "k", "value": "v"]) }
        #expect(error?.code == "plugin.no-undo-data")
    }

    @Test func `a proof is always still to be made, and its evidence is bounded`() async throws {
        let step = try StepHarness(Boast.self)
        #expect(try await step.observe(["bytes": 1]) == .needed([]))
        #expect(try await step.check(["bytes": 1]) == [])
        #expect(try await step.verify(["bytes": 1_000_000]) == [.met("said", "It was said.")])
        #expect(step.evidenceNames == ["words"])
        #expect(step.log == ["boasting"])
        let error = await #expect(throws: StepError.self) { try await step.verify(["bytes": 4 << 20]) }
        #expect(error?.code == "plugin.invalid-evidence")
        #expect(error?.message.contains("4 MiB") == true)
    }
}
