// SPDX-License-Identifier: Apache-2.0

import MusterModel
import Testing

@testable import MusterRecord

/// The pages and files of whole runs, as readers get them.
@Suite struct GoldenRecordTests {
    static let runs: [(name: String, script: @Sendable () throws -> RunScript)] = [
        ("succeeded", { try .succeeded() }), ("failed-after-retry", { try .failedAfterRetry() }),
        ("in-doubt", { try .inDoubt() }),
        ("crash-resumed", { try RunDriver.crashed().script }), ("decided-retry", { try RunDriver.retried().script }),
        ("decided-skip", { try RunDriver.skipped().script }), ("decided-done", { try RunDriver.declared().script }),
        ("decided-abandon", { try RunDriver.abandoned().script }), ("waiting", { try RunDriver.waiting().script }),
        ("paused", { try RunDriver.paused().script }), ("taken-over", { try RunDriver.takenOver().script }),
        ("rolled-back", { try RunDriver.rolledBack().script }),
        ("rollback-stuck", { try RunDriver.stuckInRollback().script }),
        ("cancelled", { try RunDriver.cancelled().script }),
        ("rolled-back-on-failure", { try RunDriver.rolledBackOnFailure().script }),
    ]

    @Test(arguments: runs.map(\.name)) func `a run's record reads as reviewed`(name: String) throws {
        let script = try #require(Self.runs.first { $0.name == name }).script
        let files = try script().files()
        for path in ["README.md", "record.json", "journal.jsonl"] {
            let file = try #require(files.files.first { $0.path == path })
            guard case .bytes(let bytes) = file.content else { throw NotBytes() }
            try golden("\(name)/\(path)", bytes)
        }
        let listing = files.files.map { file in
            if case .blob(let id) = file.content { "\(file.path) blob \(id)" } else { file.path }
        }
        try golden("\(name)/files.txt", Array((listing.joined(separator: "\n") + "\n").utf8))
    }

    @Test(arguments: runs.map(\.name)) func `the same journal gives the same bytes`(name: String) throws {
        let script = try #require(Self.runs.first { $0.name == name }).script
        #expect(try script().files().files == script().files().files)
    }

    struct NotBytes: Error {}
}
