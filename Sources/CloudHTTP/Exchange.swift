// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// What a request and its answer leave as evidence: enough to find them in the vendor's logs, nothing that opens a door.
package struct Exchange: Hashable, Sendable, Codable {
    package var method: String
    /// The URL with the values of signed or long query parameters cut short.
    package var url: String
    /// Absent when no answer came.
    package var status: Int?
    /// By which the vendor's support finds the request: `x-ms-request-id` or `opc-request-id` of the answer.
    package var requestID: String?
    /// `x-ms-correlation-request-id` of an answer of Azure, which joins it with the activity log.
    package var correlationID: String?
    /// The client's own id as sent: `x-ms-client-request-id` or `opc-request-id`.
    package var clientRequestID: String?
    /// How many times it was sent, the last included.
    package var attempts: Int
    package var startedAt: Timestamp
    package var milliseconds: Int64
    /// Why no answer came.
    package var failure: String?

    package init(
        method: String, url: String, clientRequestID: String?, attempts: Int, startedAt: Timestamp, milliseconds: Int64
    ) {
        self.method = method
        self.url = url
        self.clientRequestID = clientRequestID
        self.attempts = attempts
        self.startedAt = startedAt
        self.milliseconds = milliseconds
    }
}

extension WebAddress {
    /// Parameters that sign an operation's URL; with them anybody may read the operation.
    private static let signing: Set<String> = ["t", "c", "s", "h", "sig", "se", "sp"]

    /// For logs and records: operation URLs carry a certificate and a signature and reach 4 KB.
    package var shortened: String {
        guard !query.isEmpty else { return text }
        let parts = query.split(separator: "&").map { part -> String in
            guard let equals = part.firstIndex(of: "=") else {
                return part.count > 64 ? part.prefix(16) + "…" : String(part)
            }
            let name = part[..<equals]
            let value = part[part.index(after: equals)...]
            if Self.signing.contains(name.lowercased()) { return "\(name)=…" }
            return value.count > 200 ? "\(name)=\(value.prefix(16))…" : String(part)
        }
        return text.prefix { $0 != "?" } + "?" + parts.joined(separator: "&")
    }
}
