// SPDX-License-Identifier: Apache-2.0

import MusterDocuments
import MusterModel
import MusterTestSupport
import Testing

/// Documents made to mislead: each is refused, and each of its faults is told where it stands.
struct HostileDocumentTests {
    private static let all = HostileDocumentCases.all + HostileDocumentCases.several

    @Test(arguments: DocumentKind.allCases) func `the sample that they are made of is sound`(kind: DocumentKind) {
        #expect(kind.diagnostics(of: Array(kind.sample.utf8)) == [])
    }

    @Test func `each of them is refused, with every fault at its line and column`() throws {
        var wrong: [String] = []
        for document in Self.all where document.told.sorted() != document.expected.sorted() {
            wrong.append("\(document.testDescription)\n  told \(document.told)\n  expected \(document.expected)")
        }
        let yaml = HostileYAMLTests.scalars.count + HostileYAMLTests.structures.count + HostileYAMLTests.bombs.count
        print("hostile documents: \(Self.all.count + yaml) written by hand, \(wrong.count) judged wrongly")
        try CampaignLog.add(
            kind: "hostile documents, written by hand", points: Self.all.count + yaml, lost: 0, doubled: 0,
            notResumable: 0, wrongEnd: wrong.count)
        #expect(wrong.isEmpty, "\(wrong.joined(separator: "\n"))")
        #expect(Self.all.allSatisfy { !$0.expected.isEmpty } && Self.all.count + yaml >= 300)
    }
}
