// SPDX-License-Identifier: Apache-2.0

import MusterTestSupport

/// What is done to a simulated run. Each kind has its row in the table of figures.
enum FaultKind: String, CaseIterable, Sendable {
    /// The engine is killed between any two things that it does, also while it recovers, up to four times in a row.
    case processKilled = "process killed"
    /// The same, and the disk keeps of its unsynced writes what it likes, in sectors of 512 bytes.
    case powerLost = "power lost"
    /// The effect happened, or not, and the answer never came.
    case replyLost = "reply lost"
    /// The cloud shows an effect some time after it took the request.
    case effectDelayed = "effect delayed"
    /// Plugins fail before and after the effect, die, do half of it, cannot look, and claim what is not so.
    case pluginFails = "plugin fails"
    /// The wall clock jumps, back and forward, by seconds to days.
    case clockJumps = "clock jumps"
    /// People pause, cancel, roll back and decide at any moment, after the end as well.
    case peopleInterfere = "people interfere"
    /// Writing or syncing the journal fails, once or until the disk is mended.
    case diskFails = "disk fails"
    /// An undo is executed twice.
    case undoTwice = "undo executed twice"
    /// The run's hold on its targets runs out, comes back, or is lost.
    case leaseLost = "lease late or lost"
    case all = "all of these"
}

/// How often what happens in one simulated run, in percent, and how many faults there are in all.
struct Faults {
    /// Engines that are killed, one after the other.
    var kills = 0
    var cutsPower = false
    /// Journals that fail at some write or sync.
    var diskFaults = 0
    var replyLost = 3
    var delayed = 0
    var failsBefore = 4
    var failsAfter = 3
    var half = 1
    var lies = 1
    var readFails = 2
    var blindLook = 2
    var unmet = 3
    var unverifiable = 2
    var undoTwice = 0
    /// Clock jumps, words of people and changes of the lease that come by themselves in each engine's life.
    var jumps = 0
    var interventions = 0
    var leaseChanges = 0
    /// People that are asked do not answer.
    var noAnswer = 5
    /// What people do with a run that has ended.
    var reopens = 10
    /// Faults of plugins and clouds until everything goes well, so that every run comes to an end.
    var budget = 25

    init(_ kind: FaultKind, _ random: inout SeededRandom) {
        let isAll = kind == .all
        if kind == .processKilled || kind == .powerLost || isAll { kills = random.number(1...4) }
        if kind == .powerLost || isAll { cutsPower = true }
        if kind == .diskFails || isAll { diskFaults = random.number(1...2) }
        if kind == .replyLost || isAll { replyLost = 30 }
        if kind == .effectDelayed || isAll { delayed = 40 }
        if kind == .pluginFails || isAll {
            (failsBefore, failsAfter, half, lies) = (12, 12, 6, 5)
            (readFails, blindLook, unmet, unverifiable) = (6, 8, 8, 6)
        }
        if kind == .clockJumps || isAll { jumps = 3 }
        if kind == .peopleInterfere || isAll { (interventions, noAnswer, reopens) = (3, 20, 50) }
        if kind == .undoTwice || isAll { (undoTwice, reopens) = (50, 70) }
        if kind == .leaseLost || isAll { leaseChanges = 3 }
    }
}

/// What a simulated run broke. Nothing, if Muster keeps its promises.
struct Findings {
    /// Events that had been acknowledged and were gone, or that something rested on before they were on the disk.
    var lost: [String] = []
    /// Requests to change something that were sent blindly.
    var doubled: [String] = []
    /// States from which nothing went on.
    var notResumable: [String] = []
    /// Ends, or answers to people, that are not true.
    var wrongEnd: [String] = []
    /// Faults that were injected.
    var points = 0
    /// Effects that landed after the last look at their target, which nobody could know.
    var late = 0
    /// Engines' lives.
    var lives = 0
    var events = 0

    var all: [String] { lost + doubled + notResumable + wrongEnd }

    mutating func add(_ other: Findings) {
        lost += other.lost
        doubled += other.doubled
        notResumable += other.notResumable
        wrongEnd += other.wrongEnd
        points += other.points
        late += other.late
        lives += other.lives
        events += other.events
    }
}
