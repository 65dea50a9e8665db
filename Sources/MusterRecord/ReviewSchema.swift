// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// The JSON Schema of a `review.json`, kept in `docs/schemas/review.schema.json`.
package enum ReviewSchema {
    package static var json: JSON {
        [
            "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Muster review", "type": "object",
            "description": "What somebody who did not carry a run out says of it.",
            "properties": .object(members),
            "required": .array(
                members.keys.filter { !["reason", "previous"].contains($0) }.sorted().map { .string($0) }),
            "additionalProperties": false, "$defs": ["finding": finding],
        ]
    }

    private static func text(_ description: String) -> JSON {
        ["type": "string", "description": .string(description)]
    }

    private static func words(_ words: [String]) -> JSON { ["enum": .array(words.map { .string($0) })] }

    private static var members: [String: JSON] {
        [
            "format": ["const": 1], "run": text("The run's id."),
            "number": ["type": "integer", "minimum": 1, "description": "Which review of the run it is."],
            "reviewer": text("As name <email>."), "at": text("When it was written, RFC 3339 in UTC."),
            "verdict": words(ReviewRecord.Verdict.allCases.map(\.rawValue)),
            "reason": text("What is to be said of it."),
            "findings": ["type": "array", "items": ["$ref": "#/$defs/finding"]],
            "plan": text("Digest of the plan that was run."),
            "journal": [
                "type": "object", "additionalProperties": false, "required": ["entries", "lastLine"],
                "properties": [
                    "entries": ["type": "integer", "description": "How far the reviewer saw the journal."],
                    "lastLine": text("SHA-256 in hex of the last of these lines."),
                ],
            ],
            "previous": text("Digest of the review.json before; missing for the first."),
            "engine": text("The version of Muster that wrote it."),
        ]
    }

    private static var finding: JSON {
        [
            "type": "object", "additionalProperties": false,
            "required": ["due", "id", "owner", "severity", "state", "text"],
            "properties": [
                "id": text("Names it for ever."),
                "severity": words(ReviewFinding.Severity.allCases.map(\.rawValue)),
                "text": text("What was found, and what has to be done."), "owner": text("Who sees to it."),
                "due": text("The last day for it."), "state": words(ReviewFinding.State.allCases.map(\.rawValue)),
            ],
        ]
    }
}
