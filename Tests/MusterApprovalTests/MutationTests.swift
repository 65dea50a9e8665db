// SPDX-License-Identifier: Apache-2.0

import MusterApproval
import MusterDocuments
import MusterMachine
import MusterModel
import MusterSystem
import MusterTestSupport
import Testing

/// An approved plan in which one thing was changed is no approved plan.
struct MutationTests {
    typealias M = FourEyesMatrixTests

    private static let plan: Plan = {
        var definition = PlanFixture.definition("test/effect", effect: .reversible)
        definition.inputs = [.init(name: "server", type: "string", resource: nil, values: [], isRequired: true)]
        let steps = ["register", "swap", "prove", "back"].enumerated().map { index, id in
            PlanFixture.step(
                id, uses: index == 2 ? "test/proof" : "test/effect", needs: index == 0 ? [] : ["register"],
                attempts: index + 1, condition: index == 1 ? "inputs.go" : nil,
                with: ["server": .string("sql-\(index)"), "count": .int(Int64(index))])
        }
        var plan = M.named(PlanFixture.plan(steps, inputs: ["go": true, "server": "sql-0"]))
        plan.definitions["test/effect@1.0.0"] = definition
        plan.plugins = [.init(name: "test", executable: Digest(of: [1]), sources: PlanFixture.blob)]
        plan.locks = ["failover-group:lab"]
        plan.steps[0].preview = .init(
            preconditions: [ConditionResult(id: "ready", verdict: .met, says: "It is ready")], observation: nil,
            knownAfter: [])
        return plan
    }()

    /// Whether a run of what these bytes say would be let begin by the approvals of the plan as it was.
    private static func isAccepted(_ bytes: [UInt8], _ words: [ExaminedStatement]) throws -> Bool {
        // A file that is no plan, or is not in its one form, is refused before anything else is looked at.
        guard let read = try? JSON.parse(bytes).decode(Plan.self), try JSON(encoding: read).canonicalBytes() == bytes
        else { return false }
        return admission(ApprovedPlan(read, digest: Digest(of: bytes))).verdict(on: words).isMet
    }

    private static func admission(_ plan: ApprovedPlan) -> Admission {
        let ground = Admission.Ground(policy: M.base, rule: M.base.rules["lab"])
        return Admission(
            pinned: ground, newest: ground, plan: plan, run: M.thisRun, operators: ["ada"], authors: [], now: M.now)
    }

    private static func approved() throws -> (bytes: [UInt8], words: [ExaminedStatement]) {
        let bytes = try JSON(encoding: plan).canonicalBytes()
        let subject = ApprovedPlan(plan, digest: Digest(of: bytes))
        let words = [M.Word(by: "anu"), M.Word(by: "ben")].enumerated().map {
            M.examined($0.element, $0.offset, subject)
        }
        #expect(try isAccepted(bytes, words), "as it is, it may run")
        return (bytes, words)
    }

    private func report(_ kind: String, _ points: Int, accepted: [String], seed: UInt64) throws {
        print("\(kind): \(points) points, \(accepted.count) accepted, MUSTER_SEED=\(seed)")
        try CampaignLog.add(
            kind: kind, points: points, lost: 0, doubled: 0, notResumable: 0, wrongEnd: accepted.count, seed: seed)
        #expect(accepted.isEmpty, "\(accepted.prefix(5))")
    }

    @Test func `none of a hundred changes of a single field is let through`() throws {
        let (bytes, words) = try Self.approved()
        let whole = try JSON.parse(bytes)
        let all = Self.mutations(of: whole, at: "plan")
        let chosen = (0..<min(100, all.count)).map { all[$0 * all.count / min(100, all.count)] }
        var accepted: [String] = []
        for (place, changed) in chosen where try Self.isAccepted(changed.canonicalBytes(), words) {
            accepted.append(place)
        }
        #expect(chosen.count == 100, "there are \(all.count) fields to change")
        try report("single fields of an approved plan", chosen.count, accepted: accepted, seed: 0)
    }

    @Test func `none of five hundred flipped bits is let through`() throws {
        let (bytes, words) = try Self.approved()
        let seed = Host.variable("MUSTER_SEED").flatMap { UInt64($0) } ?? UInt64.random(in: 1...999_999_999)
        var generator = SeededRandom(seed: seed)
        var accepted: [String] = []
        var flips: Set<Int> = []
        while flips.count < 500 { flips.insert(Int.random(in: 0..<(bytes.count * 8), using: &generator)) }
        for flip in flips {
            var flipped = bytes
            flipped[flip / 8] ^= 1 << UInt8(flip % 8)
            if try Self.isAccepted(flipped, words) { accepted.append("bit \(flip)") }
        }
        try report("flipped bits of an approved plan", flips.count, accepted: accepted, seed: seed)
    }

    /// The value with each of its leaves changed, left out, or doubled, one at a time.
    private static func mutations(of value: JSON, at place: String) -> [(String, JSON)] {
        switch value {
        case .object(let members):
            return members.sorted { $0.key < $1.key }.flatMap { name, member -> [(String, JSON)] in
                var without = members
                without[name] = nil
                let inside = mutations(of: member, at: "\(place).\(name)").map { mutation -> (String, JSON) in
                    var changed = members
                    changed[name] = mutation.1
                    return (mutation.0, .object(changed))
                }
                return [("\(place).\(name) left out", .object(without))] + inside
            }
        case .array(let elements):
            let inside = elements.indices.flatMap { index in
                mutations(of: elements[index], at: "\(place)[\(index)]").map { mutation -> (String, JSON) in
                    var changed = elements
                    changed[index] = mutation.1
                    return (mutation.0, .array(changed))
                }
            }
            return elements.isEmpty ? inside : inside + [("\(place) shorter", .array(Array(elements.dropLast())))]
        case .string(let text): return [(place, .string(text + "x"))]
        case .int(let number): return [(place, .int(number + 1))]
        case .bool(let truth): return [(place, .bool(!truth))]
        case .null: return [(place, .int(0))]
        case .double(let number): return [(place, .double(number + 0.5))]
        }
    }
}
