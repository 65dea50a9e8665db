// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import Testing

@testable import MusterRecord

@Suite struct RecordVerificationTests {
    private func findings(_ files: [String: [UInt8]], run: RunID? = RunScript.run, engine: String = "0.1.0")
        -> [Diagnostic]
    {
        verifyRecord(files, run: run, engine: engine, render: renderTemplate)
    }

    @Test(arguments: GoldenRecordTests.runs.map(\.name)) func `a record as it was written holds`(name: String) throws {
        let script = try #require(GoldenRecordTests.runs.first { $0.name == name }).script
        #expect(findings(try script().stored()) == [])
    }

    @Test func `every changed byte of every file is found`() throws {
        let stored = try RunScript.succeeded().stored()
        var random = SystemRandomNumberGenerator()
        for (path, bytes) in stored {
            for _ in 0..<8 {
                let index = Int.random(in: bytes.indices, using: &random)
                var files = stored
                files[path]![index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                #expect(!findings(files).isEmpty, "\(path), byte \(index)")
            }
        }
    }

    @Test func `every missing file is found, and every one too many`() throws {
        let stored = try RunScript.succeeded().stored()
        for path in stored.keys {
            var files = stored
            files[path] = nil
            #expect(findings(files).contains { $0.location?.file == path }, "\(path)")
        }
        var files = stored
        files["evidence/protector-on-primary/planted.json"] = []
        #expect(findings(files).map(\.code) == ["record.unknown-file"])
        files = stored
        files["approvals/anu.json"] = []
        #expect(findings(files).map(\.code) == ["record.unknown-file"])
    }

    @Test func `a note of a release is canonical, says who, and is about files of the record`() throws {
        let stored = try RunScript.succeeded().stored()
        var note = LeakNote(findings: [.init(path: "README.md", line: 3, what: "a private key")])
        let unreleased = try JSON(encoding: note).prettyBytes()
        note.released = .init(by: "Ada", reason: "It is none", at: Timestamp(milliseconds: 0))
        let good = try JSON(encoding: note).prettyBytes()
        note.findings[0].path = "../elsewhere"
        let elsewhere = try JSON(encoding: note).prettyBytes()
        #expect(findings(stored.merging([LeakNote.fileName: good]) { $1 }) == [])
        for bytes in [unreleased, elsewhere, good + [0x20], Array("anything at all".utf8), []] {
            let found = findings(stored.merging([LeakNote.fileName: bytes]) { $1 })
            #expect(found.map(\.code) == ["record.leak-note"], "\(String(decoding: bytes, as: UTF8.self))")
        }
    }

    @Test func `a journal cut at its end is found, though its chain holds`() throws {
        var files = try RunScript.succeeded().stored()
        let journal = files["journal.jsonl"]!
        let lastLine = journal.dropLast().lastIndex(of: 0x0A)!
        files["journal.jsonl"] = Array(journal[...lastLine])
        #expect(findings(files).map(\.code).contains("record.not-from-journal"))
    }

    @Test func `another run's name, plan or definition is found`() throws {
        let stored = try RunScript.succeeded().stored()
        let other = RunID("20261121-140302-failover-group-key-swap-000000")!
        #expect(findings(stored, run: other).map(\.code) == ["record.other-run"])
        var files = stored
        var plan = KeySwap.plan()
        plan.change = "CHG0000001"
        files["plan.json"] = try JSON(encoding: plan).canonicalBytes()
        #expect(findings(files).map(\.code).contains("record.other-plan"))
        files = stored
        files["definitions/runbooks/failover-group-key-swap.yaml"] = Array("runbook: other\n".utf8)
        #expect(findings(files).map(\.code) == ["record.other-definition"])
    }

    @Test func `a page that another version wrote is a warning`() throws {
        var files = try RunScript.succeeded().stored()
        files["README.md"]! += Array("More.\n".utf8)
        #expect(findings(files).map(\.severity) == [.error])
        #expect(findings(files, engine: "9.0.0").map(\.severity) == [.warning])
        // What a newer one wrote, this one cannot judge.
        #expect(findings(files, engine: "0.0.9").map(\.severity).contains(.error))
    }

    @Test func `a record that another version wrote tells the same story`() throws {
        var files = try RunScript.succeeded().stored()
        let text = String(decoding: files["record.json"]!, as: UTF8.self)
        files["record.json"] = Array(text.replacing("\"host\":", with: "\"later\": 1,\n  \"host\":").utf8)
        #expect(findings(files, engine: "9.0.0").map(\.severity) == [.warning])
        files["record.json"] = Array(text.replacing("\"succeeded\"", with: "\"failed\"").utf8)
        let found = findings(files, engine: "9.0.0")
        #expect(found.map(\.severity) == [.error] && found[0].summary.contains("another story"), "\(found)")
    }

    @Test func `an event about no step of the plan is found`() throws {
        var script = try RunScript.begun()
        try script.add(.progress(Progress(step: "nowhere", message: "", fraction: nil)))
        #expect(findings(try script.stored()).map(\.code) == ["record.misfit"])
    }

    @Test(arguments: 0..<150) func `no bytes make the verification trap`(seed: Int) throws {
        let stored = try RunScript.inDoubt().stored()
        var random = SystemRandomNumberGenerator()
        var files = stored
        for (path, bytes) in stored where Bool.random(using: &random) && !bytes.isEmpty {
            var changed = bytes
            for _ in 0..<Int.random(in: 1...5, using: &random) {
                let index = Int.random(in: changed.indices, using: &random)
                changed[index] = UInt8.random(in: 0...255, using: &random)
            }
            files[path] = changed
        }
        if files != stored { #expect(!findings(files).isEmpty) }
    }

    @Test(arguments: 0..<66) func `no events in any order make the fold trap`(seed: Int) throws {
        var random = SystemRandomNumberGenerator()
        let runs = Histories.all
        let told = try runs[seed % runs.count].script()
        var events = try JournalReading(told.journal).entries.map(\.event)
        for _ in 0..<Int.random(in: 1...8, using: &random) {
            let (from, to) = (
                Int.random(in: 1..<events.count, using: &random), Int.random(in: 1..<events.count, using: &random)
            )
            if Bool.random(using: &random) { events.swapAt(from, to) } else { events.insert(events[from], at: to) }
        }
        var script = try RunScript(plan: told.plan, rules: 2)
        for event in events.dropFirst() { try script.add(event) }
        let files = try script.files()
        #expect(files.record.journal.entries == events.count)
        #expect(try script.files().files == files.files)
    }

    @Test func `a hostile plan with its own journal does not trap`() throws {
        var plan = KeySwap.plan()
        plan.definitions = [:]
        plan.steps += plan.steps
        plan.runbook.document.path = "../../.git/config"
        plan.measures[0].objective = .longest(milliseconds: .min)
        plan.steps[0].retry.attempts = .max
        var script = try RunScript(plan: plan)
        try script.add(.clockJumped(ClockJumped(milliseconds: .min)))
        for number in [0, Int.max] {
            let started = StepStarted(step: plan.steps[0].id, attempt: number, inputs: [:])
            try script.add(.stepStarted(started))
        }
        try script.add(.evidence(Evidence(step: plan.steps[0].id, name: "../../x", during: "apply", data: [:])))
        for path in try script.files().files.map(\.path) {
            #expect(!path.split(separator: "/").contains { $0.hasPrefix(".") }, "\(path)")
        }
    }
}
