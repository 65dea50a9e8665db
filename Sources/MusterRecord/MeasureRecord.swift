// SPDX-License-Identifier: Apache-2.0

package import MusterMachine
package import MusterModel

/// A measure of the run, read.
package struct MeasureRecord: Hashable, Sendable {
    package enum Kind: String, Sendable, Codable, CaseIterable {
        /// The time between two moments of the run.
        case clock
        /// What a step returned.
        case output
    }

    package var id: String
    package var summary: String
    package var kind: Kind
    package var from: PlannedMeasure.Mark?
    package var to: PlannedMeasure.Mark?
    /// When the clock's marks were reached; a mark that was not reached has none.
    package var fromAt: Timestamp?
    package var toAt: Timestamp?
    package var output: PlannedMeasure.Output?
    /// Of an output: as the step gave it.
    package var value: JSON?
    /// The clock's time, or the output's where it is a duration. Nil when it is not known.
    package var measuredMilliseconds: Int64?
    package var waitedForPeopleMilliseconds: Int64?
    /// ``measuredMilliseconds`` without ``waitedForPeopleMilliseconds``. The objective is held against the whole.
    package var withoutPeopleMilliseconds: Int64?
    package var objectiveMilliseconds: Int64?
    package var objectiveAtMost: JSON?
    package var objectiveEquals: JSON?
    /// Nil without an objective, and when it is not known.
    package var met: Bool?
    /// Why nothing was measured.
    package var unknown: String?
    /// True where the run was not to do what is measured: a step of the measure was left out by its own `when`.
    package var notApplicable: Bool?

    init(_ planned: PlannedMeasure) {
        id = planned.id
        summary = planned.summary
        switch planned.source {
        case .clock(let from, let to):
            kind = .clock
            self.from = from
            self.to = to
        case .output(let output):
            kind = .output
            self.output = output
        }
        let members = ObjectiveMembers(planned.objective)
        objectiveMilliseconds = members.objectiveMilliseconds
        objectiveAtMost = members.objectiveAtMost
        objectiveEquals = members.objectiveEquals
    }
}

extension MeasureRecord {
    package var objective: Objective? {
        if let objectiveMilliseconds { return .longest(milliseconds: objectiveMilliseconds) }
        if let objectiveAtMost { return .atMost(objectiveAtMost) }
        return objectiveEquals.map { .equal($0) }
    }
}

extension MeasureRecord: Codable {
    private enum CodingKeys: String, CodingKey {
        case id, summary, kind, from, to, fromAt, toAt, output, value, measuredMilliseconds,
            waitedForPeopleMilliseconds,
            withoutPeopleMilliseconds, objectiveMilliseconds, objectiveAtMost, objectiveEquals, met, unknown,
            notApplicable
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        id = try members.decode(String.self, forKey: .id)
        summary = try members.decode(String.self, forKey: .summary)
        // Records of Muster 0.1 have clocks only, and do not say so.
        kind = try members.decodeIfPresent(Kind.self, forKey: .kind) ?? .clock
        from = try members.decodeIfPresent(PlannedMeasure.Mark.self, forKey: .from)
        to = try members.decodeIfPresent(PlannedMeasure.Mark.self, forKey: .to)
        fromAt = try members.decodeIfPresent(Timestamp.self, forKey: .fromAt)
        toAt = try members.decodeIfPresent(Timestamp.self, forKey: .toAt)
        output = try members.decodeIfPresent(PlannedMeasure.Output.self, forKey: .output)
        value = try members.decodeIfPresent(JSON.self, forKey: .value)
        measuredMilliseconds = try members.decodeIfPresent(Int64.self, forKey: .measuredMilliseconds)
        waitedForPeopleMilliseconds = try members.decodeIfPresent(Int64.self, forKey: .waitedForPeopleMilliseconds)
        withoutPeopleMilliseconds = try members.decodeIfPresent(Int64.self, forKey: .withoutPeopleMilliseconds)
        objectiveMilliseconds = try members.decodeIfPresent(Int64.self, forKey: .objectiveMilliseconds)
        objectiveAtMost = try members.decodeIfPresent(JSON.self, forKey: .objectiveAtMost)
        objectiveEquals = try members.decodeIfPresent(JSON.self, forKey: .objectiveEquals)
        met = try members.decodeIfPresent(Bool.self, forKey: .met)
        unknown = try members.decodeIfPresent(String.self, forKey: .unknown)
        notApplicable = try members.decodeIfPresent(Bool.self, forKey: .notApplicable)
    }
}
