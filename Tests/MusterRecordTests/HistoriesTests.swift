// SPDX-License-Identifier: Apache-2.0

import Foundation
import MusterMachine
import MusterModel
import Testing

@testable import MusterRecord

/// Journals as versions of Muster wrote them: each must be read, replayed and told alike for ever.
@Suite struct HistoriesTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Histories/v1")
    private static let isWriting = ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1"

    static let names: [String] = {
        if isWriting { writeNew() }
        let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        return (names ?? []).sorted()
    }()

    /// Never over what is there: a journal that was written once stays as it was written.
    private static func writeNew() {
        for run in Histories.all {
            let place = folder.appending(path: run.name)
            guard !FileManager.default.fileExists(atPath: place.path), let script = try? run.script(),
                let plan = try? JSON(encoding: script.plan).canonicalBytes()
            else { continue }
            try? FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            try? Data(plan).write(to: place.appending(path: "plan.json"))
            try? Data(script.journal).write(to: place.appending(path: "journal.jsonl"))
        }
    }

    private func history(_ name: String) throws -> (plan: Plan, journal: [UInt8]) {
        let place = Self.folder.appending(path: name)
        let plan = try JSON.parse(Array(Data(contentsOf: place.appending(path: "plan.json")))).decode(Plan.self)
        return (plan, Array(try Data(contentsOf: place.appending(path: "journal.jsonl"))))
    }

    @Test func `there are histories of both rules, and each run that is told is kept`() throws {
        #expect(Self.names.count >= 50)
        let told = Set(Histories.all.map(\.name))
        #expect(told.count == Histories.all.count && told.isSubset(of: Self.names))
        let old = try Self.names.filter { name in
            guard case .runCreated(let created)? = try JournalReading(history(name).journal).entries.first?.event else {
                return false
            }
            return created.rules == nil
        }
        #expect(old.count >= 15 && old.count < Self.names.count)
    }

    @Test(arguments: Histories.all.map(\.name)) func `a run that is told follows the rules`(name: String) throws {
        let run = try #require(Histories.all.first { $0.name == name })
        #expect(try run.script().journal.isEmpty == false)
    }

    @Test(arguments: names) func `every kept journal is replayed by the machine`(name: String) throws {
        let (plan, journal) = try history(name)
        var state = RunState(plan: plan)
        for entry in try JournalReading(journal).entries { try state.apply(entry.event, at: entry.at) }
        #expect(state.created?.plan == (try plan.digest()))
    }

    @Test(arguments: names) func `every kept journal is told as it was`(name: String) throws {
        let (plan, journal) = try history(name)
        let files = try RecordFiles(plan: plan, journal: journal, render: renderTemplate)
        try compare(
            Self.folder.appending(path: "\(name)/record.json"), JSON(encoding: files.record).prettyBytes(),
            sourceLocation: #_sourceLocation)
    }

    @Test(arguments: names) func `what is left, and how the run ended, agree with the machine`(name: String) throws {
        let (plan, journal) = try history(name)
        var state = RunState(plan: plan)
        for entry in try JournalReading(journal).entries { try state.apply(entry.event, at: entry.at) }
        let record = try RecordFiles(plan: plan, journal: journal, render: renderTemplate).record
        let inPlace = Set(state.inPlace.map { plan.steps[$0].id })
        #expect(Set(record.steps.filter { $0.effect != nil }.map(\.id)) == inPlace)
        #expect((record.waiting ?? []).map(\.step) == state.waitingForDecision.map { plan.steps[$0].id })
        if record.outcome == .rolledBack { #expect(record.leftBehind.isEmpty) }
        #expect(record.outcome.isOver == state.isFinished)
    }
}
