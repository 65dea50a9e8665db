// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterMachine
internal import MusterModel
internal import MusterRecord
internal import MusterSystem

/// Keeps a record out of git once a secret was found in it, until a person has dealt with that.
///
/// Which secrets a run used is known while its engine lives; what was found is kept in the run's folder, so that no later commit of the
/// same journal slips through.
struct RecordQuarantine {
    let run: RunID
    let folder: String

    init(_ run: RunID, folder: String) {
        self.run = run
        self.folder = folder
    }

    private var path: String { "\(folder)/\(LeakNote.fileName)" }

    /// - Throws: `record.leak-note` when there is one that cannot be read: the record stays out of git then.
    func note() throws(MusterError) -> LeakNote? {
        guard access(path, F_OK) == 0 else { return nil }
        do {
            return try JSON.parse(readSmallFile(path, limit: 1 << 20, onlyRegular: true) ?? []).decode(LeakNote.self)
        } catch {
            throw MusterError(
                code: "record.leak-note", "What was found in the record of run \(run) cannot be read: \(path).",
                help: "The record stays out of git as long as it is so. Look at the file.", status: .verificationFailed)
        }
    }

    /// Lets files go into git, or notes what stands against it.
    ///
    /// - Returns: the note of a release, which goes into the record; nil as a rule.
    /// - Throws: `record.leak`, with every file that holds a secret.
    func pass(_ files: [MusterRecord.RecordFile], known: Redactor) throws(MusterError) -> MusterRecord.RecordFile? {
        var note = try note()
        let found = LeakGate(known: known).findings(in: files)
        let more = found.filter { finding in !(note?.findings ?? []).contains { $0.isSame(as: finding) } }
        if !more.isEmpty {
            // What was let go before does not speak for what came later.
            note = LeakNote(findings: (note?.findings ?? []) + more)
            try write(note!)
        }
        guard let note else { return nil }
        guard note.released != nil else { throw held(note) }
        return MusterRecord.RecordFile(path: LeakNote.fileName, content: .bytes(try bytes(note)))
    }

    /// A person's word that the record may go into git with what was found in it.
    ///
    /// - Throws: `record.no-leak` where nothing was found.
    func release(by person: String, _ reason: String) throws(MusterError) {
        guard var note = try note() else {
            throw MusterError(
                code: "record.no-leak", "Nothing holds the record of run \(run) back.",
                help: "muster publish commits it.")
        }
        note.released = LeakNote.Release(by: person, reason: reason, at: readClocks().wall)
        try write(note)
    }

    func held(_ note: LeakNote) -> MusterError {
        MusterError(
            code: "record.leak",
            "The record of run \(run) is kept out of git: \(note.findings.map(\.description).joined(separator: "; ")).",
            help:
                "It stands in \(folder) on this machine. Change that secret first. Then, or where it is none, commit the record as it is: muster publish --release \(run) --reason TEXT",
            status: .verificationFailed)
    }

    private func bytes(_ note: LeakNote) throws(MusterError) -> [UInt8] {
        do { return try JSON(encoding: note).prettyBytes() } catch {
            throw MusterError(code: "record.leak-note", "What was found cannot be written down: \(error).")
        }
    }

    private func write(_ note: LeakNote) throws(MusterError) { try writeFile(path, try bytes(note)) }
}
