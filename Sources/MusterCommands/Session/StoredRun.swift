// SPDX-License-Identifier: Apache-2.0

internal import MusterJournal
internal import MusterMachine
internal import MusterModel
internal import MusterRecord
internal import MusterSystem

/// A run as its folder on this machine tells it: its plan and its journal, folded.
struct StoredRun {
    let run: RunID
    let folder: String
    let plan: Plan
    let reading: JournalReading
    let state: RunState

    /// Reads what is there, also while an engine writes to it; changes nothing.
    ///
    /// - Throws: `journal.not-found` and the journal's other errors, `state.no-plan`, `state.misfit`.
    init(_ run: RunID, in folders: StateFolder) throws(MusterError) {
        let folder = folders.run(run)
        let reading = try JournalReader().read("\(folder)/\(JournalWriter.fileName)")
        try self.init(run, folder: folder, reading: reading)
    }

    /// - Parameters:
    ///   - reading: the journal, read by whoever holds it.
    ///   - planBytes: the plan, where the folder does not hold it yet.
    init(
        _ run: RunID, folder: String, reading: JournalReading, planBytes: [UInt8]? = nil
    ) throws(MusterError) {
        let file = "\(folder)/\(StateFolder.planFile)"
        guard let bytes = planBytes ?? readSmallFile(file, limit: 64 << 20, onlyRegular: true) else {
            throw MusterError(
                code: "state.no-plan",
                "The run's plan, \(file), is missing or cannot be read.",
                help: Self.restore(run), status: .verificationFailed)
        }
        try self.init(run, folder: folder, plan: bytes, reading: reading)
    }

    /// - Parameter bytes: the plan's.
    init(_ run: RunID, folder: String, plan bytes: [UInt8], reading: JournalReading) throws(MusterError) {
        self.run = run
        self.folder = folder
        self.reading = reading
        do {
            plan = try JSON.parse(bytes).decode(Plan.self)
            guard plan.isWellFormed else {
                throw Self.misfit(run, folder, "the plan is not one that a planner makes")
            }
            var state = RunState(plan: plan)
            for entry in reading.entries { try state.apply(entry.event, at: entry.at) }
            self.state = state
            // What was agreed to is what goes on, and nothing else.
            if let created = state.created, created.plan != Digest(of: bytes) {
                throw MusterError(
                    code: "state.other-plan",
                    "\(folder)/\(StateFolder.planFile) is not the plan that the run \(run) was begun with.",
                    help: "Put the plan back that the run's branch holds: git show \(run.ref):\(StateFolder.planFile)",
                    status: .verificationFailed)
            }
        } catch let error as MusterError {
            throw error
        } catch {
            throw Self.misfit(run, folder, describeDecodingError(error))
        }
    }

    private static func misfit(_ run: RunID, _ folder: String, _ why: String) -> MusterError {
        MusterError(
            code: "state.misfit", "Journal and plan of the run, in \(folder), do not fit: \(why).",
            help: "Keep the folder as it is. " + restore(run), status: .verificationFailed)
    }

    private static func restore(_ run: RunID) -> String {
        "Compare it with what the run's branch holds, and put that back if it is whole: git show \(run.ref):\(StateFolder.planFile)"
    }

    /// The machine, its boot and the process that had the run last.
    var holder: (host: String, bootID: String, processID: Int32)? {
        if let resumed = state.resumed { return (resumed.host, resumed.bootID, resumed.processID) }
        return state.created.map { ($0.host, $0.bootID, $0.processID) }
    }

    /// Whether an engine has the run: told by its lock, which the kernel frees however the engine ends.
    var isAlive: Bool {
        guard !state.isFinished, state.phase != .paused, let holder, holder.bootID == Host.bootID else { return false }
        return EngineLock.isHeld(runFolder: folder)
    }

    /// The other machine that had the run last, as far as the journal here tells; nil where it was this one.
    var otherHost: String? { holder.flatMap { $0.host == Host.name ? nil : $0.host } }

    /// When something was last written of the run here.
    var lastHeardOf: String { reading.entries.last?.at.description ?? "no time" }

    /// What became of the places that it changed, as its record tells it.
    var places: ChangedPlaces { ChangedPlaces(plan, reading.entries) }

    /// Whether an effect had begun whose end nobody has heard of.
    var hasOpenEffect: Bool {
        state.steps.contains { step in
            if step.undoing == .calling(begun: true) { return true }
            switch step.phase {
            case .applying(begun: true), .readingBack: return true
            default: return false
            }
        }
    }
}

extension StoredRun {
    /// Where the run stands, in a few words.
    var standing: String {
        switch state.phase {
        case .finished(let outcome): return outcome.rawValue
        case .paused:
            let waiting = state.waitingForDecision.map { state.plan.steps[$0].id }
            let gates = state.waitingForApproval.map { state.plan.steps[$0].id }
            let parts = [
                waiting.isEmpty ? nil : "waits for a decision about \(waiting.joined(separator: ", "))",
                gates.isEmpty ? nil : "waits for approvals at \(gates.joined(separator: ", "))",
            ].compactMap(\.self)
            return (["paused"] + parts).joined(separator: ", ")
        case .empty, .created:
            return isAlive ? "beginning" : "cut off before it began: its go-ahead never reached the disk"
        case .running:
            if !isAlive {
                if let otherHost { return "on \(visibleText(otherHost)), last heard of at \(lastHeardOf)" }
                let doubt = hasOpenEffect ? ", and the effect under way is in doubt until it is read back" : ""
                return "cut off: its engine ended\(doubt)"
            }
            if state.waitsOnlyForDecisions {
                return "running, waits for \(state.waitingForDecision.isEmpty ? "approvals" : "a decision")"
            }
            return state.rollback == nil ? "running" : "rolling back"
        }
    }
}

extension StoredRun {
    /// A rehearsal is neither taken up nor rolled back.
    ///
    /// - Throws: `run.rehearsal`.
    func refuseRehearsal() throws(MusterError) {
        guard plan.kind == .rehearsal || plan.commit == nil else { return }
        throw MusterError(
            code: "run.rehearsal", "The run \(run) is a rehearsal, and its simulated clouds ended with it.",
            help: "Rehearse it again: muster rehearse \(plan.runbook.name)")
    }

    /// A journal is gone on with by the rules that it was begun with, or not at all.
    ///
    /// - Throws: `run.newer-rules`, `run.older-rules`.
    func refuseOtherRules() throws(MusterError) {
        if let rules = state.created?.rules, rules > RunCreated.currentRules {
            throw MusterError(
                code: "run.newer-rules",
                "The run \(run) follows rules \(rules), and this Muster (\(musterVersion)) knows \(RunCreated.currentRules).",
                help: "Go on with it with the Muster that began it: \(state.created?.engine ?? "a newer one").")
        }
        guard state.asksPeople else {
            throw MusterError(
                code: "run.older-rules",
                "The run \(run) was begun by Muster \(state.created?.engine ?? "0.2"), which could not take runs up again.",
                help: "Look at its targets, then start a new run: finished steps are found as they are wanted.")
        }
    }
}

extension ChangedPlaces {
    /// - Precondition: the plan was read from JSON.
    init(_ plan: Plan, _ entries: [JournalEntry]) {
        // Only a number that JSON has no text for throws, and none comes out of JSON.
        guard var fold = try? RunFold(plan: plan, render: renderTemplate) else {
            preconditionFailure("a plan that was read from JSON is JSON")
        }
        fold.apply(entries)
        self = fold.changedPlaces
    }
}
