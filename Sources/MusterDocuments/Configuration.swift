// SPDX-License-Identifier: Apache-2.0

import MusterModel

/// `muster.yaml` at the root of a catalog (`docs/formats/catalog-v1.md`). It holds only what this version honours.
package struct Configuration: Sendable {
    /// The catalog's name.
    package var catalog: String
    package var summary: String?
    /// Short name of the branch that is the log of executions.
    package var recordsBranch: String
    /// Where records are pushed; nil: nowhere. Never guessed.
    package var recordsRemote: String?

    package static let standardRecordsBranch = "muster/records"

    package static func parse(_ bytes: [UInt8], file: String) -> Parsed<Configuration> {
        parseDocument(bytes, file: file, shape: shape, named: "muster.yaml") { root, _ in
            Configuration(
                catalog: root["catalog"]?.string ?? "", summary: root["summary"]?.string,
                recordsBranch: root["records"]?["branch"]?.string ?? standardRecordsBranch,
                recordsRemote: root["records"]?["remote"]?.string)
        }
    }

    static let shape = ObjectShape([
        .required("catalog", .text(.kebab), "The catalog's name"),
        .optional("summary", .text(.sentence), "What it is for, in one line"),
        .optional(
            "records",
            .object(
                .optional("branch", .text(.branch), "The log of executions; muster/records without it"),
                .optional(
                    "remote", .text(.branch), "The git remote that records are pushed to; none without it")),
            "Where records go"),
    ])
}
