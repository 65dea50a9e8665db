// SPDX-License-Identifier: Apache-2.0

import MusterEngine
import MusterJournal
import MusterMachine
import MusterModel
import MusterTestSupport

/// Kills the engine at the n-th of the points where something leaves it or comes into it.
final class Killer {
    /// Points until the end; nil for none.
    var left: Int?
    private(set) var isDead = false
    private(set) var points = 0

    init(after left: Int? = nil) { self.left = left }

    func point() {
        points += 1
        guard let left else { return }
        if left <= 1 { isDead = true }
        self.left = left - 1
    }

    func die() { isDead = true }

    static let killed = MusterError(code: "simulation.killed", "The engine was killed.")
}

/// The real journal on a simulated disk, which remembers what the engine was told.
final class CheckedJournal: RunJournal {
    private let writer: JournalWriter
    private let killer: Killer
    private let sabotage: DrillWorld.Sabotage?
    /// All that was written, and how much of it the engine was told to be on the disk.
    private(set) var entries: [JournalEntry]
    private(set) var syncedCount: Int
    /// Announcements of effects that are on the disk: `step-begun s1 2`.
    private var announced: Set<String> = []

    init(
        _ writer: JournalWriter, _ entries: [JournalEntry], _ killer: Killer, sabotage: DrillWorld.Sabotage?
    ) {
        self.writer = writer
        self.killer = killer
        self.sabotage = sabotage
        self.entries = entries
        syncedCount = entries.count
        for entry in entries { announce(entry.event) }
    }

    func append(_ events: [Event], at now: Instant) throws(MusterError) -> [JournalEntry] {
        killer.point()
        if killer.isDead { throw Killer.killed }
        let kept = sabotage == .forgetful ? events.filter { $0.kind != "step-skipped" } : events
        let new = try writer.append(kept, at: now)
        entries += new
        killer.point()
        if killer.isDead { throw Killer.killed }
        return new
    }

    func sync() throws(MusterError) {
        killer.point()
        if killer.isDead { throw Killer.killed }
        if sabotage != .unsynced { try writer.sync() }
        for entry in entries[syncedCount...] { announce(entry.event) }
        syncedCount = entries.count
        killer.point()
        if killer.isDead { throw Killer.killed }
    }

    func isAnnounced(_ kind: String, _ task: StepTask) -> Bool {
        announced.contains("\(kind) \(task.step) \(task.attempt)")
    }

    func close() { writer.close() }

    private func announce(_ event: Event) {
        switch event {
        case .stepApplying(let body): announced.insert("\(event.kind) \(body.step) \(body.attempt)")
        case .stepBegun(let body): announced.insert("\(event.kind) \(body.step) \(body.attempt)")
        case .undoApplying(let body): announced.insert("\(event.kind) \(body.step) \(body.attempt)")
        case .undoBegun(let body): announced.insert("\(event.kind) \(body.step) \(body.attempt)")
        default: break
        }
    }
}
