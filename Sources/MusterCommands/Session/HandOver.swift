// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterGit
internal import MusterJournal
internal import MusterMachine
internal import MusterModel
internal import MusterSystem

/// Brings a run's folder on this machine in line with the run's branch in git, which may know of another machine's work.
struct HandOver {
    let git: Catalog
    let run: RunID
    let folders: StateFolder
    /// Where the run's branch may have been published; nil: nowhere.
    let remote: String?

    /// What another machine published of the run, to be gone on with here. Nothing of it is on this machine yet.
    struct Adoption {
        let plan: [UInt8]
        let journal: [UInt8]
        fileprivate let own: [UInt8]?
        fileprivate let relation: JournalRelation
    }

    /// Looks which journal of the run is to be gone on with, and changes nothing of this machine's.
    ///
    /// - Parameter takeOver: a person's reason to go on with what another machine published.
    /// - Returns: what to tell the person, and what is to be adopted before anything goes on; nil: this machine's journal is the one.
    /// - Throws: `run.taken-over` when another machine went on with the run and nobody decided to take it back;
    ///   `journal.damaged` when this machine's lacks what it had published; `run.only-planned` when what was published does not tell whether the run began;
    ///   `run.not-here` when neither this machine nor the catalog knows the run.
    func prepare(takeOver: String?) throws(MusterError) -> (notices: [String], adoption: Adoption?) {
        let unreachable = try fetch(
            hasOwn: access("\(folders.run(run))/\(JournalWriter.fileName)", F_OK) == 0, givingWay: takeOver != nil)
        let own = try ownJournal()
        let published = try publishedFiles()
        switch (own, published) {
        case (nil, nil):
            throw MusterError(
                code: "run.not-here", "Neither this machine nor the catalog has a journal of run \(run).",
                help: "Fetch its branch from where it was published: git fetch REMOTE \(run.ref):\(run.ref)")
        case (_?, nil): return (unreachable, nil)
        case (let own, let published?):
            let relation =
                own.map { JournalRelation(own: $0, published: published.journal, host: Host.name) } ?? .behind
            if relation == .ahead { return (unreachable, nil) }
            guard takeOver != nil else { throw refusal(published.journal, hasOwn: own != nil, relation) }
            try refusePlanAlone(published.journal)
            let adoption = Adoption(
                plan: published.plan, journal: published.journal, own: own, relation: relation)
            return (unreachable + notices(of: adoption), adoption)
        }
    }

    /// Gets what other machines have published; a remote that is down is said and keeps nobody from going on here.
    private func fetch(hasOwn: Bool, givingWay givesWay: Bool) throws(MusterError) -> [String] {
        guard let remote else { return [] }
        do {
            let fetched = try git.fetchRun(run, from: remote, givingWay: givesWay, deadline: .seconds(60))
            return fetched?.aside.map { ["What this machine had committed of the run is kept in \($0)."] } ?? []
        } catch  where error.code == "git.run-diverged" {
            throw MusterError(
                code: "run.taken-over",
                "Another machine has gone on with run \(run), from before what this one wrote: \(error.summary)",
                help:
                    "Go on with it there. Once it is over there, \"muster publish\" frees its targets here; what only this machine wrote is kept. To take it back while it is not over: muster resume \(run) --take-over --reason TEXT",
                status: .waitsForPerson)
        } catch  where hasOwn && error.code == "git.remote-unreachable" {
            return ["\(remote) was not asked whether another machine has gone on: \(error.summary)"]
        }
    }

    /// What a person who only looks must know: this machine's journal is not all that there is of the run, as far as the run's
    /// branch here tells. The remote is not asked.
    ///
    /// - Returns: what is wrong and what to do; nil where nothing is.
    func caveat() throws(MusterError) -> MusterError? {
        guard let own = try ownJournal(), let published = try publishedFiles() else { return nil }
        let relation = JournalRelation(own: own, published: published.journal, host: Host.name)
        return relation == .ahead ? nil : refusal(published.journal, hasOwn: true, relation)
    }

