// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel

@testable import MusterRecord

/// Writes the journal of a run that a test tells event by event, on clocks that the test moves.
struct RunScript {
    static let run = RunID("20261121-140302-failover-group-key-swap-3fa9c1")!

    let plan: Plan
    private(set) var journal: [UInt8] = []
    private(set) var wall = Timestamp("2026-11-21T14:03:02.511Z")!
    private var boot: Int64 = 86_400_000_000_000
    private var previous = JournalEntry.firstPrevious
    private var sequence: Int64 = 0

    /// - Parameter rules: those of Muster 0.1 and 0.2 when nil.
    init(plan: Plan = KeySwap.plan(), rules: Int? = nil) throws {
        self.plan = plan
        try add(
            .runCreated(
                RunCreated(
                    run: Self.run, plan: try plan.digest(), kind: plan.kind, runbook: plan.runbook.name,
                    environment: plan.environment.name, change: plan.change,
                    operatorName: "Subham Roy <subham@example.com>", host: "bastion-2",
                    bootID: "6f0d5a52-6a4e-4c4e-9f5e-1d5f0a8c9b11", processID: 4711,
                    engine: rules == nil ? "0.1.0" : "0.3.0", rules: rules)))
    }

    /// Both clocks go on.
    mutating func pass(milliseconds: Int64) {
        wall = Timestamp(milliseconds: wall.milliseconds + milliseconds)
        boot += milliseconds * 1_000_000
    }

    /// Only the wall clock moves.
    mutating func jump(milliseconds: Int64) { wall = Timestamp(milliseconds: wall.milliseconds + milliseconds) }

    /// Only the boot clock moves, as that of a machine that has been up for long.
    mutating func leapBootClock() { boot += 864_000_000_000_000 }

    /// Another boot of the machine.
    mutating func reboot() { boot = 5_000_000_000 }

    mutating func add(_ event: Event) throws {
        let entry = JournalEntry(sequence: sequence, at: wall, boot: boot, previous: previous, event: event)
        let line = try entry.line()
        previous = Digest(of: line).hex
        sequence += 1
        journal += line + [0x0A]
    }

    /// Other bytes in the journal's place; nothing is to be added to them.
    mutating func replaceJournal(_ bytes: [UInt8]) { journal = bytes }

    func files() throws -> RecordFiles {
        try RecordFiles(plan: plan, journal: journal, render: renderTemplate)
    }

    /// The record's page.
    func page() throws -> String { String(decoding: try stored()["README.md"] ?? [], as: UTF8.self) }

    /// The record as somebody reads it from git, blobs in place.
    func stored() throws -> [String: [UInt8]] {
        let byBlob = Dictionary(uniqueKeysWithValues: KeySwap.documents.values.map { (ObjectID(blob: $0), $0) })
        var stored: [String: [UInt8]] = [:]
        for file in try files().files {
            switch file.content {
            case .bytes(let bytes): stored[file.path] = bytes
            case .blob(let id): stored[file.path] = byBlob[id]
            }
        }
        return stored
    }
}
