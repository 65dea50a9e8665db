// SPDX-License-Identifier: Apache-2.0

/// What keys and tokens look like that are made to be recognised: a fixed beginning, and so much of an alphabet behind it.
///
/// Only such as hardly anything else looks like: a run's record is held back for them, and a document with one is refused. Signed addresses of operations (`s=` with a certificate)
/// are none; they open nothing without a token.
package enum KeyPattern {
    private struct Pattern {
        let what: String
        let start: [UInt8]
        /// What may stand behind the beginning.
        let alphabet: Set<UInt8>
        /// How much of it there must be at least.
        let least: Int
        /// What must come directly behind that.
        let end: [UInt8]

        init(_ what: String, _ start: String, _ alphabet: String, _ least: Int, end: String = "") {
            self.what = what
            self.start = Array(start.utf8)
            self.alphabet = Set(alphabet.utf8)
            self.least = least
            self.end = Array(end.utf8)
        }
    }

    private static let upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    private static let letters = upper + upper.lowercased() + "0123456789"

    private static let patterns = [
        // RFC 7468, and OpenSSH's own.
        Pattern("a private key", "-----BEGIN ", upper + " ", 0, end: "PRIVATE KEY-----"),
        // Header and claims of a signed token begin with {" in base64url: RFC 7519.
        Pattern("a signed token (JWT)", "eyJ", letters + "-_", 10, end: ".eyJ"),
        Pattern("a bearer token", "Bearer ", letters + "-._~+/", 40),
        Pattern("a client's secret in a request", "client_secret=", letters + "-._~%+", 12),
        Pattern("a storage account's key", "AccountKey=", letters + "+/", 60),
        Pattern("a shared access key", "SharedAccessKey=", letters + "+/", 40),
        Pattern("an access key of AWS", "AKIA", upper + "0123456789", 16),
        Pattern("a token of GitHub", "ghp_", letters, 36), Pattern("a token of GitHub", "gho_", letters, 36),
        Pattern("a token of GitHub", "ghs_", letters, 36),
        Pattern("a token of GitHub", "github_pat_", letters + "_", 60),
        Pattern("a token of GitLab", "glpat-", letters + "-_", 20),
        Pattern("a token of Slack", "xoxb-", letters + "-", 30),
        Pattern("a token of Slack", "xoxp-", letters + "-", 30),
    ]

    private static let byFirstByte: [[Pattern]] = patterns.reduce(into: Array(repeating: [], count: 256)) {
        $0[Int($1.start[0])].append($1)
    }

    /// The first of them from this place on.
    package static func first(in bytes: [UInt8], from start: Int = 0) -> (at: Int, what: String)? {
        bytes.withUnsafeBufferPointer { bytes in
            for at in bytes.indices.dropFirst(start) {
                for pattern in byFirstByte[Int(bytes[at])] where stands(pattern, at, bytes) {
                    return (at, pattern.what)
                }
            }
            return nil
        }
    }

    private static func stands(_ pattern: Pattern, _ at: Int, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard has(pattern.start, at, bytes) else { return false }
        let body = at + pattern.start.count
        var end = body
        while end < bytes.count, pattern.alphabet.contains(bytes[end]) {
            if !pattern.end.isEmpty, end - body >= pattern.least, has(pattern.end, end, bytes) { return true }
            end += 1
        }
        return end - body >= pattern.least && has(pattern.end, end, bytes)
    }

    private static func has(_ text: [UInt8], _ at: Int, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        at + text.count <= bytes.count && text.indices.allSatisfy { text[$0] == bytes[at + $0] }
    }
}