    /// Brings this machine in line with a run that is over on another one: the journal here, which tells less or something else, is
    /// set aside for the published one, so that the run keeps nothing here any more.
    ///
    /// The run's branch must be the published one already.
    ///
    /// - Returns: what to tell the person; nil where there is nothing to bring in line.
    func adoptEnd() throws(MusterError) -> [String]? {
        guard let own = try ownJournal(), let published = try publishedFiles() else { return nil }
        let relation = JournalRelation(own: own, published: published.journal, host: Host.name)
        guard relation == .behind || relation == .apart else { return nil }
        // One that cannot be read tells no end; whoever opens it says why.
        guard case .runFinished? = (try? JournalReading(published.journal))?.entries.last?.event else { return nil }
        let adoption = Adoption(plan: published.plan, journal: published.journal, own: own, relation: relation)
        try adopt(adoption)
        return notices(of: adoption)
    }

    func ownJournal() throws(MusterError) -> [UInt8]? {
        let path = "\(folders.run(run))/\(JournalWriter.fileName)"
        guard access(path, F_OK) == 0 else { return nil }
        let bytes = try JournalReader().bytes(path)
        guard JournalReading.mayBeTorn(bytes) else { return bytes }
        // A torn tail is nobody's word.
        do { return Array(bytes[..<(try JournalReading(bytes).intactBytes)]) } catch { return bytes }
    }

    func publishedFiles() throws(MusterError) -> (plan: [UInt8], journal: [UInt8])? {
        let names = [StateFolder.planFile, JournalWriter.fileName]
        guard let files = try git.readRecord(RecordPlace(run: run, branch: nil), paths: names) else { return nil }
        guard let plan = files[names[0]]?.content.bytes, let journal = files[names[1]]?.content.bytes else {
            throw MusterError(
                code: "run.incomplete", "The branch of run \(run) lacks its plan or its journal.",
                help: "Check it with: muster verify \(run)", status: .verificationFailed)
        }
        return (plan, journal)
    }

    private var journalPath: String { "\(folders.run(run))/\(JournalWriter.fileName)" }

    private func asidePath(_ own: [UInt8]) -> String {
        "\(folders.run(run))/journal.superseded-\(Digest(of: own).hex.prefix(12))"
    }

    private func notices(of adoption: Adoption) -> [String] {
        let first = "The journal comes from the run's branch, \(run.ref)."
        guard let aside = adoption.own.map(asidePath) else { return [first] }
        switch adoption.relation {
        case .apart:
            return [
                first,
                "What this machine wrote after they parted is set aside in \(aside); effects that only it tells of are read back as they are found.",
            ]
        case .damaged: return [first, "The damaged journal is set aside in \(aside)."]
        case .ahead, .behind: return [first]
        }
    }

    /// Makes what was published this machine's own.
    func adopt(_ adoption: Adoption) throws(MusterError) {
        let folder = folders.run(run)
        try makeFolders(folder)
        if let own = adoption.own {
            // Beside its old name, which the published one takes at the end: there is no moment without a journal.
            guard link(journalPath, asidePath(own)) == 0 || errno == EEXIST else {
                throw MusterError(
                    code: "state.cannot-write",
                    "\(journalPath) could not be set aside: \(String(cString: strerror(errno))).",
                    help: "Look at the folder's permissions.", status: .preconditionUnmet)
            }
        }
        try writeFile("\(folder)/\(StateFolder.planFile)", adoption.plan)
        try writeFile("\(folder)/\(LateRecords.catalogFile)", Array(try git.state().gitFolder.utf8))
        // Last: until then the folder holds the run as this machine told it.
        try writeFile(journalPath, adoption.journal)
    }

    /// What was published before the go-ahead tells nothing of what came after it: to end such a run here would tell, in its
    /// record, that nothing was done.
    private func refusePlanAlone(_ journal: [UInt8]) throws(MusterError) {
        guard let reading = try? JournalReading(journal) else { return }  // what is broken is told when it is opened
        let tells = reading.entries.contains { entry in
            switch entry.event {
            case .runStarted, .runFinished: true
            default: false
            }
        }
        guard !tells else { return }
        throw MusterError(
            code: "run.only-planned",
            "Of run \(run) only the plan was published, so nothing here tells whether it began.",
            help:
                "Go on with it on its own machine. If that is lost, look at the targets, then start a new run: it finds done what is done.",
            status: .stuck)
    }
}
