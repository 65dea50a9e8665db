// SPDX-License-Identifier: Apache-2.0

internal import MusterEngine
internal import MusterGit
internal import MusterJournal
internal import MusterMachine
internal import MusterModel
internal import MusterRecord
internal import MusterSystem

/// Follows a run's journal and commits the record: on the run's branch while it runs, into the log of executions at its end.
///
/// Steps never wait for it. It commits what is there, several steps at once when they are faster than git, at most two
/// seconds behind. Only the first commit (the plan) and the last are waited for. A commit that fails is tried again with the
/// next; the journal on disk stays the truth.
final class RecordWriter: RunFollower, PollService {
    struct Place {
        let run: RunID
        let author: GitIdentity
        /// The log's branch.
        let branch: String
        /// Contents of documents that no commit holds, by path.
        let uncommitted: [String: [UInt8]]
        /// Nil where records are not signed.
        var signing: RecordSigning?
    }

    /// Longest time from an event to its commit while git keeps up, in nanoseconds.
    private static let behindMax: Int64 = 2_000_000_000

    private static let progressBehindMax: Int64 = 60_000_000_000
    /// How long the next try waits after a commit that failed, in nanoseconds.
    private static let pauseAfterFailure: Int64 = 10_000_000_000
    /// How often the last commit is tried.
    private static let lastTries = 3

    private let catalog: Catalog
    private let journal: JournalWriter
    private let place: Place
    private var fold: RunFold
    private var tip: ObjectID?
    /// What happened since the newest commit that was sent: what the next one is made for.
    private var uncommittedEvents: [Event] = []
    /// How many of them the commit under way is made for.
    private var sentEvents = 0
    private var dueAt: Int64?
    private var sent: Int?
    /// Where the branch stands is asked after a failed commit: it may have been done all the same.
    private var sentTips: Int?
    /// Ids of the files that no later commit changes, by path: those in git, and those on their way.
    private var written: [String: ObjectID] = [:]
    private var writing: [String: ObjectID] = [:]
    /// Why the newest commit failed; nil once one went through.
    private(set) var failure: MusterError?
    private var isSuperseded = false
    private var inputs: [EngineInput] = []
    /// The record as it was last written.
    private(set) var record: RunRecord?
    /// Values of the secrets that the run has used so far.
    var knownSecrets: () -> Redactor = { Redactor() }
    /// Told of each new commit of the run's branch.
    var publisher: RunPublisher?

    init(catalog: Catalog, journal: JournalWriter, plan: Plan, place: Place) throws {
        self.catalog = catalog
        self.journal = journal
        self.place = place
        fold = try RunFold(plan: plan, render: renderTemplate)
    }

    /// Goes on with a run that has a journal: its record up to here may be in git already.
    func takeUp(_ entries: [JournalEntry]) throws(MusterError) {
        fold.apply(entries)
        try takeUpTip(try catalog.runTips())
    }

    // MARK: Following

    func follow(_ entries: [JournalEntry], _ state: RunState) throws(MusterError) {
        fold.apply(entries)
        uncommittedEvents += entries.lazy.map(\.event).filter(\.mustBeDurable)
        if entries.contains(where: \.event.isOfPeople) { dueAt = readClocks().boot }
        if tip == nil { return try commitCreated() }
        // Progress alone is not worth a commit every two seconds for hours.
        let delay = entries.contains(where: \.event.mustBeDurable) ? Self.behindMax : Self.progressBehindMax
        dueAt = min(dueAt ?? .max, readClocks().boot + delay)
    }

    var pollTargets: [PollTarget] { sent == nil && sentTips == nil ? [] : catalog.client.pollTargets }

    var wakeAt: Int64? { sent == nil && sentTips == nil ? dueAt : catalog.client.nextDeadline }

    func service() {
        takeAnswers()
        guard sent == nil, sentTips == nil, let dueAt, dueAt <= readClocks().boot else { return }
        do {
            if failure == nil, tip != nil { return try send(commitOccasion(for: uncommittedEvents)) }
            sentTips = try catalog.client.send(.runTips)
        } catch { failed(error) }
    }

    private func takeAnswers() {
        guard sent != nil || sentTips != nil else { return }
        for answer in catalog.client.receive() {
            do throws(MusterError) {
                if answer.id == sent {
                    sent = nil
                    committed(try GitClient.decode(try answer.result.get(), as: ObjectID.self))
                } else if answer.id == sentTips {
                    sentTips = nil
                    try found(try GitClient.decode(try answer.result.get(), as: [RunTip].self))
                }
            } catch {
                failed(error)
            }
        }
    }

    private func found(_ tips: [RunTip]) throws(MusterError) {
        try takeUpTip(tips)
        (written, writing) = ([:], [:])
        failure = nil
    }

    /// A commit that failed may have been done all the same, so the branch may be further than this writer knows. What stands there must
    /// be what this journal told: another engine's journal is never made the beginning of this one.
    private func takeUpTip(_ tips: [RunTip]) throws(MusterError) {
        guard let now = tips.first(where: { $0.run == place.run })?.commit, now != tip else { return }
        let name = JournalWriter.fileName
        let there = try catalog.readRecord(RecordPlace(run: place.run, branch: nil), paths: [name])?[name]?.content
            .bytes
        guard try JournalReader().bytes(journal.path).starts(with: there ?? []) else { throw superseded() }
        tip = now
    }

