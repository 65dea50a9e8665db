// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterGit
internal import MusterModel

/// A document that a runbook's plan would use, as a work tree has it.
struct AuthoredDocument: Hashable {
    var path: String
    var blob: ObjectID
}

/// Authors of what was committed whom the policy does not name, where it excludes authors: no plan that uses their part could be approved.
/// What is not committed has none yet.
func lintAuthors(
    _ used: Set<AuthoredDocument>, _ policy: ApprovalPolicy, _ documents: CatalogDocuments
) throws(MusterError) -> [Diagnostic] {
    guard let head = documents.state.head, !used.isEmpty else { return [] }
    let paths = Set(used.map(\.path)).sorted()
    var places: [ObjectID: String] = [:]
    for (path, history) in zip(paths, try documents.git.histories(of: paths, from: head)) {
        for version in history.versions where used.contains(AuthoredDocument(path: path, blob: version.blob)) {
            places[version.commit] = places[version.commit] ?? path
        }
    }
    let commits = places.keys.sorted { $0.hex < $1.hex }
    var found: [String: Diagnostic] = [:]
    for (commit, author) in zip(commits, try documents.git.authors(of: commits)) {
        let address = author.email.lowercased()
        guard policy.person(email: address) == nil, let path = places[commit] else { continue }
        found[address + path] = Diagnostic(
            .warning, code: "approval.unknown-author",
            "It was written by \(visibleText(address)), who is no person of the policy",
            help: "exclude-authors needs to know them: add the address to a person of muster.yaml; they need no key.",
            at: SourceLocation(file: path, line: 1, column: 1))
    }
    return found.sorted { $0.key < $1.key }.map(\.value)
}
