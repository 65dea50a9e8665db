// SPDX-License-Identifier: Apache-2.0

internal import MusterExpressions
package import MusterMachine
package import MusterModel
internal import MusterPluginProtocol

/// Looks at the target of every step of a plan: `check` and `observe`, nothing else, before the first effect.
///
/// What depends on an earlier step that still has something to do cannot be known; it says after which step it will be.
package struct PlanPreview {
    /// A look that failed: the plan cannot be trusted.
    package struct Problem: Hashable, Sendable {
        package var step: String
        package var failure: StepFailure

        package init(step: String, failure: StepFailure) {
            self.step = step
            self.failure = failure
        }
    }

    /// Most calls under way at once.
    private static let callsMax = 64
    /// Longest time that one look may take, however long the step's effect may.
    private static let lookMilliseconds: Int64 = 120_000

    private var plan: Plan
    private let isProving: Bool
    private let world: any EngineWorld
    private let positions: [String: Int]
    private var inputs: [Int: [String: JSON]] = [:]
    private var previews: [Int: PlannedStep.Preview] = [:]
    /// Outputs of steps that are already as wanted.
    private var outputs: [String: [String: JSON]] = [:]
    private var problems: [Problem] = []
    private var queue: [OutgoingCall] = []
    private var open: [StepTask: Int] = [:]
    private var isStopped = false
    /// What plugins said while they looked; worth reading when a look failed.
    package private(set) var logs: [PluginLog] = []
    /// What the steps without an effect showed, by step; empty unless it was asked for.
    package private(set) var proofs: [String: [ConditionResult]] = [:]

    /// Steps that the run skips whatever others find: nobody waits for what they hand on.
    private let leftOut: Set<String>

    /// - Parameter proving: also has the steps without an effect give their proofs, which are as read-only as the looks. What
    ///   they hand on when all is shown is known to later steps.
    package init(_ plan: Plan, _ world: any EngineWorld, proving: Bool = false) {
        self.plan = plan
        isProving = proving
        self.world = world
        positions = Dictionary(uniqueKeysWithValues: plan.steps.enumerated().map { ($0.element.id, $0.offset) })
        leftOut = Set(plan.steps.filter(plan.leavesOut).map(\.id))
    }

    /// The plan with a preview at each step that a plugin carries out, and the looks that failed.
    package mutating func look() -> (plan: Plan, problems: [Problem]) {
        var waiting = plan.steps.indices.filter { !definition($0).reference.isBuiltIn }
        while !waiting.isEmpty, !isStopped {
            let (now, later) = sorted(waiting)
            for at in now { ask(at) }
            drain()
            waiting = later
        }
        for (at, preview) in previews { plan.steps[at].preview = preview }
        return (plan, problems)
    }

    private func definition(_ at: Int) -> PlannedDefinition { plan.definitions[plan.steps[at].uses]! }

    // MARK: What can be asked

    /// Those that can be looked at now, and those that must wait for the looks of others. The rest is settled.
    private mutating func sorted(_ waiting: [Int]) -> (now: [Int], later: [Int]) {
        var now: [Int] = []
        var later: [Int] = []
        let open = Set(waiting)
        for at in waiting {
            let sources = outputSources(plan.steps[at])
            if sources.contains(where: { open.contains(positions[$0] ?? -1) }), !sources.contains(plan.steps[at].id) {
                later.append(at)
                continue
            }
            let unknown = sources.filter { outputs[$0] == nil && !leftOut.contains($0) }
            if !unknown.isEmpty {
                previews[at] = .init(preconditions: [], observation: nil, knownAfter: unknown)
            } else if let values = evaluated(at) {
                inputs[at] = values
                now.append(at)
            }
        }
        // Waiting only for each other would never end; lint keeps that out.
        if now.isEmpty, later.count == waiting.count { return ([], []) }
        return (now, later)
    }

    private func outputSources(_ step: PlannedStep) -> [String] {
        var sources: [String] = []
        // A text that is no template was refused by lint.
        let condition = step.condition.flatMap { try? Expression($0) }?.references ?? []
        for reference in ((try? references(in: .object(step.with))) ?? []) + condition {
            if let source = reference.step, !sources.contains(source) { sources.append(source) }
        }
        return sources
    }

    /// Nil when the step's condition is false, or an expression has no value, which is a problem.
    private mutating func evaluated(_ at: Int) -> [String: JSON]? {
        let step = plan.steps[at]
        var roots: [String: JSON] = ["inputs": .object(plan.inputs), "environment": .object(plan.environment.values)]
        if let item = step.group?.item { roots["item"] = item }
        // A run's id is not known before it runs; its kind is.
        roots["run"] = ["id": "planned", "kind": .string(plan.kind.rawValue)]
        let scope = ValueScope(roots: roots, outputs: outputs)
        do {
            if let condition = step.condition, try !Expression(condition).holds(in: scope) { return nil }
            return try step.with.mapValues { try evaluate($0, in: scope) }
        } catch {
            let failure = StepFailure(
                kind: .permanent, code: "expression.failed", message: "An expression has no value: \(error)")
            problems.append(Problem(step: step.id, failure: failure))
            return nil
        }
    }

    // MARK: Asking

    private mutating func ask(_ at: Int) {
        previews[at] = .init(preconditions: [], observation: nil, knownAfter: [])
        queue.append(call(at, .check))
        if definition(at).effect != .none {
            queue.append(call(at, .observe))
        } else if isProving {
            queue.append(call(at, .verify))
        }
    }

    private static let tasks: [PluginVerb: StepTask.Verb] = [.check: .check, .observe: .observe, .verify: .verify]

    private func call(_ at: Int, _ verb: PluginVerb) -> OutgoingCall {
        let step = plan.steps[at]
        let definition = definition(at)
        return OutgoingCall(
            task: StepTask(step: step.id, attempt: 0, verb: Self.tasks[verb] ?? .observe),
            verb: verb, definition: definition,
            call: StepCall(
                step: definition.reference.step, run: nil, id: step.id, attempt: 1, idempotencyKey: "",
                timeoutMilliseconds: min(step.timeoutMilliseconds, Self.lookMilliseconds), inputs: inputs[at]!,
                connections: [:], undo: nil))
    }

    private mutating func drain() {
        while !queue.isEmpty || !open.isEmpty {
            while open.count < Self.callsMax, !queue.isEmpty {
                let call = queue.removeFirst()
                open[call.task] = positions[call.task.step]!
                world.start(call)
            }
            for input in world.wait(until: nil) { take(input) }
        }
    }

    private mutating func take(_ input: EngineInput) {
        switch input {
        case .answered(let task, let result):
            guard let at = open.removeValue(forKey: task) else { return }
            do {
                try keep(result.get(), task, at)
            } catch {
                problems.append(Problem(step: task.step, failure: error))
            }
        case .begin(let task, let request, _):
            world.answerBegin(task, request: request, refusal: "a plan has no effects")
        case .stop(let request, _): interrupt(request.reason)
        case .pause(let request, _): interrupt(request.reason)
        case .decided, .rollBack, .lease, .approved: break
        case .pluginLog(let log): logs = logs.suffix(19) + [log]
        case .progress, .evidence, .confirmed: break
        }
    }

    private mutating func interrupt(_ reason: String) {
        isStopped = true
        queue.removeAll()
        problems.append(
            Problem(step: "", failure: StepFailure(kind: .permanent, code: "plan.interrupted", message: reason)))
        open.removeAll()
    }

    private mutating func keep(_ answer: PluginAnswer, _ task: StepTask, _ at: Int) throws(StepFailure) {
        for event in try StepAnswer(definition: definition(at), task: task, answer: answer).events {
            switch event {
            case .stepChecked(let body): previews[at]!.preconditions = body.preconditions
            case .stepObserved(let body):
                previews[at]!.observation = body.observation
                if body.observation.standing == .satisfied { outputs[task.step] = body.observation.outputs }
            case .stepVerified(let body):
                proofs[task.step] = body.postconditions
                if body.postconditions.allSatisfy({ $0.verdict == .met }) { outputs[task.step] = body.outputs ?? [:] }
            default: break
            }
        }
    }
}
