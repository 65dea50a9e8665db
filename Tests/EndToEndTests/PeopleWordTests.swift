// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Glibc
import MusterModel
import Testing

/// What people type, and what they are told of it.
struct PeopleWordTests {
    private func waiting() throws -> LedgerDrill {
        let drill = try LedgerDrill([.init("one"), .init("two", "failsIn: verify"), .init("three")])
        #expect(try drill.run().status == 4)
        return drill
    }

    @Test(arguments: [
        "", "  ", "\u{200B}", "\u{A0}", "\u{1}", "\u{2800}", "\u{3164}\u{FE0F}", String(repeating: "a", count: 2001),
    ])
    func `a reason that nobody can read is refused`(reason: String) throws {
        let drill = try waiting()
        for words in [
            ["decide", "last", "two", "skip"], ["cancel", "last"], ["pause", "last"], ["rollback", "last"],
        ] {
            let refused = try drill.catalog.muster(words + ["--reason", reason])
            #expect(refused.status == 2 && refused.errors.contains("--reason"), "\(refused)")
        }
        #expect(try drill.count("step-decided") == 0)
        #expect(try drill.decide("two", "skip", reason: String(repeating: "é", count: 2000)).status == 0)
    }

    @Test func `an earlier reason is told on one line`() throws {
        let drill = try waiting()
        #expect(try drill.decide("two", "skip", reason: "a\n\u{1B}[31mb\n✓ succeeded").status == 0)
        let refused = try drill.decide("two", "done")
        #expect(refused.errors.contains("[run.not-to-decide]"), "\(refused)")
        #expect(refused.errors.contains("a⏎⟨U+001B⟩[31mb⏎✓ succeeded"), "\(refused)")
    }

    @Test func `of many decisions at once one is taken and the others hear of it`() throws {
        let drill = try waiting()
        let commands = try ["retry", "undo", "skip", "done", "abandon"].map { choice in
            try drill.catalog.start(["decide", "last", "two", choice, "--reason", "By \(choice)"])
        }
        let results = try commands.map { try $0.finish() }
        #expect(results.filter { $0.status == 0 }.count == 1, "\(results)")
        for refused in results where refused.status != 0 {
            #expect(refused.status == 2 && refused.errors.contains("cannot be replaced"), "\(refused)")
        }
        #expect(try drill.count("step-decided") == 1)
        #expect(try drill.verify().status == 0)
    }

    @Test func `what was undone first and skipped afterwards is told in that order`() throws {
        let drill = try waiting()
        #expect(try drill.decide("two", "undo").status == 0)
        #expect(try drill.resume().status == 4)
        #expect(try drill.decide("two", "skip").status == 0)
        #expect(try drill.resume().status == 0)
        let page = try drill.catalog.onlyRun.file("README.md")
        #expect(page.contains("undone, then skipped") && !page.contains("then undone"), "\(page)")
    }

    @Test func `the end of a rollback that was cut off is asked about by what is so`() throws {
        let drill = try LedgerDrill([.init("one"), .init("two", "waitsIn: undo, waitsOnce: true")])
        #expect(try drill.run().status == 0)
        let words = ["rollback", "last", "--plugins", drill.catalog.plugins, "--reason", "Back", "--yes"]
        try drill.killWhereItWaits(try drill.catalog.start(words))
        let refused = try drill.catalog.muster("cancel", "last", "--reason", "Enough")
        #expect(refused.status == 4 && refused.errors.contains("[run.rolling-back]"), "\(refused)")
        #expect(refused.errors.contains("It is at rest: \"muster resume"), "\(refused)")
        #expect(!refused.errors.contains("muster pause"), "\(refused)")
    }
}
