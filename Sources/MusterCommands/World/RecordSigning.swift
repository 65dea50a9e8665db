// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterDocuments
internal import MusterGit
internal import MusterModel
internal import MusterRecord
internal import MusterSigning
internal import MusterSystem

/// Signs commits of records, and each record at its end, where the catalog wants that.
struct RecordSigning {
    let key: String

    /// - Parameter option: what `--key` named; nil: the variable MUSTER_KEY does.
    /// - Returns: nil where records are not signed.
    /// - Throws: `record.no-key`.
    static func of(_ configuration: Configuration?, key option: String? = nil) throws(MusterError) -> RecordSigning? {
        guard configuration?.recordsSigned == true else { return nil }
        guard let key = option ?? Host.variable("MUSTER_KEY"), !key.isEmpty else {
            throw MusterError(
                code: "record.no-key", "Records of this catalog are signed, and no key is named to sign with.",
                help:
                    "Set MUSTER_KEY, or give --key where the command takes it: a private key, or the .pub file of one that the agent holds.",
                status: .preconditionUnmet)
        }
        return RecordSigning(key: absolute(key))
    }

    /// The same, if whoever checks the record will know the key: by the signers of the run's commit, else by the newest. Where there
    /// are none, nobody is known.
    ///
    /// - Parameter commits: in this order; the first that has signers counts.
    /// - Throws: `approval.unknown-key`, `signing.no-key`.
    func known(to git: Catalog, at commits: ObjectID?...) throws(MusterError) -> RecordSigning {
        for commit in commits.compactMap(\.self) {
            // One that cannot be read, or is not in this clone, is told by other checks.
            guard let file = try? git.file(AllowedSigners.path, at: commit),
                let signers = AllowedSigners.parse(file.content.bytes).value, !signers.keys.isEmpty
            else { continue }
            let base64 = try SSHKeygen().publicKey(of: key).base64
            let isKnown = signers.keys.contains { known in
                known.base64 == base64 && known.namespaces?.contains(RecordSeal.namespace) != false
            }
            if isKnown { return self }
            throw MusterError(
                code: "approval.unknown-key",
                "Records of this catalog are signed, and the key \(visibleText(key)) is no person's there.",
                help:
                    "\(AllowedSigners.path) at commit \(commit.short) names whose keys count: name such a key with --key, or MUSTER_KEY. Nothing was changed.",
                status: .preconditionUnmet)
        }
        return self
    }

    /// Git's worker has a folder of its own.
    private static func absolute(_ path: String) -> String {
        if path.hasPrefix("~/"), let home = Host.variable("HOME") { return home + path.dropFirst() }
        guard !path.hasPrefix("/"), let folder = getcwd(nil, 0) else { return path }
        defer { free(folder) }
        return "\(String(cString: folder))/\(path)"
    }

    /// The files that seal a record at its end.
    func seal(_ files: [MusterRecord.RecordFile]) throws(MusterError) -> [MusterRecord.RecordFile] {
        let contents = files.reduce(into: [String: [UInt8]]()) { all, file in
            if case .bytes(let bytes) = file.content { all[file.path] = bytes }
        }
        let sums = RecordSeal.sums(of: contents)
        let signature = try SSHKeygen().sign(sums, key: key, namespace: RecordSeal.namespace)
        return [
            .init(path: RecordSeal.sums, content: .bytes(sums)),
            .init(path: RecordSeal.signature, content: .bytes(Array(signature.utf8))),
        ]
    }
}
