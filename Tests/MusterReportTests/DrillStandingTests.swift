// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import Testing

@testable import MusterRecord
@testable import MusterReport

@Suite struct DrillStandingTests {
    private let record: RunRecord
    private let pins: RunbookPins
    private let policy = ObjectID(blob: [1])

    init() throws {
        let record = try StoredRun.record("decided-retry")
        let definitions = record.definitions.compactMap { used -> RunbookPins.Definition? in
            let parts = used.uses.split(separator: "@")
            return used.document.map { .init(name: String(parts[0]), version: String(parts[1]), blob: $0.blob) }
        }
        self.record = record
        pins = RunbookPins(
            version: record.runbook.version.description, runbook: record.runbook.document.blob,
            definitions: definitions,
            plugins: Dictionary(
                uniqueKeysWithValues: record.plugins.map { ($0.name, $0.sources ?? ObjectID(blob: [])) }),
            policy: policy,
            environments: record.environment.document.map { [record.environment.name: $0.blob] } ?? [:])
    }

    private func standing(_ pins: RunbookPins, every: Duration? = nil, after: Duration = .seconds(1)) -> DrillStanding {
        DrillStanding(
            record, policy: policy, against: pins, every: every, now: record.finishedAt!.advanced(by: after))
    }

    @Test func `a drill holds while its pins are those of the catalog`() {
        #expect(standing(pins).changed == [])
        #expect(!standing(pins, every: .seconds(86_400)).needsDrill)
    }

    @Test func `it is overdue after the time that the catalog gives it, and not before`() {
        let day = Duration.seconds(86_400)
        #expect(standing(pins, every: day, after: day).overdueSince == nil)
        let late = standing(pins, every: day, after: day + .milliseconds(1))
        #expect(late.overdueSince == record.finishedAt?.advanced(by: day))
        #expect(late.ageDays == 1 && late.needsDrill)
        #expect(standing(pins, every: day, after: .seconds(-5)).ageDays == 0)
    }

    @Test func `each thing that changed is named`() {
        var other = pins
        other.runbook = ObjectID(blob: [2])
        other.version = "9.0.0"
        other.definitions[0].version = "8.0.0"
        let gone = other.definitions.removeLast()
        other.definitions.append(.init(name: "new/step", version: "1.0.0", blob: policy))
        other.plugins = [:]
        other.policy = ObjectID(blob: [3])
        let changed = standing(other).changed
        #expect(changed.contains { $0.hasPrefix("runbook ") && $0.hasSuffix(" → 9.0.0") })
        #expect(
            changed.contains { $0.hasPrefix("definition \(other.definitions[0].name) ") && $0.hasSuffix(" → 8.0.0") })
        #expect(changed.contains("definition \(gone.name) \(gone.version) is not used any more"))
        #expect(changed.contains("definition new/step 1.0.0 is new"))
        #expect(changed.contains("plugin failover-group-key-swap is gone"))
        #expect(changed.contains("muster.yaml"))
    }
}
