// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Glibc
import MusterModel
import Testing

/// An engine that lives while somebody else goes on with its run.
struct SupersededTests {
    @Test func `an engine that was overtaken in the same repository comes to rest and makes nothing its own`() throws {
        let drill = try LedgerDrill([.init("one"), .init("two", "sleepMilliseconds: 5000"), .init("three")])
        let (catalog, here) = (drill.catalog, drill.catalog.state)
        let sleeper = try drill.start()
        try sleeper.wait(for: "▸ two")
        let run = drill.runID
        let branch = catalog.unfinishedRecord(of: run)
        try eventually("the beginning of two is published") {
            try branch.file("journal.jsonl").contains("\"step-begun\"")
        }
        sleeper.signal(SIGSTOP)
        catalog.state = "\(catalog.root)/other"
        let words = ["resume", run, "--plugins", catalog.plugins, "--take-over", "--reason", "It does not answer"]
        let other = try catalog.muster(words, onHost: "elsewhere")
        #expect(other.status == 0 && other.output.contains("✓ succeeded"), "\(other)")
        let told = try branch.file("journal.jsonl")
        catalog.state = here
        sleeper.signal(SIGCONT)
        let result = try sleeper.finish()
        #expect(result.status != 0 && result.everything.contains("[run.taken-over]"), "\(result)")
        #expect(result.everything.contains("Another engine has gone on with run"), "\(result)")
        #expect(try branch.file("journal.jsonl") == told)
        #expect(try drill.verify().status == 0)
    }

    @Test func `an engine that the remote tells of another way comes to rest`() throws {
        let waits = "waitsIn: apply-begun, waitsOnce: true"
        let one = try LedgerDrill([
            .init("one"), .init("two", waits), .init("three", "sleepMilliseconds: 2500"), .init("four"),
        ])
        let remote = "\(one.catalog.root)/remote.git"
        try one.catalog.git("init", "-q", "--bare", "-b", "main", remote)
        try one.catalog.git("remote", "add", "origin", remote)
        try one.catalog.write(
            "muster.yaml", "catalog: test\nsummary: For tests\nrecords: { remote: origin }\nleases: local\n")
        try one.catalog.commit("Records go to the remote")
        try one.killWhereItWaits()
        let two = try LedgerDrill(copyOf: one)
        #expect(try one.catalog.program("/bin/cp", ["-r", one.catalog.state, two.catalog.state]).status == 0)
        // The first one does not hear of the other when it goes on, but while step three is under way.
        try one.catalog.git("remote", "set-url", "origin", "/nowhere.git")
        let first = try one.startResume()
        try first.wait(for: "▸ three")
        first.signal(SIGSTOP)
        #expect(try two.resume().status == 0)
        try one.catalog.git("remote", "set-url", "origin", remote)
        first.signal(SIGCONT)
        let result = try first.finish()
        let reasons = try one.journal().filter { $0["kind"] == "pause-requested" }.compactMap { $0["reason"]?.string }
        // The step under way may be the last one that the remote is asked in.
        #expect(
            reasons.contains { $0.contains("another machine has gone on with the run") }
                || result.output.contains("another way"), "\(result)")
    }
}
