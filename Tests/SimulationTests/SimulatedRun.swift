// SPDX-License-Identifier: Apache-2.0

import MusterEngine
import MusterJournal
import MusterMachine
import MusterModel
import MusterTestSupport

/// One run from its plan to its end, through as many engines as it takes.
final class SimulatedRun {
    let seed: UInt64
    let kind: FaultKind
    let world: DrillWorld
    private let plan: Plan
    private var disk = SimulatedDisk()
    private var random: SeededRandom
    private var killsLeft: Int
    private var diskFaultsLeft: Int
    private var reopensLeft = 2
    private let rules: Int?
    /// Kills the first engine at this very point, and no other.
    private let exactPoint: Int?
    private(set) var hasKilled = false
    /// What had been acknowledged when the last engine ended.
    private var acknowledged: [JournalEntry] = []
    private(set) var entries: [JournalEntry] = []
    /// The state of the last engine, when it came to rest or to the end.
    private var rested: RunState?

    private static let folder = "/run"
    private static let livesMax = 80
    private static let limits = JournalLimits(freeBytesMin: 0, ballastBytes: 0)

    init(seed: UInt64, kind: FaultKind, exactPoint: Int? = nil, sabotage: DrillWorld.Sabotage? = nil) {
        self.seed = seed
        self.kind = kind
        self.exactPoint = exactPoint
        random = SeededRandom(seed: seed)
        let faults = Faults(kind, &random)
        plan = PlanFixture.plan(Workload(&random).steps)
        killsLeft = exactPoint == nil ? faults.kills : 0
        diskFaultsLeft = faults.diskFaults
        // Some runs were begun by the engine before this one.
        rules = random.chance(5) ? nil : RunCreated.currentRules
        world = DrillWorld(plan, faults, SeededRandom(seed: random.next()), sabotage: sabotage)
    }

    /// - Returns: what it broke.
    func perform() -> Findings {
        repeat {
            world.findings.lives += 1
            if world.findings.lives > Self.livesMax {
                world.findings.notResumable.append("after \(Self.livesMax) engines it has not ended")
            }
        } while world.findings.notResumable.isEmpty && live()
        world.findings.doubled += world.cloud.blind
        world.findings.events = entries.count
        return world.findings
    }

    // MARK: Lives

    /// One engine's life, from reading the journal on. False: none follows.
    private func live() -> Bool {
        let killer = Killer(after: nextKill())
        let failing = nextDiskFault()
        do {
            let (writer, reading) = try open(failing ?? disk)
            defer { writer.close() }
            guard let state = look(reading), let opening = opening(state) else { return false }
            let journal = CheckedJournal(writer, entries, killer, sabotage: world.sabotage)
            world.begin(killer, journal)
            defer { acknowledged = Array(journal.entries.prefix(journal.syncedCount)) }
            var engine = Engine(
                state: state, journal: journal, world: world, followers: [world],
                restsWhenWaiting: random.chance(20))
            rested = try engine.run(opening: opening)
            return true
        } catch {
            return lose(error, killer, hasFailed: failing.map { $0.failures > 0 } ?? false)
        }
    }

    private func nextKill() -> Int? {
        if let exactPoint, world.findings.lives == 1 { return exactPoint }
        guard killsLeft > 0 else { return nil }
        killsLeft -= 1
        // Early ones as often as late ones: recovery is short.
        return random.number(1...(1 << random.number(1...9)))
    }

    private func nextDiskFault() -> FailingFileSystem? {
        guard diskFaultsLeft > 0 else { return nil }
        diskFaultsLeft -= 1
        let errno = random.pick([FailingFileSystem.inputOutputError, FailingFileSystem.noSpace])
        return FailingFileSystem(
            disk, failingCall: random.number(1...(1 << random.number(2...7))), errno: errno, forEver: random.chance(50))
    }

