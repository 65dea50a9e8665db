// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// The answer for one precondition or postcondition.
public struct Condition: Hashable, Sendable {
    /// What the answer says.
    public enum Verdict: Hashable, Sendable {
        /// It was looked at and holds.
        case met
        /// It was looked at and does not hold.
        case unmet
        /// It could not be looked at, for instance for want of a permission. Never counts as met.
        case unverifiable
    }

    /// The condition's id in the definition.
    public let id: String
    /// Whether it holds.
    public let verdict: Verdict
    /// What was seen, in one sentence with names and values: `server-a is Ready and has an identity`.
    public let says: String
    /// Names of the evidence that shows it, as given to ``StepContext/evidence(_:_:)``.
    public let evidence: [String]

    /// The condition holds.
    public static func met(_ id: String, _ says: String, evidence: [String] = []) -> Condition {
        Condition(id: id, verdict: .met, says: says, evidence: evidence)
    }

    /// The condition does not hold.
    public static func unmet(_ id: String, _ says: String, evidence: [String] = []) -> Condition {
        Condition(id: id, verdict: .unmet, says: says, evidence: evidence)
    }

    /// It could not be found out whether the condition holds; `says` tells why.
    public static func unverifiable(_ id: String, _ says: String, evidence: [String] = []) -> Condition {
        Condition(id: id, verdict: .unverifiable, says: says, evidence: evidence)
    }
}

/// One difference between the target and what the step wants.
public struct Change: Hashable, Sendable {
    /// What differs, such as `servers/server-a/encryptionProtector`.
    public let path: String
    /// The value now; nil when there is none.
    public let from: String?
    /// The value wanted; nil when it goes away.
    public let to: String?

    /// A difference; leave out `from` for something new and `to` for something that goes away.
    public init(_ path: String, from: String? = nil, to: String? = nil) {
        self.path = path
        self.from = from
        self.to = to
    }
}

/// Where a step's target stands.
public enum Observed<Outputs: Sendable>: Sendable {
    /// As the step wants it: nothing to do. The outputs are those that `apply` would return.
    case satisfied(Outputs)
    /// Not as the step wants it, and nothing of it is done. These changes would be made.
    case needed([Change])
    /// As ``needed(_:)``, but the effect has left something behind that no undo takes away: a name that stays taken, a deleted
    /// vault that can be recovered or is still paid for. It counts as undone, and the record of a rollback tells what remains.
    ///
    /// Say it only where ``StepContext/recordedUndo(as:)`` shows that it is of this run. `remains` is one sentence or more, with
    /// names and values: what it is, until when, and what a person can do about it.
    case absent([Change], remains: String)
    /// Some of it is there, such as a resource that is still being made ready, and applying simply goes on from it; nobody is
    /// asked. An undo takes away what is there.
    case unfinished([Change], why: String)
    /// Some of it is done: what is missing, and why this is not a clean state. A person decides.
    case partial([Change], why: String)
    /// It could not be found out. A person decides.
    case unknown(why: String)
}

/// Outputs of a step for which "already so" wants a reason, such as that something was done lately. The plan shows it.
public protocol ExplainedOutputs {
    /// One sentence; nil where the state speaks for itself. It is no output, and is not recorded as one.
    var alreadySoBecause: String? { get }
}

extension Observed: Equatable where Outputs: Equatable {}

extension Observed where Outputs == NoOutputs {
    /// As the step wants it, for a step without outputs.
    public static var satisfied: Self { .satisfied(NoOutputs()) }
}

// MARK: On the wire

extension Condition {
    var wire: ConditionResult {
        let verdict: ConditionResult.Verdict =
            switch verdict {
            case .met: .met
            case .unmet: .unmet
            case .unverifiable: .unverifiable
            }
        return ConditionResult(id: id, verdict: verdict, says: says, evidence: evidence)
    }

    init(_ wire: ConditionResult) {
        let verdict: Verdict =
            switch wire.verdict {
            case .met: .met
            case .unmet: .unmet
            case .unverifiable: .unverifiable
            }
        self.init(id: wire.id, verdict: verdict, says: wire.says, evidence: wire.evidence)
    }
}

extension Observed where Outputs: Codable {
    func wire() throws -> Observation {
        func wired(_ changes: [Change]) -> [MusterModel.Change] {
            changes.map { .init(path: $0.path, from: $0.from, to: $0.to) }
        }
        return switch self {
        case .satisfied(let outputs):
            Observation(
                standing: .satisfied, why: (outputs as? any ExplainedOutputs)?.alreadySoBecause,
                outputs: try objectMembers(of: outputs))
        case .needed(let changes): Observation(standing: .needed, changes: wired(changes))
        case .absent(let changes, let remains):
            Observation(standing: .needed, changes: wired(changes), remains: remains)
        case .unfinished(let changes, let why): Observation(standing: .needed, changes: wired(changes), why: why)
        case .partial(let changes, let why): Observation(standing: .partial, changes: wired(changes), why: why)
        case .unknown(let why): Observation(standing: .unknown, why: why)
        }
    }

    init(_ wire: Observation) throws {
        let changes = wire.changes.map { Change($0.path, from: $0.from, to: $0.to) }
        switch wire.standing {
        case .satisfied: self = .satisfied(try JSON.object(wire.outputs).decode(Outputs.self))
        case .needed:
            self =
                wire.why.map { .unfinished(changes, why: $0) }
                ?? wire.remains.map { .absent(changes, remains: $0) } ?? .needed(changes)
        case .partial: self = .partial(changes, why: wire.why ?? "")
        case .unknown: self = .unknown(why: wire.why ?? "")
        }
    }
}

/// The members of a value that encodes as a JSON object.
func objectMembers(of value: some Encodable) throws -> [String: JSON] {
    let json = try JSON(encoding: value)
    guard let members = json.object else {
        throw StepError.permanent(
            "plugin.outputs-not-an-object", "The outputs encode as \(json.kindName), not as an object.")
    }
    return members
}
