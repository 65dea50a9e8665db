// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// The seal of a record whose catalog wants records signed: `SHA256SUMS`, which `sha256sum -c` takes, and an SSH signature over it, which
/// `ssh-keygen -Y verify` takes.
///
/// Without the key nobody can change a file of the record so that sums and signature still hold.
package enum RecordSeal {
    package static let sums = "SHA256SUMS"
    package static let signature = "SHA256SUMS.sig"
    /// The namespace of the signature, so that one that was made for anything else is none.
    package static let namespace = "muster-record@v1"

    /// The sums of all files of a record that are its own. Documents in `definitions/` are named by their blob in the plan; reviews come
    /// later and have signatures of their own.
    package static func sums(of files: [String: [UInt8]]) -> [UInt8] {
        let own = files.filter { path, _ in
            path != sums && path != signature && !path.hasPrefix("definitions/") && !ReviewFiles.isReview(path)
        }
        return own.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.flatMap { path, bytes in
            Array("\(Digest(of: bytes).hex)  \(path)\n".utf8)
        }
    }

    /// Paths whose sums are not those of the seal, and paths that only one side names.
    static func differences(_ files: [String: [UInt8]], from seal: [UInt8]) -> [String] {
        func byPath(_ sums: [UInt8]) -> [Substring: Substring] {
            String(decoding: sums, as: UTF8.self).split(separator: "\n").reduce(into: [:]) { all, line in
                let parts = line.split(separator: " ", maxSplits: 1)
                if parts.count == 2 { all[parts[1].drop { $0 == " " }] = parts[0] }
            }
        }
        let (now, then) = (byPath(sums(of: files)), byPath(seal))
        return Set(now.keys).union(then.keys).filter { now[$0] != then[$0] }.map(String.init).sorted()
    }
}
