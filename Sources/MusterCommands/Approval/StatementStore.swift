// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterApproval
internal import MusterGit
internal import MusterMachine
internal import MusterModel
internal import MusterRecord
internal import MusterSystem

/// Where statements are found: beside the plan's file, in files that are named, and on branches of the catalog.
struct StatementStore {
    let git: Catalog

    /// The folder that travels with a plan's file.
    static func folder(besides plan: String) -> String { plan + ".approvals" }

    /// Statements in the plan's folder; none where there is no folder.
    static func offered(besides plan: String) -> [OfferedStatement] {
        let folder = folder(besides: plan)
        let names = folderNames(folder).filter { $0.hasSuffix(".json") }.prefix(500)
        // One that cannot be read does not count, and the others still do.
        return names.map { name in
            let path = "\(folder)/\(name)"
            // Why it cannot be read is told with what does not count.
            return (try? read(path)) ?? OfferedStatement(statement: "", signature: "", origin: path)
        }
    }

    /// - Throws: `approval.unreadable`.
    static func read(_ path: String) throws(MusterError) -> OfferedStatement {
        func text(_ path: String) throws(MusterError) -> String {
            guard let bytes = readSmallFile(path, limit: 64 << 10, onlyRegular: true),
                let text = String(validating: bytes, as: UTF8.self)
            else {
                throw MusterError(
                    code: "approval.unreadable", "\(visibleText(path)) cannot be read as a part of an approval.",
                    help: "An approval is a file and its signature beside it, with .sig behind the name.")
            }
            return text
        }
        return OfferedStatement(statement: try text(path), signature: try text(path + ".sig"), origin: path)
    }

    /// Statements about the plan on branches here.
    func offered(about plan: Digest) throws(MusterError) -> [OfferedStatement] {
        try git.statements(about: plan).compactMap(OfferedStatement.init)
    }

    /// Gets what other machines have pushed.
    ///
    /// - Returns: what to tell the person where the remote could not be asked.
    func fetch(about plan: Digest, from remote: String?) throws(MusterError) -> String? {
        guard let remote else { return nil }
        do {
            _ = try git.fetchStatements(about: plan, from: remote)
            return nil
        } catch  where error.code == "git.remote-unreachable" || error.code == "git.deadline" {
            return "\(remote) was not asked for approvals: \(error.summary)"
        }
    }

    /// Keeps a statement on a branch of its own, which `muster publish` and git can send anywhere.
    func keep(
        _ offered: OfferedStatement, _ statement: ApprovalStatement, author: GitIdentity
    ) throws(MusterError) -> String {
        let parcel = StatementParcel(
            plan: statement.plan, id: statement.id, statement: FileContent(offered.statement),
            signature: FileContent(offered.signature),
            note: CommitNote(
                message: statement.says,
                trailers: [
                    .init("Plan-Digest", statement.plan.description), .init("Approver", statement.approver),
                ], author: author, time: statement.issued))
        _ = try git.keep(parcel)
        return parcel.ref
    }
}

extension OfferedStatement {
    init?(_ kept: KeptStatement) {
        guard let statement = kept.statement.text, let signature = kept.signature.text else { return nil }
        self.init(statement: statement, signature: signature, origin: kept.ref)
    }
}

/// Whether something is at the path.
func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
