// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import MusterTestSupport
import Testing

@testable import MusterCommands

/// What a machine's journal is to the one that the run's branch holds.
@Suite struct JournalRelationTests {
    private static let resumed = Event.runResumed(
        RunResumed(by: "Bea", host: "other", bootID: "b", processID: 7, engine: "1"))

    private static func said(_ number: Int) -> Event {
        .progress(Progress(step: "a", message: "line \(number)", fraction: nil))
    }

    private static func journal(_ events: [Event]) throws -> [UInt8] {
        var previous = JournalEntry.firstPrevious
        var bytes: [UInt8] = []
        for (number, event) in events.enumerated() {
            let line = try JournalEntry(
                sequence: Int64(number), at: PlanFixture.time, boot: Int64(number), previous: previous, event: event
            ).line()
            previous = Digest(of: line).hex
            bytes += line + [0x0A]
        }
        return bytes
    }

    /// Of the machine "host".
    private static let shared = [PlanFixture.created] + (1..<3).map(said)

    @Test func `one that only goes on is ahead`() throws {
        let published = try Self.journal(Self.shared)
        for own in [published, try Self.journal(Self.shared + [Self.said(3)])] {
            #expect(JournalRelation(own: own, published: published, host: "host") == .ahead)
        }
        #expect(JournalRelation(own: published, published: [], host: "host") == .ahead)
    }

    @Test func `what another engine wrote behind it leaves it behind, or apart`() throws {
        let published = try Self.journal(Self.shared + [Self.resumed, Self.said(4)])
        #expect(JournalRelation(own: try Self.journal(Self.shared), published: published, host: "host") == .behind)
        let own = try Self.journal(Self.shared + [Self.said(3)])
        #expect(JournalRelation(own: own, published: published, host: "host") == .apart)
    }

    @Test func `what it published itself and lacks now is damage, from its line on`() throws {
        let published = try Self.journal(Self.shared + [Self.said(3), Self.said(4)])
        #expect(
            JournalRelation(own: try Self.journal(Self.shared), published: published, host: "host") == .damaged(line: 4)
        )
        #expect(JournalRelation(own: [], published: published, host: "host") == .damaged(line: 1))
        var changed = published
        changed[published.firstIndex(of: 0x0A)! + 40] ^= 1
        #expect(JournalRelation(own: changed, published: published, host: "host") == .damaged(line: 2))
        // Also where it has more lines than the branch.
        let more = try Self.journal(Self.shared + (3..<6).map(Self.said))
        var changedMore = more
        changedMore[10] ^= 1
        #expect(JournalRelation(own: changedMore, published: published, host: "host") == .damaged(line: 1))
    }

    @Test func `one that was taken up here from less than was published is apart`() throws {
        let published = try Self.journal(Self.shared + [Self.said(3)])
        let own = try Self.journal(Self.shared + [Self.resumed])
        #expect(JournalRelation(own: own, published: published, host: "host") == .apart)
    }

    @Test func `of a branch that cannot be read nothing is said but that they differ`() throws {
        #expect(
            JournalRelation(own: try Self.journal(Self.shared), published: Array("no\nentry\n".utf8), host: "host")
                == .apart)
    }

    @Test func `one that was only fetched from a machine that goes on is behind`() throws {
        let published = try Self.journal(Self.shared + [Self.said(3), Self.said(4)])
        let own = try Self.journal(Self.shared)
        #expect(JournalRelation(own: own, published: published, host: "other") == .behind)
    }
}
