// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import MusterModel

/// A change that the service goes on with after its answer, in a form that can be stored and taken up after a crash.
package struct OracleOperation: Hashable, Sendable, Codable {
    /// Such as `switchover`.
    package var action: String
    /// The database, or the node of one, that it was sent to; its region is where the work request is found.
    package var database: OracleID
    /// Nil when the answer named none: then the database's own state is followed.
    package var workRequest: String?

    package init(action: String, database: OracleID, workRequest: String?) {
        self.action = action
        self.database = database
        self.workRequest = workRequest
    }
}

/// The state of such a change (Work Requests service 20160918).
package struct WorkRequest: Hashable, Sendable, Codable {
    package var id: String
    /// `ACCEPTED`, `IN_PROGRESS`, `FAILED`, `SUCCEEDED`, `CANCELING` or `CANCELED`.
    package var status: String
    package var operationType: String?
    package var percentComplete: Double?
}

package struct WorkRequestProblem: Hashable, Sendable, Codable {
    package var code: String
    package var message: String
}

/// How a change has ended.
package enum WorkRequestEnd: Hashable, Sendable {
    case succeeded
    /// The service says that it failed or was cancelled, with its reasons. How far it had come is for a read to show.
    case failed(String)
    /// The database left `UPDATING`; nothing says whether the change was made.
    case settled
}

/// Work requests of the Database service.
package struct WorkRequestOperations: Sendable {
    let calls: OracleCalls

    package func workRequest(_ id: String, of database: OracleID) async throws(OracleError) -> WorkRequest {
        let url = try address(id, of: database)
        return try model(try await calls.sender.send(OracleRequest(.get, url)), url)
    }

    package func problems(_ id: String, of database: OracleID) async throws(OracleError) -> [WorkRequestProblem] {
        try await calls.list(try address(id, of: database).appending(path: "/errors"))
    }

    /// Follows the change to its end, as far as the work's time allows.
    ///
    /// - Parameter waiting: told before each wait how much is done, 0 to 1, where the service says.
    /// - Throws: ``OracleError`` `oracle.still-running`, of unknown outcome, when the time is over.
    package func wait(
        for operation: OracleOperation, waiting: (_ fraction: Double?) -> Void = { _ in }
    ) async throws(OracleError) -> WorkRequestEnd {
        for poll in 0... {
            let look = try await look(at: operation)
            if let end = look.end { return end }
            let wait = calls.polling.wait(beforePoll: poll, retryAfter: look.retryAfter)
            let time = calls.sender.time
            waiting(look.fraction)
            guard wait < calls.sender.context.deadline.remaining(time), await time.pause(wait) else { break }
        }
        throw OracleError(
            code: "oracle.still-running",
            "The \(operation.action) of \(operation.database) was still in progress when the step's time ended.",
            advice: .unknownOutcome)
    }

    private struct Look {
        var end: WorkRequestEnd?
        var fraction: Double?
        var retryAfter: Duration?
    }

    private func look(at operation: OracleOperation) async throws(OracleError) -> Look {
        let time = calls.sender.time
        guard let id = operation.workRequest else {
            return Look(end: try await calls.databases.isBusy(operation.database) ? nil : .settled)
        }
        let url = try address(id, of: operation.database)
        let answer = try await calls.sender.send(OracleRequest(.get, url))
        let request: WorkRequest = try model(answer, url)
        var look = Look(
            fraction: request.percentComplete.map { $0 / 100 }, retryAfter: retryAfter(answer.headers, now: time.now))
        switch request.status {
        case "SUCCEEDED": look.end = .succeeded
        case "FAILED", "CANCELED": look.end = .failed(try await reasons(request, of: operation.database))
        default: break
        }
        return look
    }

    private func reasons(_ request: WorkRequest, of database: OracleID) async throws(OracleError) -> String {
        let named = "Work request \(request.id) is \(request.status)"
        let problems = try await problems(request.id, of: database).map { "\($0.message) [\($0.code)]" }
        return problems.isEmpty ? "\(named) and gives no reason." : "\(named): \(problems.joined(separator: "; "))"
    }

    private func address(_ id: String, of database: OracleID) throws(OracleError) -> WebAddress {
        try calls.address(of: .workRequests, for: database)
            .appending(path: "/20160918/workRequests/\(percentEncoded(id))")
    }
}

extension OracleDatabase {
    /// Some operation works on it.
    package var isBusy: Bool {
        ["PROVISIONING", "UPDATING", "BACKUP_IN_PROGRESS", "UPGRADING", "CONVERTING"].contains(lifecycleState)
    }

    /// It does not come back by itself. A state that is not known shows no loss, for the list is an open one.
    package var isLost: Bool { ["FAILED", "RESTORE_FAILED", "TERMINATING", "TERMINATED"].contains(lifecycleState) }
}
