// SPDX-License-Identifier: Apache-2.0

package import MusterMachine
package import MusterModel

/// A file of the record.
package struct RecordFile: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        case bytes([UInt8])
        /// A blob that the catalog's repository has already.
        case blob(ObjectID)
    }

    /// Inside the record's folder.
    package var path: String
    package var content: Content

    package init(path: String, content: Content) {
        self.path = path
        self.content = content
    }
}

/// The files of a run's record (`docs/formats/record-v1.md`). The same input gives the same bytes.
package struct RecordFiles {
    /// Sorted by path.
    package var files: [RecordFile]
    package var record: RunRecord

    /// - Parameters:
    ///   - fold: the run so far; it must have been given exactly the journal's entries.
    ///   - journal: the journal's intact bytes, which the record holds byte for byte.
    ///   - uncommitted: contents of documents by their path, for definitions that no commit holds.
    /// - Throws: `record.no-run`; an `EncodingError` for a number that JSON has no text for.
    package init(fold: RunFold, journal: [UInt8], uncommitted: [String: [UInt8]] = [:]) throws {
        let record = try fold.record(lastLine: Self.lastLineDigest(journal))
        var files: [String: RecordFile.Content] = [
            "README.md": .bytes(Array(ReadmePage(record: record, plan: fold.plan).text.utf8)),
            "record.json": .bytes(try JSON(encoding: record).prettyBytes()),
            "journal.jsonl": .bytes(journal),
            "plan.json": .bytes(fold.planBytes),
        ]
        for (path, content) in fold.evidence { files[path] = .bytes(content.prettyBytes()) }
        for (path, content) in fold.statements { files[path] = .bytes(content) }
        for (path, document) in Self.documents(of: fold.plan) {
            files[path] = uncommitted[document.path].map { .bytes($0) } ?? .blob(document.blob)
        }
        self.files = files.map { RecordFile(path: $0.key, content: $0.value) }.sorted {
            $0.path.utf8.lexicographicallyPrecedes($1.path.utf8)
        }
        self.record = record
    }

    /// Reads the journal first. A torn tail is not part of the record.
    ///
    /// - Throws: `record.broken-journal` and what the other initializer throws.
    package init(
        plan: Plan, journal: [UInt8], uncommitted: [String: [UInt8]] = [:], render: @escaping TemplateRenderer
    ) throws {
        let reading: JournalReading
        do { reading = try JournalReading(journal) } catch let fault {
            throw MusterError(
                code: "record.broken-journal", "The journal is not what was written, from \(fault).",
                help: "Keep the file as it is, and compare it with what \"muster show\" tells of the run.",
                status: .verificationFailed)
        }
        var fold = try RunFold(plan: plan, render: render)
        fold.apply(reading.entries)
        try self.init(fold: fold, journal: Array(journal[..<reading.intactBytes]), uncommitted: uncommitted)
    }

    /// The record's file of each document that the plan names, by path.
    package static func documents(of plan: Plan) -> [(path: String, document: Plan.Document)] {
        var documents = [("definitions/" + filePath(plan.runbook.document.path), plan.runbook.document)]
        for document in [plan.lock, plan.environment.document].compactMap(\.self) {
            documents.append(("definitions/" + filePath(document.path), document))
        }
        for (_, definition) in plan.definitions.sorted(by: { $0.key < $1.key }) {
            guard let document = definition.document else { continue }
            documents.append((definitionFile(document, definition.version), document))
        }
        return documents
    }

    /// `definitions/plugins/<Name>/steps/<step>@<version>.yaml`: a runbook may use two versions of one definition.
    static func definitionFile(_ document: Plan.Document, _ version: SemanticVersion) -> String {
        let path = filePath(document.path)
        let stem = path.hasSuffix(".yaml") ? String(path.dropLast(".yaml".utf8.count)) : path
        return "definitions/\(stem)@\(version).yaml"
    }

    private static func lastLineDigest(_ journal: [UInt8]) -> String {
        guard !journal.isEmpty else { return JournalEntry.firstPrevious }
        let line = journal.dropLast()
        let start = line.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        return Digest(of: line[start...]).hex
    }
}
