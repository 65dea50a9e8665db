// SPDX-License-Identifier: Apache-2.0

package import MusterModel

extension Runbook {
    /// A clock of the run, or an output of one of its steps, with what it is held against.
    package struct Measure: Sendable {
        package enum Source: Sendable {
            case clock(from: Located<MeasureMark>, to: Located<MeasureMark>)
            case output(Located<MeasuredOutput>)
        }

        package var id: Located<String>
        package var summary: String
        package var source: Source
        /// As written; lint and the plan hold it against the source's type.
        package var objective: Located<JSON>?
    }
}

extension Runbook.Measure {
    static let shape = Shape.object(
        .required("id", .text(.kebab), "Its name"),
        .required("summary", .text(.sentence), "What it measures"),
        .optional("from", .text(.mark), "Where the clock starts"),
        .optional("to", .text(.mark), "Where it stops"),
        .optional("value", .text(.measuredOutput), "The output that is the measure; in place of from and to"),
        .optional(
            "objective", .either([.text(.sentence), .number, .boolean]),
            "The most that is allowed; of a text or a boolean, the very value wanted"))

    init?(_ value: LocatedValue, into diagnostics: inout [Diagnostic]) {
        Self.checkSource(value, into: &diagnostics)
        guard let id = value.read("id", { $0 }), let source = Source(value) else { return nil }
        self.id = id
        self.source = source
        summary = value["summary"]?.string ?? ""
        objective = value["objective"].map { Located($0.json, at: $0.location) }
    }

    /// What the shape alone cannot say: a clock with both its ends, or a value, and never both.
    private static func checkSource(_ value: LocatedValue, into diagnostics: inout [Diagnostic]) {
        guard value.members != nil else { return }
        func report(_ summary: String, _ help: String, at location: SourceLocation) {
            diagnostics.append(Diagnostic(code: "runbook.measure-source", summary, help: help, at: location))
        }
        let name = "The measure '\(value["id"]?.string ?? "")'"
        let both = "Give 'from' and 'to', or 'value'."
        switch (value["from"], value["to"], value["value"]) {
        case (nil, nil, nil): report("\(name) says nothing to measure", both, at: value.location)
        case (let from, let to, let output?) where from != nil || to != nil:
            report("\(name) has a clock and a value", both, at: output.location)
        case (_?, nil, nil): report("\(name) has no 'to'", "Name where the clock stops.", at: value.location)
        case (nil, _?, nil): report("\(name) has no 'from'", "Name where the clock starts.", at: value.location)
        case (_, let to?, nil) where to.string == "run.started":
            report("\(name) stops its clock where the run starts", "Name a step's start or end.", at: to.location)
        default: break
        }
    }
}

extension Runbook.Measure.Source {
    fileprivate init?(_ value: LocatedValue) {
        if let output = value.read("value", MeasuredOutput.init) {
            self = .output(output)
        } else if let from = value.read("from", MeasureMark.init), let to = value.read("to", MeasureMark.init) {
            self = .clock(from: from, to: to)
        } else {
            return nil
        }
    }
}
