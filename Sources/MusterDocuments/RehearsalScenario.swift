// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// `runbooks/tests/<runbook>/<scenario>.yaml`: a rehearsal of a runbook in simulated clouds.
package struct RehearsalScenario: Sendable {
    /// `refused`: the plan is, so that nothing begins.
    package enum Outcome: String, Sendable, CaseIterable { case succeeded, failed, cancelled, stuck, refused }

    package var name: Located<String>
    package var summary: String
    /// The runbook's inputs.
    package var inputs: [String: Located<JSON>]
    /// The clouds as the rehearsal finds them; the simulator reads it.
    package var cloud: LocatedValue?
    /// What goes wrong; the simulator reads them.
    package var faults: [LocatedValue]
    /// How the rehearsal must end; nil: succeeded.
    package var expected: Outcome
    /// The preconditions that must refuse the plan, those and no others; nil: whichever do.
    package var refusedBy: Set<String>?

    package static func parse(_ bytes: [UInt8], file: String) -> Parsed<RehearsalScenario> {
        parseDocument(bytes, file: file, shape: shape, named: "A scenario") { root, _ in
            let inputs = (root["inputs"]?.members ?? []).map {
                ($0.name, Located($0.value.json, at: $0.value.location))
            }
            return RehearsalScenario(
                name: root.read("scenario", or: "") { $0 }, summary: root["summary"]?.string ?? "",
                inputs: Dictionary(inputs, uniquingKeysWith: { first, _ in first }), cloud: root["cloud"],
                faults: root["faults"]?.list ?? [],
                expected: root["expect"]?["outcome"]?.string.flatMap(Outcome.init) ?? .succeeded,
                refusedBy: (root["expect"]?["by"]?.list).map { Set($0.compactMap(\.string)) })
        }
    }

    static let shape = ObjectShape([
        .required("scenario", .text(.kebab), "The scenario's name; the file is named for it"),
        .required("summary", .text(.sentence), "What it shows, in one line"),
        .optional("inputs", .map(names: .name, .any), "The runbook's inputs"),
        .optional("cloud", .map(names: .text, .any), "The clouds as the rehearsal finds them"),
        .optional("faults", .list(.map(names: .text, .any)), "What goes wrong"),
        .optional(
            "expect",
            .object(
                .required("outcome", .choice(Outcome.allCases.map(\.rawValue)), "How it ends"),
                .optional("by", .list(.text(.kebab)), "Of refused: the preconditions that refuse it, and no others")),
            "How the rehearsal must end; succeeded without it"),
    ])
}
