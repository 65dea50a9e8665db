// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterDocuments
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
