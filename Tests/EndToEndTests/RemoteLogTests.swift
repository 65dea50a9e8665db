// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterModel
import Testing

/// The log here beside what a remote has of it: whoever rewrote one did not rewrite the other.
struct RemoteLogTests {
    private let drill: LedgerDrill
    private var catalog: Catalog { drill.catalog }
    private let log = "muster/records"

    /// A drill that ran twice and was published.
    init() throws {
        drill = try LedgerDrill([.init("one")])
        try drill.catalog.write("muster.yaml", "catalog: test\nrecords: { remote: origin }\n")
        try drill.catalog.commit("A remote")
        try drill.catalog.git("remote", "add", "origin", "\(drill.catalog.root)/bare")
        #expect(
            try drill.catalog.program(
                "/usr/bin/git", ["init", "-q", "-b", "main", "--bare", "\(drill.catalog.root)/bare"]
            ).status == 0)
        for _ in 1...2 { #expect(try drill.run().status == 0) }
        try fetch()
    }

    private func fetch() throws { try catalog.git("fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*") }

    /// Changes the remote's log by a commit on top of it, as anybody may who can push.
    private func changeRemote(_ change: (_ records: String) throws -> Void) throws {
        let clone = "\(catalog.root)/other"
        func git(_ words: String...) throws {
            let told = try catalog.program("/usr/bin/git", ["-C", clone] + words)
            #expect(told.status == 0, "\(told)")
        }
        #expect(
            try catalog.program("/usr/bin/git", ["clone", "-q", "-b", log, "\(catalog.root)/bare", clone]).status == 0)
        try change("\(clone)/records")
        try git("add", "-A")
        try git("commit", "-q", "-m", "Another story")
        try git("push", "-q", "origin", "HEAD:\(log)")
        try fetch()
    }

    private func runFolder(_ records: String) throws -> String {
        let run = drill.runID
        return "\(records)/\(run.prefix(4))/\(run.dropFirst(4).prefix(2))/\(run.dropFirst(6).prefix(2))/\(run)"
    }

    @Test func `the same log here and there is told as that, also when one is ahead`() throws {
        let same = try catalog.muster("verify", "--all")
        #expect(same.status == 0 && !same.errors.contains("origin"), "\(same)")
        try catalog.git("remote", "set-url", "origin", "\(catalog.root)/nowhere")
        _ = try drill.run()
        let ahead = try catalog.muster("verify", "--all")
        #expect(ahead.status == 0 && !ahead.errors.contains("origin"), "\(ahead)")
    }

    @Test func `a record that a remote tells otherwise is found, though the remote's log only grew`() throws {
        try changeRemote { records in
            let page = "\(try runFolder(records))/README.md"
            let text = try String(contentsOfFile: page, encoding: .utf8)
            try Data((text + "All went well.\n").utf8).write(to: URL(filePath: page))
        }
        let told = try catalog.muster("verify", drill.runID)
        #expect(told.status == 6 && told.errors.contains("[record.differs-from-remote]"), "\(told)")
        #expect(told.errors.contains("The record of run \(drill.runID): the log of origin tells it otherwise."))
    }

    @Test func `a record that was taken out of a remote's log is missed`() throws {
        try changeRemote { records in try FileManager.default.removeItem(atPath: try runFolder(records)) }
        let told = try catalog.muster("verify", "--all")
        #expect(told.status == 6 && told.errors.contains("does not hold it any more"), "\(told)")
    }

    @Test func `a remote's log that was rewound is missed by whoever fetched it before`() throws {
        #expect(try catalog.muster("verify", "--all").status == 0)
        let before = try catalog.git("rev-parse", "\(RecordedRun.branch)~1").trimmingCharacters(in: .newlines)
        #expect(
            try catalog.program(
                "/usr/bin/git", ["-C", "\(catalog.root)/bare", "update-ref", "refs/heads/\(log)", before]
            ).status == 0)
        try fetch()
        let told = try catalog.muster("verify", "--all")
        #expect(told.status == 6 && told.errors.contains("The log \(log) of origin does not hold"), "\(told)")
    }

    @Test func `logs that went apart are told of, and joined by publish`() throws {
        try changeRemote { records in
            try Data("Notes\n".utf8).write(to: URL(filePath: "\(records)/../NOTES.md"))
        }
        _ = try drill.run()
        try fetch()
        let apart = try catalog.muster("verify", "--all")
        #expect(apart.status == 0, "\(apart)")
        _ = try catalog.muster("publish")
        try fetch()
        let joined = try catalog.muster("verify", "--all")
        #expect(joined.status == 0 && !joined.errors.contains("[record.log-diverged]"), "\(joined)")
    }
}
