// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
package import MusterModel

/// Checks a record against itself, with nothing but its files: the journal's chain, that `record.json`, `README.md`
/// and the evidence are what the journal says, that the plan is the one that was run, and that the definitions are the
/// plan's.
///
/// Total: whatever the files hold, it answers with findings and neither traps nor trusts.
///
/// - Parameters:
///   - files: contents by path inside the record's folder.
///   - run: the id that the folder's name claims; nil when there is none to compare.
///   - engine: this program's version. Pages of an older version may read otherwise, so there a difference of `README.md` or
///     of wording in `record.json` is a warning; what happened, chain, plan, evidence and definitions are checked alike.
/// - Returns: what is wrong, located in the record's files; empty when everything holds.
package func verifyRecord(_ files: [String: [UInt8]], run: RunID?, engine: String, render: @escaping TemplateRenderer)
    -> [Diagnostic]
{
    var verification = RecordVerification(files: files, run: run, engine: engine, render: render)
    verification.check()
    return verification.findings
}

private struct RecordVerification {
    let files: [String: [UInt8]]
    let run: RunID?
    let engine: String
    let render: TemplateRenderer
    var findings: [Diagnostic] = []

    init(files: [String: [UInt8]], run: RunID?, engine: String, render: @escaping TemplateRenderer) {
        self.files = files
        self.run = run
        self.engine = engine
        self.render = render
    }

    mutating func check() {
        let plan = readPlan()
        let journal = readJournal()
        checkLeaks()
        if let seal = files[RecordSeal.sums] {
            let different = RecordSeal.differences(files, from: seal)
            for path in different {
                report(code: "record.not-as-sealed", "The file is not what \(RecordSeal.sums) says.", path)
            }
            if different.isEmpty, seal != RecordSeal.sums(of: files) {
                report(
                    code: "record.not-as-sealed", "The sums are not in the form that Muster writes.", RecordSeal.sums)
            }
        }
        guard let plan, let journal else { return }
        checkIdentity(plan, journal)
        do {
            var fold = try RunFold(plan: plan, render: render)
            fold.apply(journal.reading.entries)
            for entry in fold.misfits {
                report(
                    code: "record.misfit",
                    "The entry does not fit the plan: it is out of order or names a step that is not there.",
                    "journal.jsonl", line: Int(clamping: entry) + 1)
            }
            for breach in EffectLimits.breaches(journal.reading.entries) {
                report(code: "record.outside-lease", breach.says, "journal.jsonl", line: breach.line)
            }
            for effect in HeldEffect.all(in: journal.reading.entries, of: fold.plan) {
                guard !effect.isForced, let why = effect.outside else { continue }
                report(
                    code: "record.outside-window", "The effect of \(effect.step) began though \(why).",
                    "journal.jsonl", line: effect.line)
            }
            compare(try RecordFiles(fold: fold, journal: journal.bytes))
        } catch let error as MusterError {
            report(code: "record.not-renderable", error.summary, "journal.jsonl")
        } catch {
            report(
                code: "record.not-renderable", "The record can not be made again from its journal: \(error).",
                "journal.jsonl")
        }
    }

    private mutating func report(
        code: String, _ summary: String, _ path: String, line: Int = 1, severity: Diagnostic.Severity = .error
    ) {
        findings.append(
            Diagnostic(
                severity, code: code, summary,
                help: "Compare with an earlier commit of the record or with another clone.",
                at: SourceLocation(file: path, line: line, column: 1)))
    }

    private mutating func read(_ path: String) -> [UInt8]? {
        guard let bytes = files[path] else {
            report(code: "record.missing-file", "The record lacks \(path).", path)
            return nil
        }
        return bytes
    }

    private mutating func readPlan() -> Plan? {
        guard let bytes = read("plan.json") else { return nil }
        do {
            let plan: Plan = try JSON.parse(bytes).decode()
            if try JSON(encoding: plan).canonicalBytes() != bytes {
                report(code: "record.plan-not-canonical", "The plan is not in its canonical form.", "plan.json")
            }
            return plan
        } catch let error as JSONParseError {
            report(code: "record.plan-unreadable", "The plan is not JSON: \(error).", "plan.json")
        } catch {
            report(
                code: "record.plan-unreadable", "The plan can not be read: \(describeDecodingError(error)).",
                "plan.json")
        }
        return nil
    }

    private mutating func readJournal() -> (bytes: [UInt8], reading: JournalReading)? {
        guard let bytes = read("journal.jsonl") else { return nil }
        do throws(JournalFault) {
            let reading = try JournalReading(bytes)
            guard reading.tornTail.isEmpty else {
                report(
                    code: "record.journal-torn", "The journal ends inside a line.", "journal.jsonl",
                    line: reading.entries.count + 1)
                return nil
            }
            return (bytes, reading)
        } catch {
            report(
                code: "record.journal-broken", "The journal is not what was written: \(error.reason).", "journal.jsonl",
                line: error.line)
            return nil
        }
    }

