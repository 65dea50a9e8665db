// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// The last requests, newest last. Neither tokens nor bodies nor signed parameters are kept.
package struct RequestLog: Sendable, Hashable {
    package struct Entry: Sendable, Hashable {
        package var at: Timestamp
        package var method: String
        package var host: String
        package var path: String
        package var operation: String
        package var status: Int
        package var faults: [String]
        package var clientRequestID: String?

        init(_ request: SimulatedRequest, operation: String, status: Int, faults: [String], at: Timestamp) {
            self.at = at
            method = request.method
            host = request.host
            path = request.path
            self.operation = operation
            self.status = status
            self.faults = faults
            clientRequestID = request.headers["x-ms-client-request-id"]
        }
    }

    static let limit = 10_000

    package private(set) var entries: [Entry] = []
    /// How many there were in all.
    package private(set) var total = 0

    mutating func append(_ entry: Entry) {
        total += 1
        if entries.count >= Self.limit { entries.removeFirst(Self.limit / 10) }
        entries.append(entry)
    }
}
