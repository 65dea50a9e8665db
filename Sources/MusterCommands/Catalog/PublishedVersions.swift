// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterGit
internal import MusterModel

/// The versions of step definitions that a branch has published: every content that a definition's path ever had.
struct PublishedVersions {
    struct Publication {
        let definition: StepDefinition
        /// The commit that published it.
        let commit: ObjectID
        let blob: ObjectID
    }

    /// By reference, newest first. A content with errors was never usable and is left out.
    private(set) var publications: [StepReference: [Publication]] = [:]

    /// None: nothing was committed yet.
    init() {}

    init(git: Catalog, from commit: ObjectID, _ references: [StepReference]) throws(MusterError) {
        guard !references.isEmpty else { return }
        let histories = try git.histories(of: references.map(\.definitionPath), from: commit)
        for (reference, history) in zip(references, histories) {
            publications[reference] = history.versions.compactMap { version in
                let parsed = StepDefinition.parse(version.content.bytes, file: reference.definitionPath)
                return parsed.value.map { Publication(definition: $0, commit: version.commit, blob: version.blob) }
            }
        }
    }

    /// The newest version that the requirement accepts; of one version that was published twice, the first content.
    func newest(_ reference: StepReference, _ requirement: VersionRequirement) -> Publication? {
        let accepted = (publications[reference] ?? []).filter { requirement.accepts($0.definition.version.value) }
        return accepted.reversed().max { $0.definition.version.value < $1.definition.version.value }
    }

    /// Complains when the version of a content was published with another content too, whichever came first.
    func ambiguity(_ reference: StepReference, _ publication: Publication) -> Diagnostic? {
        let version = publication.definition.version.value
        let same = (publications[reference] ?? []).filter { $0.definition.version.value == version }
        guard let other = same.first(where: { $0.blob != publication.blob }) else { return nil }
        return Diagnostic(
            code: "step.changed-without-version",
            "\(reference) \(version) was published in commit \(publication.commit.short), and with another content in "
                + "commit \(other.commit.short)",
            help: "A published version never changes: raise the version, commit the step, and use the new version.")
    }

    func versions(_ reference: StepReference) -> [SemanticVersion] {
        Set((publications[reference] ?? []).map(\.definition.version.value)).sorted()
    }

    /// Complains when a content has a version under which another content was published before.
    func conflict(_ reference: StepReference, _ definition: StepDefinition, blob: ObjectID) -> Diagnostic? {
        let version = definition.version.value
        let same = (publications[reference] ?? []).filter { $0.definition.version.value == version }
        guard let first = same.last, first.blob != blob else { return nil }
        return Diagnostic(
            code: "step.changed-without-version",
            "\(reference) \(version) was published in commit \(first.commit.short) with another content",
            help: "A published version never changes: raise the version.", at: definition.version.location)
    }
}