    private func superseded() -> MusterError {
        let what = "Another engine has gone on with run \(place.run): its branch holds what this one did not write."
        if !isSuperseded {
            isSuperseded = true
            inputs.append(.pause(PauseRequested(by: "engine", reason: what)))
        }
        return MusterError(
            code: "run.taken-over", what,
            help: "This machine's journal is kept in \(journal.folder). See who has the run, then: muster publish",
            status: .waitsForPerson)
    }

    func takeInputs() -> [EngineInput] {
        defer { inputs = [] }
        return inputs
    }

    private func committed(_ commit: ObjectID) {
        tip = commit
        failure = nil
        uncommittedEvents.removeFirst(min(sentEvents, uncommittedEvents.count))
        sentEvents = 0
        publisher?.moved(to: commit)
        written.merge(writing) { _, new in new }
        writing = [:]
    }

    private func failed(_ error: any Error) {
        failure = Self.recordError(error)
        sentEvents = 0
        dueAt = readClocks().boot + Self.pauseAfterFailure
    }

    private func send(_ occasion: CommitOccasion) throws {
        sent = try catalog.client.send(.commitRun(try commit(occasion)))
        sentEvents = uncommittedEvents.count
        dueAt = nil
    }

    // MARK: The commits that are waited for

    /// Commits the plan before anything is done: a run that git cannot record does not begin.
    private func commitCreated() throws(MusterError) {
        do {
            committed(try catalog.commitRun(try commit(.created)))
        } catch {
            throw Self.recordError(error)
        }
    }

    static func recordError(_ error: any Error) -> MusterError {
        error as? MusterError
            ?? MusterError(code: "record.not-written", "The record cannot be made: \(error).", status: .runFailed)
    }

    /// Commits where the run came to rest, on its own branch.
    func commitAtRest() throws(MusterError) -> ObjectID {
        do { return try commitLast(commitOccasion(for: uncommittedEvents)) { $0.commit } } catch {
            throw Self.recordError(error)
        }
    }

    /// Commits the end and merges the run into the log of executions.
    ///
    /// - Returns: the log's commit that has the record.
    func commitFinished() throws(MusterError) -> ObjectID {
        do { return try finish() } catch { throw Self.recordError(error) }
    }

    private func finish() throws -> ObjectID {
        try commitLast(.finished) { last in
            let merge = RecordMerge(run: place.run, branch: place.branch, note: last.note)
            return try catalog.mergeRecord(merge).commit
        }
    }

    /// The commit that is waited for, and what is done with it.
    private func commitLast(
        _ occasion: CommitOccasion, then: (_ last: (commit: ObjectID, note: CommitNote)) throws -> ObjectID
    ) throws -> ObjectID {
        while sent != nil || sentTips != nil {
            _ = waitUntilReady(pollTargets, timeout: .milliseconds(100))
            takeAnswers()
        }
        for attempt in 1...Self.lastTries {
            do {
                if failure != nil { try takeUpTip(try catalog.runTips()) }
                let commit = try commit(occasion)
                let id = try catalog.commitRun(commit)
                committed(id)
                return try then((id, commit.note))
            } catch {
                // A failed request may have been done all the same, so the branch is read anew before the next try.
                failure = Self.recordError(error)
                written = [:]
                writing = [:]
                if attempt == Self.lastTries || isSuperseded { throw error }
            }
        }
        preconditionFailure("the last try returns or throws")
    }

    private func commit(_ occasion: CommitOccasion) throws -> RunCommit {
        // Nothing may stand in git that a power loss could still take from the journal.
        try journal.sync()
        let journal = try JournalReader().bytes(journal.path)
        let record = try RecordFiles(fold: fold, journal: journal, uncommitted: place.uncommitted)
        self.record = record.record
        let quarantine = RecordQuarantine(place.run, folder: self.journal.folder)
        let note = try quarantine.pass(record.files, known: knownSecrets())
        var written = record.files + [note].compactMap(\.self)
        if occasion == .finished, let signing = place.signing { written += try signing.seal(written) }
        let files = written.map(commitFile)
        let message = CommitNote(
            message: commitMessage(for: record.record, at: occasion, telling: stepsTold(by: uncommittedEvents)),
            author: place.author, time: readClocks().wall, signingKey: place.signing?.key)
        return RunCommit(run: place.run, parent: tip, files: files, note: message)
    }

    /// What the newest commit holds already is named by its id: evidence and the plan would go to git's worker each time.
    private func commitFile(_ file: MusterRecord.RecordFile) -> RunCommit.File {
        if let id = written[file.path] { return RunCommit.File(path: file.path, .blob(id)) }
        if case .bytes(let bytes) = file.content, Self.isFinal(file.path) { writing[file.path] = ObjectID(blob: bytes) }
        return file.forGit
    }

    /// Whether a file of the record stays as it was first written; the others grow with the run.
    private static func isFinal(_ path: String) -> Bool {
        ![
            "README.md", "record.json", "journal.jsonl", LeakNote.fileName, RecordSeal.sums, RecordSeal.signature,
        ].contains(path)
    }
}

extension Event {
    /// Whether people decided it: it gets a commit at once.
    fileprivate var isOfPeople: Bool {
        switch self {
        case .runStarted, .stepDecided, .rollbackRequested, .stopRequested, .pauseRequested, .runResumed,
            .approvalRecorded, .approvalAwaited, .breakGlass:
            true
        default: false
        }
    }
}
