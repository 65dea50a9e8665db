// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterModel
import Testing

/// A clone that was made anew knows its remote's log only by name.
struct FreshCloneTests {
    /// A drill that has run once, and a clone of its catalog, which is the remote.
    private func clone() throws -> (drill: LedgerDrill, folder: String) {
        let drill = try LedgerDrill([.init("one")])
        try drill.catalog.write("muster.yaml", "catalog: test\nrecords: { remote: origin }\n")
        try drill.catalog.commit("A remote")
        #expect(try drill.catalog.git("remote", "add", "origin", "\(drill.catalog.root)/bare").isEmpty)
        #expect(
            try drill.catalog.program(
                "/usr/bin/git", ["init", "-q", "-b", "main", "--bare", "\(drill.catalog.root)/bare"]
            ).status == 0)
        #expect(try drill.run().status == 0)
        try drill.catalog.git("push", "-q", "origin", "HEAD:main")
        let folder = "\(drill.catalog.root)/clone"
        #expect(
            try drill.catalog.program("/usr/bin/git", ["clone", "-q", "\(drill.catalog.root)/bare", folder]).status == 0
        )
        return (drill, folder)
    }

    @Test func `what reads the log says how to get it`() throws {
        let (drill, folder) = try clone()
        let command = "git fetch origin muster/records:muster/records"
        for words in [
            ["list"], ["show", "last"], ["show", drill.runID], ["verify", drill.runID], ["verify", "--all"],
        ] {
            let told = try drill.catalog.muster(words + ["-C", folder])
            #expect(told.status == 3 && told.errors.contains("[record.log-not-fetched]"), "\(words): \(told)")
            #expect(told.errors.contains(command), "\(told)")
        }
        let words = command.split(separator: " ").dropFirst().map(String.init)
        #expect(try drill.catalog.program("/usr/bin/git", ["-C", folder] + words).status == 0)
        let list = try drill.catalog.muster("list", "-C", folder)
        #expect(list.status == 0 && list.output.contains(drill.runID), "\(list)")
        #expect(try drill.catalog.muster("verify", "--all", "-C", folder).status == 0)
    }

    @Test func `publish meets the remote's log where the clone has none`() throws {
        let (drill, folder) = try clone()
        let published = try drill.catalog.muster("publish", "-C", folder)
        #expect(published.status == 0 && published.output.contains("muster/records is on origin"), "\(published)")
        #expect(try drill.catalog.muster("verify", drill.runID, "-C", folder).status == 0)
    }
}
