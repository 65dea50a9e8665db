// SPDX-License-Identifier: Apache-2.0

import Foundation
import MusterDocuments
import MusterModel
import Testing

/// The pages in `docs/formats` are the norm, so their examples must be what the reader reads.
struct FormatPagesTests {
    private let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "docs/formats")

    private func example(_ page: String) throws -> [UInt8] {
        let text = try String(contentsOf: folder.appending(path: page + ".md"), encoding: .utf8)
        let block = try #require(text.split(separator: "```yaml\n").dropFirst().first?.split(separator: "```").first)
        return Array(block.utf8)
    }

    @Test func `every example is sound`() throws {
        let diagnostics = [
            StepDefinition.parse(try example("step-definition-v1"), file: "step-definition").diagnostics,
            Runbook.parse(try example("runbook-v1"), file: "runbook").diagnostics,
            Environment.parse(try example("environment-v1"), file: "environment").diagnostics,
            Lock.parse(try example("lock-v1"), file: "lock").diagnostics,
            Configuration.parse(try example("catalog-v1"), file: "catalog").diagnostics,
        ]
        #expect(diagnostics == [[], [], [], [], []])
    }

    @Test func `the lock's page shows what is written`() throws {
        let bytes = try example("lock-v1")
        #expect(Array(try Lock.parse(bytes, file: "lock").get().text.utf8) == bytes)
    }

    /// Every key of a document stands in its page, or in the one about inputs that the others point to.
    @Test(arguments: ["step-definition-v1", "runbook-v1", "environment-v1", "lock-v1", "catalog-v1"])
    func `a page names every key`(page: String) throws {
        let pages = try [page, "step-definition-v1"].map {
            try String(contentsOf: folder.appending(path: $0 + ".md"), encoding: .utf8)
        }
        let schema = try #require(generateSchemas()[page + ".json"])
        for name in keys(of: schema) {
            let isNamed = pages.contains { $0.contains("`\(name)`") || $0.contains("{ \(name):") }
            #expect(isNamed, "\(page) does not name '\(name)'")
        }
    }

    private func keys(of schema: JSON) -> Set<String> {
        var found = Set((schema["properties"]?.object ?? [:]).keys)
        switch schema {
        case .object(let members): for value in members.values { found.formUnion(keys(of: value)) }
        case .array(let elements): for value in elements { found.formUnion(keys(of: value)) }
        default: break
        }
        return found
    }
}
