// SPDX-License-Identifier: Apache-2.0

internal import MusterJournal
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

extension HandOver {
    /// Why a run is not gone on with here from what its branch holds, while nobody has decided that.
    func refusal(_ published: [UInt8], hasOwn: Bool, _ relation: JournalRelation) -> MusterError {
        if case .damaged(let line) = relation { return damaged(line) }
        // Why it is broken is told once it is adopted.
        let reading = try? JournalReading(published)
        let last = reading?.entries.last
        if case .runFinished(let end)? = last?.event { return isOver(end, relation, hasOwn: hasOwn) }
        let writer = reading.flatMap(JournalRelation.writer)
        return MusterError(
            code: hasOwn ? "run.taken-over" : "run.elsewhere",
            hasOwn
                ? "Another machine has gone on with run \(run): its branch holds what this machine did not write."
                : "The run \(run) has no journal in \(folders.path); the catalog has what \(writer ?? "another machine") published of it.",
            help: "Make sure that it does not run there any more, then: muster resume \(run) --take-over --reason TEXT",
            status: .waitsForPerson)
    }

    /// Why nothing of the run is here, though its branch tells of it; nil where this machine has a journal of it, or the branch tells
    /// nothing either.
    func absence() throws(MusterError) -> MusterError? {
        guard try ownJournal() == nil, let published = try publishedFiles() else { return nil }
        // Why it is broken is told once it is adopted.
        guard let reading = try? JournalReading(published.journal), JournalRelation.writer(reading) == Host.name else {
            return refusal(published.journal, hasOwn: false, .behind)
        }
        let what = "The run \(run) was on this machine, and \(folders.path) has no journal of it"
        if case .runFinished(let end)? = reading.entries.last?.event {
            return MusterError(
                code: "run.journal-lost", "\(what). It is over, as its branch tells: \(end.outcome.rawValue).",
                help: "Read its record: muster show \(run)", status: .preconditionUnmet)
        }
        return MusterError(
            code: "run.journal-lost", "\(what). It is not over, as far as its branch tells.",
            help:
                "Make sure that it does not run any more, then go on from what was committed: muster resume \(run) --take-over --reason TEXT",
            status: .preconditionUnmet)
    }

    private func damaged(_ line: Int) -> MusterError {
        let path = "\(folders.run(run))/\(JournalWriter.fileName)"
        return MusterError(
            code: "journal.damaged",
            "The journal \(path) is damaged: from line \(line) on it is not what this machine had published of run \(run).",
            help:
                "Keep the file, and look after the disk. To go on from what was published, which sets the file aside: muster resume \(run) --take-over --reason TEXT",
            status: .verificationFailed)
    }

    /// There is nothing to take back.
    private func isOver(_ end: RunFinished, _ relation: JournalRelation, hasOwn: Bool) -> MusterError {
        let kept = relation == .apart ? ", and keeps what only this machine wrote" : ""
        let own =
            hasOwn
            ? "\"muster publish\" brings this machine in line, which frees the run's targets here\(kept)."
            : "Get the log with \"muster publish\", or git fetch."
        return MusterError(
            code: hasOwn ? "run.taken-over" : "run.elsewhere",
            "Another machine went on with run \(run), and it is over there: \(end.outcome.rawValue).",
            help:
                "There is nothing to go on with. \(own) Read the record: muster show \(run). To roll it back from here: muster rollback \(run) --take-over --reason TEXT",
            status: .waitsForPerson)
    }
}
