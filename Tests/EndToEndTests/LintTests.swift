// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import Testing

/// `muster lint` on what stands in a work tree or beside it.
struct LintTests {
    private static let finding = """
        summary: Read with the team
        findings:
          - { id: F-1, severity: high, text: The key was late, owner: Otto, due: "2026-12-31" }

        """

    private func write(_ catalog: Catalog, _ name: String, _ text: String) throws -> String {
        let path = "\(catalog.root)/\(name)"
        try Data(text.utf8).write(to: URL(filePath: path))
        return path
    }

    @Test func `findings of a review are checked where they stand`() throws {
        let catalog = try Catalog(.nothing)
        let sound = try write(catalog, "findings.yaml", Self.finding)
        let result = try catalog.muster("lint", sound)
        #expect(result.status == 0 && result.output.contains("1 document: 0 errors"), "\(result)")
        let other = Self.finding.replacing("high", with: "hi").replacing("owner", with: "ower")
        let wrong = try write(catalog, "notes.yaml", other)
        let refused = try catalog.muster("lint", wrong)
        #expect(refused.status == 2, "\(refused)")
        for words in [
            "\(wrong):3:5: error", "notes.yaml:3:26: error", "notes.yaml:3:54: error", "Did you mean 'owner'?",
        ] {
            #expect(refused.everything.contains(words), "\(words) is not said: \(refused)")
        }
    }

    @Test func `a document of the catalog in no place of its own is told as such`() throws {
        let catalog = try Catalog(.nothing)
        let runbook = try write(catalog, "swap.yaml", "runbook: swap\n")
        let text = try write(catalog, "notes.txt", "Nothing of ours\n")
        let result = try catalog.muster("lint", runbook, text, "\(catalog.root)/nowhere.yaml")
        #expect(result.status == 2, "\(result)")
        for words in ["swap.yaml is no place for a document", "notes.txt is no place", "[lint.no-document]"] {
            #expect(result.everything.contains(words), "\(words) is not said: \(result)")
        }
    }

    @Test func `a link or a pipe in a document's place is refused, and not waited for`() throws {
        let catalog = try Catalog(.nothing)
        let outside = try write(catalog, "outside.yaml", "runbook: outside\n")
        try catalog.write("runbooks/sound.yaml", "runbook: sound\n")
        let folder = "\(catalog.folder)/runbooks"
        try FileManager.default.createSymbolicLink(atPath: "\(folder)/link.yaml", withDestinationPath: outside)
        #expect(mkfifo("\(folder)/pipe.yaml", 0o644) == 0)
        let result = try catalog.muster("lint")
        #expect(result.status == 2, "\(result)")
        for words in [
            "runbooks/link.yaml:1:1: error", "[catalog.link]", "runbooks/pipe.yaml:1:1: error", "[catalog.unreadable]",
            "runbooks/sound.yaml:1:1: error",
        ] {
            #expect(result.everything.contains(words), "\(words) is not said: \(result)")
        }
        #expect(!result.everything.contains("outside"))
    }
}
