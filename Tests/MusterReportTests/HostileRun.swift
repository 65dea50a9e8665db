// SPDX-License-Identifier: Apache-2.0

import MusterModel
import MusterRecord

@testable import MusterReport

/// A run with a text of somebody's choice in every field that takes one.
struct HostileRun {
    let report: Report
    /// The fields of a record that take any text, such as `.steps[].why`; the others are times, digests and words of closed lists.
    static func fields() throws -> Set<String> {
        let record = try StoredRun.recordJSON(run)
        var found: Set<String> = []
        collect(record, "", &found)
        return found.filter { path in
            // A field that takes no such text makes a record that cannot be read.
            (try? replace(record, "", [path], "<b>").decode(RunRecord.self)) != nil
        }
    }

    private static let run = "rollback-stuck"

    init(_ text: String, in fields: Set<String>) throws {
        let record = try Self.replace(StoredRun.recordJSON(Self.run), "", fields, text)
        var review = StoredRun.reviews[0]
        review.reviewer = text
        review.reason = text
        review.findings = review.findings.map { finding in
            ReviewFinding(
                id: text, severity: finding.severity, text: text, owner: text, due: text, state: finding.state)
        }
        var approved = record.object ?? [:]
        approved["approvals"] = [
            [
                "at": "2026-11-21T14:03:02.511Z", "approver": .string(text), "decision": "approve", "id": .string(text),
                "step": .string(text), "comment": .string(text), "file": .string(text), "entry": 3,
            ]
        ]
        approved["breakGlass"] = [
            "by": .string(text), "person": .string(text), "reason": .string(text), "at": "2026-11-21T14:03:02.511Z",
        ]
        report = try Report(
            record: JSON.object(approved).prettyBytes(), plan: StoredRun.plan(Self.run), page: [], reviews: [review])
    }

    private static func collect(_ json: JSON, _ path: String, _ found: inout Set<String>) {
        switch json {
        case .string: found.insert(path)
        case .array(let elements): for element in elements { collect(element, path + "[]", &found) }
        case .object(let members): for (name, value) in members { collect(value, "\(path).\(name)", &found) }
        default: break
        }
    }

    private static func replace(_ json: JSON, _ path: String, _ wanted: Set<String>, _ text: String) -> JSON {
        switch json {
        case .string: wanted.contains(path) ? .string(text) : json
        case .array(let elements): .array(elements.map { replace($0, path + "[]", wanted, text) })
        case .object(let members):
            .object(
                Dictionary(
                    uniqueKeysWithValues: members.map { ($0, replace($1, "\(path).\($0)", wanted, text)) }))
        default: json
        }
    }
}

extension StoredRun {
    static func recordJSON(_ name: String) throws -> JSON { try JSON(encoding: record(name)) }
}
