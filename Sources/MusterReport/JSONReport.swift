// SPDX-License-Identifier: Apache-2.0

package import MusterModel
package import MusterRecord

/// The report for programs (`docs/formats/report-v1.md`): the record as it is, and what the report adds to it.
package struct JSONReport {
    let report: Report

    package init(_ report: Report) { self.report = report }

    package func json() throws -> JSON {
        [
            "format": 1, "title": .string(report.title), "record": report.members,
            "reviews": try JSON(encoding: report.reviews.reviews),
            "findings": try JSON(encoding: report.reviews.findings),
            "standing": report.reviews.json,
            "evidence": try JSON(encoding: report.evidence),
        ]
    }
}

/// The JSON Schema of ``JSONReport``, kept in `docs/schemas/report.schema.json`.
package enum ReportSchema {
    package static var json: JSON {
        [
            "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Muster report",
            "description": "A run's record, its reviews, and what auditors ask for with what answers it.",
            "type": "object", "additionalProperties": false,
            "required": ["evidence", "findings", "format", "record", "reviews", "standing", "title"],
            "properties": [
                "format": ["const": 1], "title": text("The run in a few words."),
                "record": ["$ref": "record.schema.json"],
                "reviews": ["type": "array", "items": ["$ref": "review.schema.json"]],
                "findings": [
                    "type": "array", "items": ["$ref": "review.schema.json#/$defs/finding"],
                    "description": "Each finding as it was stated last.",
                ],
                "standing": standing,
                "evidence": ["type": "array", "items": ["$ref": "#/$defs/group"]],
            ],
            "$defs": ["group": group, "clause": clause, "item": item],
        ]
    }

    private static func text(_ description: String) -> JSON {
        ["type": "string", "description": .string(description)]
    }

    private static var standing: JSON {
        [
            "type": "object", "additionalProperties": false, "required": ["closeNothing", "isAccepted", "text"],
            "description": "What the reviews come to.",
            "properties": [
                "text": text("In words."),
                "isAccepted": [
                    "type": "boolean", "description": "Somebody who is known accepted all of it, and nothing is open.",
                ],
                "closeNothing": [
                    "type": "array", "description": "Reviews that do not count, and why.",
                    "items": [
                        "type": "object", "additionalProperties": false, "required": ["number", "reviewer", "why"],
                        "properties": [
                            "number": ["type": "integer"], "reviewer": text("As name <email>."), "why": text("Why."),
                        ],
                    ],
                ],
            ],
        ]
    }

    private static var group: JSON {
        [
            "type": "object", "additionalProperties": false, "required": ["clauses", "items", "number", "title"],
            "properties": [
                "number": ["type": "integer"], "title": text("What it is about."),
                "clauses": ["type": "array", "items": ["$ref": "#/$defs/clause"]],
                "items": ["type": "array", "items": ["$ref": "#/$defs/item"]],
            ],
        ]
    }

    private static var clause: JSON {
        [
            "type": "object", "additionalProperties": false, "required": ["clause", "framework", "wants"],
            "properties": [
                "framework": text("Such as DORA."), "clause": text("Such as Art. 12(6)."),
                "wants": text("What it wants, in a few words of our own."),
            ],
        ]
    }

    private static var item: JSON {
        [
            "type": "object", "additionalProperties": false, "required": ["asks"],
            "properties": [
                "asks": text("What is asked for."),
                "field": text("Where it stands: a member of record.json, or a file of the record."),
                "answer": text("Missing: not recorded."),
            ],
        ]
    }
}

extension ReviewStanding {
    /// What the reviews come to, for programs.
    package var json: JSON {
        let void = reviews.compactMap { review in
            doubts[review].map { why -> JSON in
                ["number": .int(Int64(review.number)), "reviewer": .string(review.reviewer), "why": .string(why)]
            }
        }
        return ["text": .string(text(today: nil)), "isAccepted": .bool(isAccepted), "closeNothing": .array(void)]
    }
}
