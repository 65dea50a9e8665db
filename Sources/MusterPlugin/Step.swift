// SPDX-License-Identifier: Apache-2.0

/// What all kinds of step share: typed inputs and outputs, preconditions, a read of the target, and a proof.
///
/// A type conforms to one of the three kinds, the one that its definition names under `effect:`
///
/// | `effect:` in the definition | conform to | write |
/// |---|---|---|
/// | `none` | ``ProofStep`` | ``check(_:_:)``, ``verify(_:_:)`` |
/// | `none`, with `outputs` | ``ReportStep`` | ``check(_:_:)``, ``ReportStep/report(_:_:)`` |
/// | `irreversible` | ``EffectStep`` | also ``observe(_:_:)``, ``EffectStep/apply(_:_:_:)`` |
/// | `reversible` | ``ReversibleStep`` | also ``ReversibleStep/undo(_:_:_:_:)``, ``ReversibleStep/checkUndo(_:_:_:)`` |
///
/// The engine makes a fresh value with ``init()`` for every call, and calls of different steps run at the same time in
/// one process. Keep what calls share (an HTTP client, say) in an actor or an immutable global, and don't remember
/// anything about a target: the process may end at any moment and a later call is served by a new one.
///
/// ``check(_:_:)``, ``observe(_:_:)`` and ``verify(_:_:)`` only read. They are called any number of times, in plans
/// too, where no effect will follow.
///
/// Every verb may throw ``StepError``, which says what the engine may do next. Another error counts as permanent, or as
/// unknown outcome once the effect was allowed to begin. A call that takes longer than ``StepContext/timeout`` or
/// that an operator stops is cancelled: its `Task` is, and `CancellationError` may be thrown on. Some seconds after a
/// time-out the engine ends the process.
public protocol Step: Sendable {
    /// What the runbook gives under `with:`; its members are the definition's `inputs`.
    associatedtype Inputs: Decodable & Sendable
    /// What later steps can refer to; its members are the definition's `outputs`. ``NoOutputs`` when there are none.
    associatedtype Outputs: Codable & Sendable = NoOutputs

    /// The name inside the plugin, such as `set-protector`.
    static var name: String { get }

    /// The bytes of the step's definition, `steps/<name>.yaml`.
    ///
    /// SwiftPM embeds them: with `.embedInCode("steps/set-protector.yaml")` this is
    /// `PackageResources.set_protector_yaml`. The engine compares their git blob id with the one that the runbook's
    /// lock pins, before any effect.
    static var definition: [UInt8] { get }

    /// A value for one call; it must cost next to nothing.
    init()

    /// Answers each precondition of the definition, once, by its id; but not those `at: undo`, which
    /// ``ReversibleStep/checkUndo(_:_:_:)`` answers.
    ///
    /// What could not be found out is ``Condition/unverifiable(_:_:evidence:)``, never met. Throw only when nothing
    /// at all could be checked. Read-only.
    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition]

    /// Finds out where the target stands.
    ///
    /// This one read serves the plan's differences, the test whether the step is needed, the look at a step whose
    /// effect was begun before a crash (``StepContext/recordedUndo(as:)`` then has its undo data) and the proof of an
    /// undo. Hence it must look at the target itself and never at what the plugin did before. Read-only.
    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<Outputs>

    /// Answers each postcondition of the definition, once, by its id.
    ///
    /// Called after ``EffectStep/apply(_:_:_:)`` and also without it, when the target already was as wanted. Read-only.
    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition]
}

extension Step {
    /// No preconditions, for a definition that declares none.
    public func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] { [] }
}

/// A step without effect: a proof, a wait, a report. ``Step/verify(_:_:)`` is its work.
///
/// ```swift
/// struct VerifyProtectors: ProofStep {
///     static let name = "verify-protectors"
///     static let definition = PackageResources.verify_protectors_yaml
///
///     struct Inputs: Decodable { let server: String }
///
///     func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
///         let protector = try await Azure(context).protector(of: inputs.server)
///         return [protector.isHealthy
///             ? .met("protector-healthy", "\(inputs.server) uses \(protector.key)")
///             : .unmet("protector-healthy", "\(inputs.server) reports \(protector.state)")]
///     }
/// }
/// ```
public protocol ProofStep: Step {}

extension ProofStep {
    /// A proof is always still to be made. The engine does not ask for it.
    public func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<Outputs> { .needed([]) }
}

/// A proof that also hands on what it found, for later steps and for measures.
///
/// ```swift
/// func report(_ inputs: Inputs, _ context: StepContext) async throws -> Report<Outputs> {
///     let lag = try await Replica(context).lag()
///     return Report([.met("lag-known", "The replica is \(lag) behind")], Outputs(lag: lag))
/// }
/// ```
public protocol ReportStep: ProofStep {
    /// Answers each postcondition of the definition, once, by its id, and gives the outputs. Read-only.
    ///
    /// The outputs count only when every postcondition is met.
    func report(_ inputs: Inputs, _ context: StepContext) async throws -> Report<Outputs>
}

extension ReportStep {
    /// The postconditions of ``report(_:_:)``.
    public func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await report(inputs, context).postconditions
    }
}

/// What a ``ReportStep`` found.
public struct Report<Outputs: Sendable>: Sendable {
    /// One answer for each postcondition.
    public let postconditions: [Condition]
    /// Nil when there is nothing to hand on, since a postcondition is not met.
    public let outputs: Outputs?

    /// What was found.
    public init(_ postconditions: [Condition], _ outputs: Outputs?) {
        self.postconditions = postconditions
        self.outputs = outputs
    }
}

