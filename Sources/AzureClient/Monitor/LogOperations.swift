// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
package import MusterModel

/// What a query of the logs answered: its first table.
package struct LogTable: Hashable, Sendable {
    package var columns: [String]
    package var rows: [[JSON]]

    package init(columns: [String], rows: [[JSON]]) {
        self.columns = columns
        self.rows = rows
    }

    /// The value of a column in a row, without regard to case; nil where the table has no such column.
    package func value(_ column: String, in row: [JSON]) -> JSON? {
        guard let at = columns.firstIndex(where: { $0.lowercased() == column.lowercased() }), at < row.count else {
            return nil
        }
        return row[at]
    }
}

/// Azure Monitor's logs (api.loganalytics.io, v1).
package struct LogOperations: Sendable {
    let sender: AuthorizedSender
    let base: WebAddress?
    let scope: String?

    /// Runs a query in Kusto's language over a stretch of time. It reads only, so it may be repeated.
    ///
    /// - Parameter workspace: the workspace's `customerId`.
    /// - Throws: ``AzureError``; `azure.partial-answer` when the service says that a part of the answer is missing.
    package func query(
        _ text: String, workspace: String, from start: Timestamp, to end: Timestamp
    ) async throws(AzureError) -> LogTable {
        guard let base, let scope else {
            throw AzureError(
                code: "azure.connection",
                "The environment's azure.endpoints.log-analytics is missing, which a custom cloud needs for logs.")
        }
        guard RequestID.isUUID(workspace.lowercased()) else {
            throw AzureError(code: "azure.answer", "\"\(workspace)\" is not a workspace's id.")
        }
        let url = base.appending(path: "/v1/workspaces/\(workspace)/query")
        let body: JSON = ["query": .string(text), "timespan": .string("\(start)/\(end)")]
        let answer = try parsed(
            await sender.send(ServiceRequest(.post, url, scope: scope, body: body, onlyReads: true)))
        return try Self.table(answer, url)
    }

    private static func table(_ answer: JSON, _ url: WebAddress) throws(AzureError) -> LogTable {
        if let error = answer["error"], error != .null {
            let says = error["message"]?.string ?? error["code"]?.string ?? "no reason"
            throw AzureError(
                status: 200, code: "azure.partial-answer", "A part of the logs could not be read: \(says)",
                advice: .retryable)
        }
        guard let table = answer["tables"]?.array?.first, let columns = table["columns"]?.array,
            let rows = table["rows"]?.array
        else { throw AzureError(code: "azure.answer", "\(url.shortened) answered something that is no table.") }
        return LogTable(columns: columns.map { $0["name"]?.string ?? "" }, rows: rows.map { $0.array ?? [] })
    }
}
