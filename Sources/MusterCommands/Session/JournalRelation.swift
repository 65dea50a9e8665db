// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
internal import MusterModel

/// What this machine's journal of a run is to the one that its branch holds.
enum JournalRelation: Hashable {
    /// The published one is how this one begins.
    case ahead
    /// Another machine has gone on.
    case behind
    /// Both have gone on by themselves.
    case apart
    /// This machine published lines that its own journal does not hold any more; the first of them, counted from 1.
    case damaged(line: Int)

    /// An engine that takes a run up says so first. Published lines without that word are of the engine whose lines stand before
    /// them, and the machine that wrote those and lacks these has lost them.
    ///
    /// - Parameter host: this machine's name.
    init(own: [UInt8], published: [UInt8], host: String) {
        if own.starts(with: published) {
            self = .ahead
            return
        }
        let common = published.prefix(zip(own, published).prefix { $0.0 == $0.1 }.count)
        let lines = common.count { $0 == 0x0A }
        // What no reading can be made of tells nothing of who wrote it.
        let wasTakenUp = Self.isTakenUp(published, after: lines) ?? true || Self.isTakenUp(own, after: lines) ?? false
        if wasTakenUp || Self.writer(published, of: lines) != host {
            self = published.starts(with: own) ? .behind : .apart
        } else {
            self = .damaged(line: lines + 1)
        }
    }

    /// The machine whose engine wrote the last of so many lines. Another one may hold them, too: it once took the run over and
    /// could not go on.
    private static func writer(_ journal: [UInt8], of lines: Int) -> String? {
        // Why it is broken is told by whoever opens it.
        guard let reading = try? JournalReading(journal) else { return nil }
        // The first line tells of the run's creation, so whoever lacks it is the one who wrote it or nobody.
        return writer(reading.entries.prefix(max(1, lines)))
    }

    static func writer(_ reading: JournalReading) -> String? { writer(reading.entries[...]) }

    private static func writer(_ entries: ArraySlice<JournalEntry>) -> String? {
        entries.compactMap { entry in
            switch entry.event {
            case .runCreated(let body): body.host
            case .runResumed(let body): body.host
            default: nil
            }
        }.last
    }

    /// Whether an engine took the run up behind so many lines; nil where the journal is broken.
    private static func isTakenUp(_ journal: [UInt8], after lines: Int) -> Bool? {
        // Why it is broken is told by whoever opens it.
        guard let reading = try? JournalReading(journal) else { return nil }
        return reading.entries.dropFirst(lines).contains { entry in
            if case .runResumed = entry.event { true } else { false }
        }
    }
}