extension Report: Equatable where Outputs: Equatable {}

/// A step with an effect that cannot be taken back. One that can is a ``ReversibleStep``.
public protocol EffectStep: Step {
    /// What was there before; enough to put it back, by program or by hand. ``NoUndo`` when there is nothing to say.
    associatedtype Undo: Codable & Sendable

    /// Brings the target to where it is wanted.
    ///
    /// Before the first effect it reads what is there and calls ``EffectGate/begin(undo:)``, which returns once that is
    /// stored durably and the engine has checked once more that the effect may happen. Nothing may change before.
    /// When it finds the target as wanted it returns without `begin`.
    ///
    /// It may be called again for the same step after a crash or a retryable error, with the same
    /// ``StepContext/idempotencyKey``; the engine observes first. Throw ``StepError/unknownOutcome(_:_:remedy:)``
    /// when it is not known whether a request took effect (a connection lost before the answer), never a retryable
    /// error.
    ///
    /// - Returns: the outputs. They count as claimed until ``Step/verify(_:_:)`` has shown them.
    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs
}

/// A step whose effect can be put back.
///
/// ```swift
/// struct SetProtector: ReversibleStep {
///     static let name = "set-protector"
///     static let definition = PackageResources.set_protector_yaml
///
///     struct Inputs: Decodable { let server: String, key: String }
///     struct Outputs: Codable { let thumbprint: String }
///     struct Undo: Codable { let previousKey: String }
///
///     func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs {
///         let azure = try Azure(context)
///         let before = try await azure.protector(of: inputs.server)
///         try await gate.begin(undo: Undo(previousKey: before.key))
///         context.progress("setting the protector")
///         let after = try await azure.setProtector(of: inputs.server, to: inputs.key, id: context.idempotencyKey)
///         return Outputs(thumbprint: after.thumbprint)
///     }
///
///     func undo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext, _ gate: EffectGate<Undo>) async throws {
///         try await gate.begin(undo: undo)
///         _ = try await Azure(context).setProtector(of: inputs.server, to: undo.previousKey, id:
///         context.idempotencyKey)
///     }
///     // observe and verify
/// }
///
/// @main struct Main {
///     static func main() async { await PluginMain.run("failover-group-key-swap", [SetProtector.self]) }
/// }
/// ```
public protocol ReversibleStep: EffectStep {
    /// Answers each precondition that the definition declares `at: undo`, once, by its id.
    ///
    /// The engine asks this just before the step is undone, when what came after it has been put back already, and shows
    /// the answers with their remedies. Declare and look at what ``undo(_:_:_:_:)`` needs and cannot bring about itself:
    /// that the previous key still exists, that replication is healthy, that nobody has changed the target since. Where
    /// ``undo(_:_:_:_:)`` has nothing left to do, say so and let the condition be met: it may have been called before.
    /// What an earlier call began may still be under way: wait for it as the undo does.
    ///
    /// What could not be found out is ``Condition/unverifiable(_:_:evidence:)``, never met. Throw only when nothing
    /// at all could be checked. Read-only, called any number of times.
    ///
    /// ```swift
    /// func checkUndo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext) async throws -> [Condition] {
    ///     let key = try await Azure(context).key(undo.previousKey)
    ///     return [key.isEnabled
    ///         ? .met("previous-key-usable", "\(undo.previousKey) is enabled")
    ///         : .unmet("previous-key-usable", "\(undo.previousKey) is disabled")]
    /// }
    /// ```
    ///
    /// - Parameter undo: the data that ``undo(_:_:_:_:)`` would be given.
    func checkUndo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext) async throws -> [Condition]

    /// Puts back what `undo` says.
    ///
    /// It must succeed when nothing, a part or all of the effect is there, and when it was called before: a call that is
    /// cut off by a crash is made again, in another process, while what it began may still be under way. So look at
    /// the target first, wait for what is under way, and do only what is left to do. What somebody else has changed
    /// since is not this step's to put back: throw ``StepError/permanent(_:_:remedy:)``. It too calls
    /// ``EffectGate/begin(undo:)`` before its first effect. Afterwards ``Step/observe(_:_:)`` is asked for the proof:
    /// it says ``Observed/needed(_:)`` when all is as it was before the step, and ``Observed/absent(_:remains:)`` where
    /// something is left that this cannot take away.
    ///
    /// - Parameter undo: the last data that ``apply(_:_:_:)``, or an earlier call of this, gave to
    ///   ``EffectGate/begin(undo:)``, maybe in another process.
    func undo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext, _ gate: EffectGate<Undo>) async throws
}

extension ReversibleStep {
    /// No preconditions, for a definition that declares none `at: undo`.
    public func checkUndo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext) async throws -> [Condition] { [] }
}

/// The outputs of a step that has none.
public struct NoOutputs: Hashable, Sendable, Codable {
    /// The only value.
    public init() {}

    /// Writes an empty object.
    public func encode(to encoder: any Encoder) throws { _ = encoder.container(keyedBy: NoMembers.self) }
    /// Reads nothing.
    public init(from decoder: any Decoder) throws {}
}

/// The undo data of a step that needs none.
public struct NoUndo: Hashable, Sendable, Codable {
    /// The only value.
    public init() {}

    /// Writes an empty object.
    public func encode(to encoder: any Encoder) throws { _ = encoder.container(keyedBy: NoMembers.self) }
    /// Reads nothing.
    public init(from decoder: any Decoder) throws {}
}

private enum NoMembers: CodingKey {}
