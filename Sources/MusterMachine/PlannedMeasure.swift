// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// Something that a run measures: a clock, or an output of a step, with what it is held against.
package struct PlannedMeasure: Hashable, Sendable {
    package enum Edge: String, Sendable, Codable { case started, finished }

    /// A moment of the run.
    package struct Mark: Hashable, Sendable, Codable {
        /// Nil: the run itself, whose start is the declared start of the clock.
        package var step: String?
        package var edge: Edge
        package init(step: String?, edge: Edge) {
            self.step = step
            self.edge = edge
        }
    }

    package struct Output: Hashable, Sendable, Codable {
        package var step: String
        package var output: String
        /// As the step's definition writes it.
        package var type: String
        package init(step: String, output: String, type: String) {
            self.step = step
            self.output = output
            self.type = type
        }
    }

    package enum Source: Hashable, Sendable {
        case clock(from: Mark, to: Mark)
        case output(Output)
    }

    package var id: String
    package var summary: String
    package var source: Source
    package var objective: Objective?

    package init(id: String, summary: String, source: Source, objective: Objective?) {
        self.id = id
        self.summary = summary
        self.source = source
        self.objective = objective
    }
}

/// What a measure is held against.
package enum Objective: Hashable, Sendable {
    /// The longest that is allowed, waiting for people included.
    case longest(milliseconds: Int64)
    /// The greatest number that is allowed.
    case atMost(JSON)
    /// The very value.
    case equal(JSON)

    /// Nil: the value is not of the objective's kind, so nobody can say.
    package func isMet(by value: JSON) -> Bool? {
        switch self {
        case .longest(let most):
            value.string.flatMap(Duration.init(durationText:)).map { $0.milliseconds <= most }
        case .atMost(let most):
            value.number.flatMap { found in most.number.map { found <= $0 } }
        case .equal(let wanted): value == wanted
        }
    }

    package func isMet(byMilliseconds measured: Int64) -> Bool? {
        if case .longest(let most) = self { measured <= most } else { nil }
    }
}

/// The three members in which plans and records write an objective; at most one of them is there.
package struct ObjectiveMembers: Hashable, Sendable, Codable {
    package var objectiveMilliseconds: Int64?
    package var objectiveAtMost: JSON?
    package var objectiveEquals: JSON?

    package init(_ objective: Objective?) {
        switch objective {
        case .longest(let milliseconds)?: objectiveMilliseconds = milliseconds
        case .atMost(let most)?: objectiveAtMost = most
        case .equal(let wanted)?: objectiveEquals = wanted
        case nil: break
        }
    }

    package var objective: Objective? {
        if let objectiveMilliseconds { return .longest(milliseconds: objectiveMilliseconds) }
        if let objectiveAtMost { return .atMost(objectiveAtMost) }
        return objectiveEquals.map { .equal($0) }
    }
}

extension PlannedMeasure: Codable {
    private enum CodingKeys: String, CodingKey { case id, summary, from, to, value }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        id = try members.decode(String.self, forKey: .id)
        summary = try members.decode(String.self, forKey: .summary)
        if let output = try members.decodeIfPresent(Output.self, forKey: .value) {
            source = .output(output)
        } else {
            source = .clock(
                from: try members.decode(Mark.self, forKey: .from), to: try members.decode(Mark.self, forKey: .to))
        }
        objective = try ObjectiveMembers(from: decoder).objective
    }

    package func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(id, forKey: .id)
        try members.encode(summary, forKey: .summary)
        switch source {
        case .clock(let from, let to):
            try members.encode(from, forKey: .from)
            try members.encode(to, forKey: .to)
        case .output(let output): try members.encode(output, forKey: .value)
        }
        try ObjectiveMembers(objective).encode(to: encoder)
    }
}
