// SPDX-License-Identifier: Apache-2.0

internal import CGit2
internal import MusterModel

extension Repository {
    func authors(_ commits: [ObjectID]) throws -> [GitIdentity] {
        try commits.map { commit in
            guard exists(commit) else { throw missing(commit) }
            return try withCommit(commit) { pointer in
                let author = git_commit_author(pointer)?.pointee
                func text(_ field: UnsafeMutablePointer<CChar>?) -> String { field.map { String(cString: $0) } ?? "" }
                return GitIdentity(name: text(author?.name), email: text(author?.email))
            }
        }
    }

    func keep(_ parcel: StatementParcel) throws -> ObjectID {
        guard StatementBranch.isOne(parcel.ref, of: parcel.plan) else {
            throw MusterError(code: "git.odd-statement", "\"\(parcel.id)\" is no statement's id.")
        }
        let tree = try write([
            RunCommit.File(path: StatementBranch.statement, .content(parcel.statement)),
            RunCommit.File(path: StatementBranch.signature, .content(parcel.signature)),
        ])
        return try WriterLock(commonFolder: commonFolder).hold(jitter) {
            if let there = try tip(of: parcel.ref) {
                if try treeID(of: there) == tree { return there }
                throw MusterError(
                    code: "git.odd-statement", "The branch \(parcel.ref) holds another statement.",
                    help: "No two statements have one id: sign it anew.", status: .stuck)
            }
            let commit = try commit(tree: tree, parents: [], parcel.note)
            guard try move(parcel.ref, from: nil, to: commit) else {
                throw MusterError(
                    code: "git.ref-moved", "The branch \(parcel.ref) was made by somebody else.", status: .stuck)
            }
            return commit
        }
    }

    func statements(_ plan: Digest) throws -> [KeptStatement] {
        var iterator: OpaquePointer?
        let pattern = StatementBranch.prefix(plan: plan) + "*"
        try git("list the statements") { git_reference_iterator_glob_new(&iterator, handle, pattern) }
        defer { git_reference_iterator_free(iterator) }
        var kept: [KeptStatement] = []
        var name: UnsafePointer<CChar>?
        while git_reference_next_name(&name, iterator) == 0, let found = name, kept.count < Self.statementsMax {
            let ref = String(cString: found)
            guard StatementBranch.isOne(ref, of: plan), let commit = try tip(of: ref),
                let statement = try statement(ref, at: commit)
            else { continue }
            kept.append(statement)
        }
        return kept
    }

    /// Nobody approves one plan so often; whoever floods the branches must not stop a run by it.
    private static let statementsMax = 500
    private static let statementBytes = 64 << 10

    /// Nil for a branch that holds something else, which counts for nothing.
    private func statement(_ ref: String, at commit: ObjectID) throws -> KeptStatement? {
        let entries = try entries(of: treeID(of: commit), at: "")
        func content(_ name: String) throws -> FileContent? {
            guard let entry = entries.first(where: { $0.name == name && $0.kind == .file }),
                try blobSize(entry.id) <= Self.statementBytes
            else { return nil }
            return FileContent(try blob(entry.id, limit: Self.statementBytes, named: name))
        }
        guard let statement = try content(StatementBranch.statement),
            let signature = try content(StatementBranch.signature)
        else { return nil }
        return KeptStatement(ref: ref, statement: statement, signature: signature)
    }

    func fetchStatements(_ name: String, _ plan: Digest) throws -> Int {
        let remote = try Remote(name, in: self)
        do {
            try remote.connect(GIT_DIRECTION_FETCH)
            let there = try remote.heads().filter { StatementBranch.isOne($0.key, of: plan) }
            var wanted: [(ref: String, commit: ObjectID)] = []
            for (ref, commit) in there.sorted(by: { $0.key < $1.key }).prefix(Self.statementsMax)
            where try tip(of: ref) == nil {
                wanted.append((ref, commit))
            }
            let unknown = wanted.filter { !exists($0.commit) }.map(\.ref)
            if !unknown.isEmpty { try remote.download(unknown, limit: 8 << 20) }
            return try WriterLock(commonFolder: commonFolder).hold(jitter) {
                try wanted.filter { try adopt($0.ref, $0.commit) }.count
            }
        } catch let error as Unreachable {
            throw error.asMusterError(name)
        }
    }

    /// What came is from outside: only a commit that holds a statement gets a branch here.
    private func adopt(_ ref: String, _ commit: ObjectID) throws -> Bool {
        guard objectType(commit) == GIT_OBJECT_COMMIT else { return false }
        var seen: Set<ObjectID> = []
        try checkFolder(try treeID(of: commit), at: "", depth: 0, &seen)
        guard try tip(of: ref) == nil, try statement(ref, at: commit) != nil else { return false }
        return try move(ref, from: nil, to: commit)
    }
}
