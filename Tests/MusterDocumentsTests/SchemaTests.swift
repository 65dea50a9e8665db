// SPDX-License-Identifier: Apache-2.0

import Foundation
import MusterDocuments
import MusterModel
import Testing

/// `docs/schemas` holds what the code describes; `UPDATE_GOLDEN=1` writes it anew.
struct SchemaTests {
    private let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "docs/schemas")

    @Test func `the schemas in docs are current`() throws {
        for (name, schema) in generateSchemas() {
            let file = folder.appending(path: name)
            if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                try Data(schema.prettyBytes()).write(to: file)
            }
            let committed = try Data(contentsOf: file)
            #expect(
                Array(committed) == schema.prettyBytes(), "\(name) is not current; run the tests with UPDATE_GOLDEN=1")
        }
    }

    @Test func `there is one for each document`() {
        #expect(
            generateSchemas().keys.sorted() == [
                "catalog-v1.json", "environment-v1.json", "findings-v1.json", "lock-v1.json", "runbook-v1.json",
                "scenario-v1.json",
                "step-definition-v1.json",
            ])
    }

    @Test func `a schema refuses what is not described and demands what is`() throws {
        let schema = try #require(generateSchemas()["step-definition-v1.json"])
        #expect(schema["additionalProperties"] == false)
        #expect(schema["required"] == ["step", "version", "summary", "effect", "timeout"])
        #expect(schema["properties"]?["effect"]?["enum"] == ["reversible", "irreversible", "none"])
    }
}
