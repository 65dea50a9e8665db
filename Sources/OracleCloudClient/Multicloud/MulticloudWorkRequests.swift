// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import MusterModel

/// A change that the service goes on with after its answer, in a form that can be stored and taken up after a crash.
package struct MulticloudOperation: Hashable, Sendable, Codable {
    /// Such as `create`.
    package var action: String
    package var resource: OracleID
    /// Where the work request is found.
    package var region: String
    /// Nil when the answer named none: then the resource's own state is all there is.
    package var workRequest: String?

    package init(action: String, resource: OracleID, region: String, workRequest: String?) {
        self.action = action
        self.resource = resource
        self.region = region
        self.workRequest = workRequest
    }
}

/// This service keeps its work requests itself, and wraps their errors into a collection.
extension MulticloudOperations {
    private struct Problems: Decodable { var items: [WorkRequestProblem] }

    /// Follows the change to its end, as far as the work's time allows.
    ///
    /// - Parameter waiting: told before each wait how much is done, 0 to 1, where the service says.
    /// - Returns: `settled` when the service named no work request.
    /// - Throws: ``OracleError`` `oracle.needs-attention` when the service waits for a person, `oracle.still-running` when the
    ///   time is over; of unknown outcome, both.
    package func wait(
        for operation: MulticloudOperation, waiting: (_ fraction: Double?) -> Void = { _ in }
    ) async throws(OracleError) -> WorkRequestEnd {
        guard let id = operation.workRequest else { return .settled }
        let region = Region(operation.region, realm: operation.resource.realm)
        let url = try base(in: region).appending(path: "/workRequests/\(percentEncoded(id))")
        let what = "The \(operation.action) of \(operation.resource)"
        return try await calls.follow(what, waiting: waiting) { () throws(OracleError) in
            let answer = try await calls.sender.send(OracleRequest(.get, url))
            let request: WorkRequest = try model(answer, url)
            var look = Look(
                fraction: request.percentComplete.map { $0 / 100 },
                retryAfter: retryAfter(answer.headers, now: calls.sender.time.now))
            switch request.status {
            case "SUCCEEDED": look.end = .succeeded
            case "FAILED", "CANCELED": look.end = .failed(try await reasons(request, url))
            case "NEEDS_ATTENTION", "WAITING":
                throw OracleError(
                    code: "oracle.needs-attention", "\(what) waits for somebody. \(try await reasons(request, url))",
                    remedy: "Look at the work request in Oracle's console, do what it asks for, then resume the run.",
                    advice: .unknownOutcome)
            default: break
            }
            return look
        }
    }

    private func reasons(_ request: WorkRequest, _ url: WebAddress) async throws(OracleError) -> String {
        let errors = url.appending(path: "/errors")
        let found: Problems = try model(try await calls.sender.send(OracleRequest(.get, errors)), errors)
        let named = "Work request \(request.id) is \(request.status)"
        let problems = found.items.map { "\($0.message) [\($0.code)]" }
        return problems.isEmpty ? "\(named) and gives no reason." : "\(named): \(problems.joined(separator: "; "))"
    }
}

/// What one look at something in progress gave.
struct Look {
    var end: WorkRequestEnd?
    var fraction: Double?
    var retryAfter: Duration?
}

extension OracleCalls {
    /// Looks again and again until there is an end, as far as the work's time allows.
    func follow(
        _ what: String, waiting: (_ fraction: Double?) -> Void, _ look: () async throws(OracleError) -> Look
    ) async throws(OracleError) -> WorkRequestEnd {
        for poll in 0... {
            let look = try await look()
            if let end = look.end { return end }
            let wait = polling.wait(beforePoll: poll, retryAfter: look.retryAfter)
            waiting(look.fraction)
            guard wait < sender.context.deadline.remaining(sender.time), await sender.time.pause(wait) else { break }
        }
        throw OracleError(
            code: "oracle.still-running", "\(what) was still in progress when the step's time ended.",
            advice: .unknownOutcome)
    }
}
