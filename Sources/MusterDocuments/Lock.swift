// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// `runbooks/<name>.lock.yaml`: which content each `uses:` of a runbook stands for (`docs/formats/lock-v1.md`).
package struct Lock: Sendable {
    package struct Entry: Hashable, Sendable {
        package var version: SemanticVersion
        /// Where this version was published.
        package var commit: ObjectID
        /// The definition's content; this is what decides.
        package var blob: ObjectID
        /// Git tree id of the plugin's folder at that commit.
        package var sources: ObjectID

        package init(version: SemanticVersion, commit: ObjectID, blob: ObjectID, sources: ObjectID) {
            self.version = version
            self.commit = commit
            self.blob = blob
            self.sources = sources
        }
    }

    /// The runbook's name.
    package var runbook: String
    /// By ``StepUse/description``: the text of `uses:`. Built-in steps are not locked.
    package var steps: [String: Entry]
    /// Where the entries stand, when the lock was read from a document.
    var places: [String: SourceLocation] = [:]
    var file: String?

    package init(runbook: String, steps: [String: Entry]) {
        self.runbook = runbook
        self.steps = steps
    }

    package func entry(for use: StepUse) -> Entry? { steps[use.description] }

    package static func parse(_ bytes: [UInt8], file: String) -> Parsed<Lock> {
        parseDocument(bytes, file: file, shape: shape, named: "A lock") { root, diagnostics in
            var lock = Lock(runbook: root["lock"]?.string ?? "", steps: [:])
            lock.file = file
            for member in root["steps"]?.members ?? [] {
                lock.places[member.name] = member.nameLocation
                guard let entry = Entry(member.value) else { continue }
                lock.steps[member.name] = entry
                if let use = StepUse(member.name), !use.requirement.accepts(entry.version) {
                    diagnostics.append(
                        Diagnostic(
                            code: "lock.wrong-version",
                            "'\(member.name)' is locked to \(entry.version), which it does not allow",
                            help: "Run muster lock.", at: member.value["version"]?.location))
                }
            }
            return lock
        }
    }

    /// The lock's document: the same for the same content, entries by name.
    package var text: String {
        var text = """
            # Written by `muster lock \(runbook)`; do not edit. It says which published content each step of the runbook is.
            lock: \(runbook)
            steps:\(steps.isEmpty ? " {}" : "")

            """
        for (name, entry) in steps.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            text += """
                  "\(name)":
                    version: "\(entry.version)"
                    commit: "\(entry.commit)"
                    blob: "\(entry.blob)"
                    sources: "\(entry.sources)"

                """
        }
        return text
    }
}

extension Lock {
    static let shape = ObjectShape([
        .required("lock", .text(.kebab), "The runbook's name"),
        .required("steps", .map(names: .uses, entryShape), "By the text of 'uses'"),
    ])

    private static let entryShape = Shape.object(
        .required("version", .text(.version), "The version that was resolved"),
        .required("commit", .text(.objectID), "Where it was published"),
        .required("blob", .text(.objectID), "The definition's content"),
        .required("sources", .text(.objectID), "The tree of the plugin's folder"))
}

extension Lock.Entry {
    fileprivate init?(_ value: LocatedValue) {
        guard let version = value.read("version", SemanticVersion.init),
            let commit = value.read("commit", ObjectID.init),
            let blob = value.read("blob", ObjectID.init), let sources = value.read("sources", ObjectID.init)
        else { return nil }
        self.init(version: version.value, commit: commit.value, blob: blob.value, sources: sources.value)
    }
}
