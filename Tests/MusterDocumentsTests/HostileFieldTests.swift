// SPDX-License-Identifier: Apache-2.0

import MusterModel
import MusterTestSupport
import Testing

@testable import MusterDocuments

/// Every field of every kind of document, with something in it that may not stand there. What may stand where comes from the
/// descriptions that the reader itself uses; the places are counted by the writer of the documents.
struct HostileFieldTests {
    private struct Tally {
        var documents = 0
        var wrong: [String] = []
        let kind: DocumentKind
        let root: LocatedValue

        /// The sample with this change must be refused for this, at the place that was changed or so many columns behind it.
        mutating func add(
            _ path: DocumentWriter.Path, _ change: DocumentWriter.Change, _ code: String, after columns: Int = 0,
            help: String? = nil
        ) {
            documents += 1
            let written = DocumentWriter.write(root, changing: path, change)
            let told = kind.diagnostics(of: Array(written.text.utf8)).filter { $0.severity == .error }
            let place = SourceLocation(
                file: kind.file, line: written.place.line, column: written.place.column + columns)
            let isTold = told.contains { $0.code == code && $0.location == place && (help == nil || $0.help == help) }
            if !isTold || told.contains(where: { $0.location?.file != kind.file }) {
                wrong.append("\(code) wanted at \(place), told: \(told)\n\(written.text)")
            }
        }
    }

    private func report(_ family: String, _ body: (inout Tally, SampleNode) -> Void) throws {
        var (documents, wrong) = (0, [String]())
        for kind in DocumentKind.allCases {
            let root = try #require(parseYAML(Array(kind.sample.utf8), file: kind.file).value)
            var tally = Tally(kind: kind, root: root)
            let nodes = SampleNode.all(of: kind).enumerated().filter { CampaignScale.isFull || $0.offset % 3 == 0 }
            for node in nodes { body(&tally, node.element) }
            documents += tally.documents
            wrong += tally.wrong
        }
        print("\(family): \(documents) documents, \(wrong.count) accepted, or refused elsewhere or for something else")
        try CampaignLog.add(
            kind: family, points: documents, lost: 0, doubled: 0, notResumable: 0, wrongEnd: wrong.count)
        #expect(wrong.isEmpty, "\(wrong.prefix(3).joined(separator: "\n"))")
        #expect(documents > 20)
    }

    @Test func `what may not stand in a field is refused there`() throws {
        let others = ["null", "true", "-7", "2.5", "\"\"", "\" \"", "\"../..\"", "[[[]]]", "{\"a\": {}}"]
        try report("fields with a value that they may not have") { tally, node in
            for other in others {
                guard let value = parseYAML(Array(other.utf8), file: "x").value else { continue }
                var refusals: [Diagnostic] = []
                node.shape.check(value, named: "x", into: &refusals)
                for refusal in refusals {
                    let columns = (refusal.location?.column ?? 1) - 1
                    tally.add(node.path, .value(other), refusal.code, after: columns)
                }
            }
        }
    }

    @Test func `a name that a mapping may not hold is refused there, and the nearest one offered`() throws {
        try report("mappings with an unknown or misspelt name") { tally, node in
            guard let object = node.shape.object(of: node.value) else { return }
            tally.add(node.path, .insert("\"surprise\""), "document.unknown-key")
            for member in node.value.members ?? [] where member.name.count > 4 && object.byName[member.name] != nil {
                var misspelt = member.name
                misspelt.remove(at: misspelt.index(misspelt.startIndex, offsetBy: 2))
                let help = "Did you mean '\(member.name)'?"
                tally.add(node.path, .rename(member.name, to: misspelt), "document.unknown-key", help: help)
            }
        }
    }

    @Test func `a name that a mapping must hold is missed there`() throws {
        try report("mappings without a name that they need") { tally, node in
            for field in node.shape.object(of: node.value)?.fields ?? [] where field.isRequired {
                tally.add(node.path, .remove(field.name), "document.missing-key")
            }
        }
    }

    @Test func `tricks of YAML are refused at every node`() throws {
        let tricks: [(text: String, code: String, columns: Int)] = [
            ("&a x", "yaml.anchor", 0), ("*a", "yaml.alias", 0), ("!!binary aGk=", "yaml.tag", 0),
            ("no", "yaml.ambiguous", 0),
            ("0777", "yaml.ambiguous", 0), ("22:22", "yaml.ambiguous", 0), ("2026-01-02", "yaml.ambiguous", 0),
            ("~", "yaml.ambiguous", 0), ("1e3", "yaml.ambiguous", 0), ("\"a\u{202E}b\"", "yaml.character", 2),
            ("\"a\\u202Eb\"", "yaml.character", 0), ("\"\u{FEFF}\"", "yaml.character", 1),
            ("{<<: {}}", "yaml.merge-key", 1),
            ("{? [a] : b}", "yaml.name", 3),
        ]
        try report("nodes with a trick of YAML") { tally, node in
            for trick in tricks {
                tally.add(node.path, .value(trick.text), trick.code, after: trick.columns)
            }
            if node.value.members?.isEmpty == false { tally.add(node.path, .double, "yaml.doubled-name") }
            if node.value.members != nil { tally.add(node.path, .insert("<<"), "yaml.merge-key") }
        }
    }
}
