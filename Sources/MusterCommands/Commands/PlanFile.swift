// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel
internal import MusterSystem

/// Whether the argument is the file of a plan and no name of a runbook or a run.
func isPlanFile(_ argument: String) -> Bool { argument.contains("/") || argument.hasSuffix(".json") }

/// A plan as `muster plan --out` wrote it.
///
/// - Throws: `plan.unreadable` for anything that is not, byte for byte, such a file.
func readPlan(_ path: String) throws(MusterError) -> Plan {
    func invalid(_ why: String) -> MusterError {
        MusterError(
            code: "plan.unreadable", "The plan \(path) cannot be used: \(why).",
            help: "Write it anew with muster plan --out.")
    }
    guard let bytes = readSmallFile(path, limit: 64 << 20, onlyRegular: true) else {
        throw invalid("the file cannot be read")
    }
    do {
        let plan = try JSON.parse(bytes).decode(Plan.self)
        guard plan.kind != .rehearsal, plan.commit != nil else { throw invalid("it is a rehearsal's") }
        guard plan.isWellFormed else { throw invalid("its steps are not as a planner makes them") }
        guard try JSON(encoding: plan).canonicalBytes() == bytes else {
            throw invalid("it is not, byte for byte, what muster plan --out wrote")
        }
        return plan
    } catch let error as MusterError {
        throw error
    } catch {
        throw invalid(describeDecodingError(error))
    }
}

/// Names every part of the plan that is no longer as it was.
func compare(_ planned: Plan, _ now: Plan) throws {
    let (before, after) = (try JSON(encoding: planned), try JSON(encoding: now))
    guard before.canonicalBytes() != after.canonicalBytes() else { return }
    let differences = planDifferences(before, after).map { part, planned, now in
        Diagnostic(code: "plan.differs", "\(part): planned \(planned), now \(now)")
    }
    throw MusterError(
        code: "plan.out-of-date", "What is there now is not what was planned.",
        help: "Nothing was changed. Look at the differences and plan again; approvals are for the plan that was shown.",
        status: .preconditionUnmet, diagnostics: differences)
}

/// The parts in which two plans differ, with what both have there, for people; the first twenty.
func planDifferences(_ before: JSON, _ after: JSON) -> [(part: String, before: String, after: String)] {
    differingPaths(before, after).prefix(20).map { (partOfPlan($0.path), short($0.before), short($0.after)) }
}

/// What a member of a plan is for people, before its path: a digest that differs tells nobody whose it is.
private func partOfPlan(_ path: [String]) -> String {
    let names = [
        "definitions": "definition", "runbook": "runbook", "plugins": "plugin", "inputs": "input", "lock": "lock",
        "environment": "environment", "commit": "commit", "measures": "measure", "change": "change", "kind": "kind",
    ]
    let whole = (["plan"] + path).joined(separator: ".").replacing(".[", with: "[")
    guard let first = path.first else { return whole }
    if first == "steps", path.contains("preview") {
        return "observed state of the target\(path.count > 1 ? " of \(path[1])" : "") (\(whole))"
    }
    let named = ["definitions", "plugins", "inputs", "measures"].contains(first) && path.count > 1 ? " \(path[1])" : ""
    return "\(names[first] ?? "step")\(first == "steps" && path.count > 1 ? " \(path[1])" : named) (\(whole))"
}

private func short(_ value: JSON?) -> String {
    let text = visibleText(value?.text ?? "nothing")
    return text.count > 80 ? text.prefix(77) + "…" : text
}

private func differingPaths(
    _ before: JSON?, _ after: JSON?, at path: [String] = []
) -> [(path: [String], before: JSON?, after: JSON?)] {
    // Byte by byte: a text may be another one and look the same.
    if before?.canonicalBytes() == after?.canonicalBytes() { return [] }
    if case .object(let left)? = before, case .object(let right)? = after {
        return Set(left.keys).union(right.keys).sorted().flatMap {
            differingPaths(left[$0], right[$0], at: path + [$0])
        }
    }
    if case .array(let left)? = before, case .array(let right)? = after, left.count == right.count {
        return left.indices.flatMap { index in
            // By its name where it has one, so that people know which it is.
            let name = left[index]["id"]?.string ?? left[index]["name"]?.string ?? "[\(index)]"
            return differingPaths(left[index], right[index], at: path + [name])
        }
    }
    return [(path, before, after)]
}