    private mutating func checkIdentity(_ plan: Plan, _ journal: (bytes: [UInt8], reading: JournalReading)) {
        guard case .runCreated(let created)? = journal.reading.entries.first?.event else {
            return report(
                code: "record.no-run", "The journal does not begin with the creation of a run.", "journal.jsonl")
        }
        let digest = Digest(of: files["plan.json"] ?? [])
        if created.plan != digest {
            report(
                code: "record.other-plan", "The run was created for the plan \(created.plan), but this is \(digest).",
                "plan.json")
        }
        if let run, created.run != run {
            report(
                code: "record.other-run", "The journal is that of the run \(created.run), not of \(run).",
                "journal.jsonl")
        }
        if plan.kind != created.kind || plan.runbook.name != created.runbook {
            report(code: "record.other-plan", "The plan's kind or runbook is not that of the run.", "plan.json")
        }
        for (path, document) in RecordFiles.documents(of: plan) {
            guard let bytes = read(path) else { continue }
            let blob = ObjectID(blob: bytes)
            if blob != document.blob {
                report(
                    code: "record.other-definition",
                    "The file is the blob \(blob), but the plan names \(document.blob).", path)
            }
        }
    }

    /// Documents of the catalog are not the record's to judge.
    private mutating func checkLeaks() {
        // One that cannot be read releases nothing.
        let note = files[LeakNote.fileName].flatMap { try? JSON.parse($0).decode(LeakNote.self) }
        checkLeakNote(note)
        for (path, bytes) in files.sorted(by: { $0.key < $1.key }) where !path.hasPrefix("definitions/") {
            guard let finding = LeakGate().finding(in: bytes, of: path) else { continue }
            if let release = note?.released, note?.releases(finding) == true {
                let who = "\(release.by) let it go: \(release.reason)"
                report(
                    code: "record.leak-released", "The file holds \(finding.what); \(visibleText(who))", path,
                    line: finding.line, severity: .warning)
            } else {
                report(code: "record.leak", "The file holds \(finding.what).", path, line: finding.line)
            }
        }
    }

    /// It is what a release writes, about files of this record: nothing else may ride along in it.
    private mutating func checkLeakNote(_ note: LeakNote?) {
        guard let bytes = files[LeakNote.fileName] else { return }
        // What cannot be written again was not written so.
        guard let note, note.released != nil, !note.findings.isEmpty,
            let again = try? JSON(encoding: note).prettyBytes(), again == bytes
        else {
            return report(
                code: "record.leak-note", "The file is not what letting a record go writes.", LeakNote.fileName, line: 1
            )
        }
        for finding in note.findings where files[finding.path] == nil {
            report(
                code: "record.leak-note", "The record has no file \(visibleText(finding.path)), which it lets go.",
                LeakNote.fileName, line: 1)
        }
    }

    /// Files that are not made of the journal.
    private static func isBeside(_ path: String) -> Bool {
        [LeakNote.fileName, RecordSeal.sums, RecordSeal.signature].contains(path) || ReviewFiles.isReview(path)
    }

    /// What a newer version writes only that version can judge; and nobody's is what no version is called.
    private func isOlder(_ writer: String) -> Bool {
        guard let writer = SemanticVersion(writer), let own = SemanticVersion(engine) else { return false }
        return writer < own
    }

    private mutating func compare(_ wanted: RecordFiles) {
        let made: Set<String> = Set(wanted.files.map(\.path))
        for file in wanted.files {
            guard case .bytes(let bytes) = file.content, file.path != "plan.json", let found = read(file.path) else {
                continue
            }
            guard found != bytes else { continue }
            let line = firstDifferentLine(found, bytes)
            let writer = wanted.record.resumes?.last?.engine ?? wanted.record.engine
            let isOther = writer != engine && ["README.md", "record.json"].contains(file.path)
            if isOther, file.path == "record.json", RecordEssence(found) != RecordEssence(wanted.record) {
                report(
                    code: "record.not-from-journal",
                    "The file tells another story than the journal, whichever version of Muster wrote it.", file.path,
                    line: line)
                continue
            }
            report(
                code: "record.not-from-journal",
                "The file is not what the journal says, from line \(line) on."
                    + (isOther ? " It was written by Muster \(writer), this is \(engine), so it is not proven." : ""),
                file.path, line: line, severity: isOther && isOlder(writer) ? .warning : .error)
        }
        for path in files.keys.sorted()
        where !made.contains(path) && !Self.isBeside(path) {
            report(code: "record.unknown-file", "The journal accounts for no such file.", path)
        }
    }
}

private func firstDifferentLine(_ left: [UInt8], _ right: [UInt8]) -> Int {
    let same = zip(left, right).prefix { $0.0 == $0.1 }
    return 1 + same.count { $0.0 == 0x0A }
}
