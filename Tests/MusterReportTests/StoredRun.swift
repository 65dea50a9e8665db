// SPDX-License-Identifier: Apache-2.0

import Foundation
import MusterMachine
import MusterModel
import MusterRecord
import Testing

@testable import MusterReport

/// Runs that the tests of the record keep for ever, as reports read them.
enum StoredRun {
    private static let tests = URL(filePath: #filePath).deletingLastPathComponent()
    private static let histories = tests.deletingLastPathComponent().appending(
        path: "MusterRecordTests/Histories/v1")

    static var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: histories.path).sorted() }
    }

    /// Its record, made anew of plan and journal.
    static func record(_ name: String) throws -> RunRecord {
        try files(name).record
    }

    static func plan(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: histories.appending(path: "\(name)/plan.json")))
    }

    static func report(_ name: String, reviews: [ReviewRecord] = [], paths: [String] = []) throws -> Report {
        let made = try files(name)
        guard case .bytes(let page) = made.files.first(where: { $0.path == "README.md" })?.content else {
            throw NoPage()
        }
        return try Report(
            record: JSON(encoding: made.record).prettyBytes(), plan: plan(name), page: page, reviews: reviews,
            paths: paths)
    }

    static func report(_ record: RunRecord, _ name: String, reviews: [ReviewRecord] = []) throws -> Report {
        try Report(
            record: JSON(encoding: record).prettyBytes(), plan: plan(name), page: [], reviews: reviews)
    }

    private static func files(_ name: String) throws -> RecordFiles {
        let plan: Plan = try JSON.parse(self.plan(name)).decode()
        let journal = Array(try Data(contentsOf: histories.appending(path: "\(name)/journal.jsonl")))
        return try RecordFiles(plan: plan, journal: journal, render: renderTemplate)
    }

    /// Compares with a file of `Golden`; with `UPDATE_GOLDEN=1` in the environment writes it instead.
    static func golden(_ name: String, _ text: String) throws {
        try compare(tests.appending(path: "Golden/\(name)"), text)
    }

    static func document(_ path: String, _ bytes: [UInt8]) throws {
        let root = tests.deletingLastPathComponent().deletingLastPathComponent()
        try compare(root.appending(path: "docs/\(path)"), String(decoding: bytes, as: UTF8.self))
    }

    private static func compare(_ file: URL, _ text: String) throws {
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            return try Data(text.utf8).write(to: file)
        }
        let wanted = String(decoding: try Data(contentsOf: file), as: UTF8.self).split(separator: "\n")
        let found = text.split(separator: "\n")
        for (number, lines) in zip(wanted, found).enumerated() where lines.0 != lines.1 {
            Issue.record("\(file.lastPathComponent):\(number + 1) differs:\n- \(lines.0)\n+ \(lines.1)")
            return
        }
        #expect(wanted.count == found.count, "\(file.lastPathComponent) has another length")
    }

    struct NoPage: Error {}

    static let reviews: [ReviewRecord] = {
        func review(
            _ number: Int, _ reviewer: String, _ verdict: ReviewRecord.Verdict, _ findings: [ReviewFinding]
        ) -> ReviewRecord {
            ReviewRecord(
                run: RunID("20261121-140302-failover-group-key-swap-3fa9c1")!, number: number, reviewer: reviewer,
                at: Timestamp("2026-11-2\(number + 2)T09:00:00Z")!, verdict: verdict, reason: "Read with the team",
                findings: findings, plan: Digest(of: []),
                journal: .init(entries: 40, lastLine: String(repeating: "0", count: 64)),
                previous: nil, engine: "0.3.0")
        }
        return [
            review(
                1, "Rita Reviewer <rita@example.org>", .findings,
                [
                    ReviewFinding(
                        id: "F-1", severity: .high, text: "Nobody was told that the window was extended",
                        owner: "Otto <otto@example.org>", due: "2026-12-31", state: .open),
                    ReviewFinding(
                        id: "F-2", severity: .low, text: "The log level is too low", owner: "Otto", due: "2026-12-01",
                        state: .closed),
                ])
        ]
    }()
}