    private func open(_ files: any DurableFileSystem) throws(MusterError) -> (JournalWriter, JournalReading?) {
        guard disk.files[Self.folder + "/" + JournalWriter.fileName] != nil else {
            if !acknowledged.isEmpty { world.findings.lost.append("the journal is gone") }
            return (try JournalWriter.create(folder: Self.folder, files: files, limits: Self.limits), nil)
        }
        let (writer, reading) = try JournalWriter.reopen(folder: Self.folder, files: files, limits: Self.limits)
        return (writer, reading)
    }

    // MARK: Between lives

    /// False: it is not the fault that was made which ended the engine.
    private func lose(_ error: any Error, _ killer: Killer, hasFailed: Bool) -> Bool {
        world.lose()
        rested = nil
        hasKilled = hasKilled || killer.isDead
        let code = (error as? MusterError)?.code ?? "\(error)"
        guard killer.isDead || hasFailed && code.hasPrefix("journal.") else {
            world.findings.notResumable.append("the engine ended by itself: \(error)")
            return false
        }
        world.findings.points += 1
        // A sync that failed may have lost what it was to write, as the power does.
        if world.faults.cutsPower && killer.isDead || hasFailed && random.chance(50) {
            disk = disk.afterPowerLoss(random.pick(SimulatedDisk.Loss.allCases), using: &random)
        }
        return true
    }

    /// What the journal tells the next engine: all that was acknowledged, and the state that the last one had.
    private func look(_ reading: JournalReading?) -> RunState? {
        entries = reading?.entries ?? []
        if !entries.starts(with: acknowledged) {
            world.findings.lost.append("\(acknowledged.count) events were acknowledged, \(entries.count) are there")
        }
        var state = RunState(plan: plan)
        do {
            for entry in entries { try state.apply(entry.event, at: entry.at) }
        } catch {
            world.findings.notResumable.append("the journal cannot be folded: \(error)")
            return nil
        }
        if let rested, !rested.isLike(state) {
            world.findings.wrongEnd.append("its journal tells another state than the engine had")
        }
        if rested != nil, reading?.tornTail.isEmpty == false {
            world.findings.wrongEnd.append("a journal that was closed has a torn tail")
        }
        for at in state.waitingForDecision where state.choices(for: plan.steps[at].id).isEmpty {
            world.findings.notResumable.append("\(plan.steps[at].id) waits, and there is nothing to choose")
        }
        return state
    }

    /// What the next engine begins with; nil when nobody wants anything more of the run.
    private func opening(_ state: RunState) -> [Event]? {
        switch state.phase {
        case .empty: return [PlanFixture.created(rules: rules), PlanFixture.started]
        case .created: return [PlanFixture.started]
        case .running, .paused: break
        case .finished:
            let check = EndCheck(state, world.cloud)
            world.findings.wrongEnd += check.wrong
            world.findings.late += check.late
            guard reopensLeft > 0, random.chance(world.faults.reopens) else { return nil }
            reopensLeft -= 1
        }
        return opening(state, world.openingWords(state))
    }

    private func opening(_ state: RunState, _ words: [Event]) -> [Event] {
        var next = state
        var events: [Event] = []
        let resumed = Event.runResumed(
            RunResumed(by: "op", host: "host", bootID: "boot", processID: 2, engine: "0.3.0"))
        // Words that make no sense are refused by the command that would say them.
        for event in [resumed] + words where (try? next.apply(event, at: world.now.wall)) != nil {
            events.append(event)
        }
        return events
    }
}

extension RunState {
    /// Whether all that matters is the same.
    fileprivate func isLike(_ other: RunState) -> Bool {
        phase == other.phase && steps == other.steps && stop == other.stop && pause == other.pause
            && rollback == other.rollback && resumed == other.resumed && inPlace == other.inPlace
            && tasks == other.tasks && nextDue == other.nextDue && rollbackPlan() == other.rollbackPlan()
    }
}
