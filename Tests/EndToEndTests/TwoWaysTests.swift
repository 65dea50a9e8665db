// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Testing

/// Two machines go on with one run without knowing of each other, and meet again.
struct TwoWaysTests {
    /// A run that was cut off on both machines at the same place; what they do, they do to the same target.
    private func parted() throws -> (one: LedgerDrill, two: LedgerDrill, remote: String) {
        let waits = "waitsIn: apply-begun, waitsOnce: true"
        let one = try LedgerDrill(
            [.init("one"), .init("two", waits), .init("three", waits), .init("four")], locks: ["target:lab"])
        let remote = "\(one.catalog.root)/remote.git"
        try one.catalog.git("init", "-q", "--bare", "-b", "main", remote)
        try one.catalog.git("remote", "add", "origin", remote)
        try one.catalog.write(
            "muster.yaml", "catalog: test\nsummary: For tests\nrecords: { remote: origin }\nleases: local\n")
        try one.catalog.commit("Records go to the remote")
        try one.killWhereItWaits()
        let two = try LedgerDrill(copyOf: one)
        #expect(try one.catalog.program("/bin/cp", ["-r", one.catalog.state, two.catalog.state]).status == 0)
        try setRemote(of: one, "/nowhere.git")
        return (one, two, remote)
    }

    private func setRemote(of drill: LedgerDrill, _ url: String) throws {
        try drill.catalog.git("remote", "set-url", "origin", url)
    }

    /// The second machine takes the run to its end and publishes it; the first one hears of it afterwards.
    private func finishElsewhere(_ one: LedgerDrill, _ two: LedgerDrill, _ remote: String) throws {
        let finished = try two.resume()
        #expect(finished.status == 0 && finished.output.contains("✓ succeeded"), "\(finished)")
        try setRemote(of: one, remote)
    }

    private func publish(_ drill: LedgerDrill) throws -> CommandResult { try drill.catalog.muster("publish") }

    private func checkIsInLine(_ one: LedgerDrill, _ run: String, kept remote: String) throws {
        let conflicts = try one.catalog.git("--git-dir", remote, "for-each-ref", "--format=%(refname)")
        #expect(conflicts.contains("refs/heads/muster/conflicts/\(run)/"), "\(conflicts)")
        let again = try publish(one)
        #expect(again.status == 0 && again.errors.isEmpty, "\(again)")
        let proof = try one.catalog.muster("verify", "--all")
        #expect(proof.status == 0 && proof.errors.contains("[record.two-ways]"), "\(proof)")
        // Its target is free again.
        let next = try one.run()
        #expect(next.status == 0 && next.output.contains("✓ succeeded"), "\(next)")
    }

    @Test func `a machine that was cut off on its own way is brought in line, and its target is free`() throws {
        let (one, two, remote) = try parted()
        let run = one.runID
        try one.killWhereItWaits(try one.startResume())
        try finishElsewhere(one, two, remote)
        let refused = try one.resume()
        #expect(refused.status == 4 && refused.errors.contains("[run.taken-over]"), "\(refused)")
        #expect(refused.errors.contains("muster publish"), "\(refused)")
        let locked = try one.run()
        #expect(locked.status == 3 && locked.errors.contains("[run.unfinished]"), "\(locked)")
        let published = try publish(one)
        #expect(published.status == 0 && published.errors.contains("went two ways"), "\(published)")
        #expect(published.errors.contains("keeps nothing here any more"), "\(published)")
        #expect(published.errors.contains("journal.superseded-"), "\(published)")
        try checkIsInLine(one, run, kept: remote)
    }

    @Test func `of two ends of one run the published one is the record, and the other is kept and told of`() throws {
        let (one, two, remote) = try parted()
        let run = one.runID
        try one.killWhereItWaits(try one.startResume())
        let ended = try one.resume()
        #expect(ended.status == 0 && ended.output.contains("✓ succeeded"), "\(ended)")
        try finishElsewhere(one, two, remote)
        let published = try publish(one)
        #expect(published.status == 0 && published.errors.contains("went two ways"), "\(published)")
        try checkIsInLine(one, run, kept: remote)
        #expect(
            try one.catalog.record(of: run).file("journal.jsonl")
                == two.catalog.git("show", "refs/heads/muster/runs/\(run):journal.jsonl"))
    }

    @Test func `a person takes a run back that went two ways and is not over elsewhere`() throws {
        let (one, two, remote) = try parted()
        let run = one.runID
        let second = try two.startResume()
        // Commits follow the run on their own, and what was not committed cannot be published for one that was cut off.
        try eventually("the second machine's way is committed") {
            try two.catalog.git("show", "refs/heads/muster/runs/\(run):journal.jsonl").contains("run-resumed")
        }
        try two.killWhereItWaits(second)
        let own = try one.resume()
        #expect(own.status == 0, "\(own)")
        // What the second one did is published by hand, for it was cut off.
        #expect(try two.catalog.muster("publish").status == 0)
        try setRemote(of: one, remote)
        let published = try publish(one)
        #expect(published.errors.contains("went two ways"), "\(published)")
        let refused = try one.resume()
        #expect(refused.status == 4 && refused.errors.contains("--take-over"), "\(refused)")
        let back = try one.resume("--take-over", "--reason", "The other one is gone")
        #expect(back.status == 0 && back.errors.contains("journal.superseded-"), "\(back)")
        #expect(try one.verify().status == 0 && one.runID == run)
    }
}
