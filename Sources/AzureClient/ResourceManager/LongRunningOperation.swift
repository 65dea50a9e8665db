// SPDX-License-Identifier: Apache-2.0

package import CloudHTTP
internal import MusterModel

/// An operation that the service goes on with after its answer, in a form that can be stored and taken up after a crash
/// (learn.microsoft.com/azure/azure-resource-manager/management/async-operations).
package struct LongRunningOperation: Hashable, Sendable, Codable {
    package enum Tracking: String, Hashable, Sendable, Codable {
        /// A status resource: `{"status": "InProgress" | "Succeeded" | …}`.
        case asyncOperation = "async-operation"
        /// Answers 202 while running, then with the result.
        case location
        /// The resource's own `properties.provisioningState`.
        case provisioningState = "provisioning-state"
    }

    package var method: RequestMethod
    /// The resource or action that the first request went to.
    package var target: String
    package var tracking: Tracking
    /// The signed URL to ask, verbatim; it reaches 4 KB.
    package var url: String
    /// Where the result of a POST is found in the end.
    package var resultURL: String?

    package init(method: RequestMethod, target: String, tracking: Tracking, url: String, resultURL: String? = nil) {
        self.method = method
        self.target = target
        self.tracking = tracking
        self.url = url
        self.resultURL = resultURL
    }
}

/// What the first answer to a changing request says.
enum Acceptance: Hashable, Sendable {
    case finished(JSON?)
    case running(LongRunningOperation)

    /// - Throws: an error in doubt when the answer cannot be understood: the request may well have been carried out.
    init(method: RequestMethod, target: WebAddress, answer: HTTPResponse) throws(AzureError) {
        let location = answer.headers["location"]
        func running(_ tracking: LongRunningOperation.Tracking, _ url: String, result: String? = nil) -> Acceptance {
            .running(
                LongRunningOperation(
                    method: method, target: target.text, tracking: tracking, url: url, resultURL: result))
        }
        if let url = answer.headers["azure-asyncoperation"] {
            self = running(.asyncOperation, url, result: location)
            return
        }
        if answer.status == 202 {
            guard let location else {
                throw AzureError(
                    status: 202, code: "azure.no-operation-url",
                    "The request was accepted, but the answer names no operation to follow.",
                    requestID: answer.requestID, advice: .unknownOutcome)
            }
            self = running(.location, location)
            return
        }
        let body: JSON?
        do throws(AzureError) {
            body = answer.body.isEmpty ? Optional.none : try parsed(answer)
        } catch {
            throw error.inDoubt
        }
        let state = body?["properties"]?["provisioningState"]?.string
        let goesOn = method != .delete && state.map { OperationState($0) == .running } ?? false
        self = goesOn ? running(.provisioningState, target.text) : .finished(body)
    }
}

/// Resource Manager ends an operation with `Succeeded`, `Failed` or `Canceled`; SQL also writes `Cancelled`. Every other
/// text means that it goes on.
enum OperationState: Hashable, Sendable {
    case running, succeeded, failed, cancelled

    init(_ text: String) {
        switch text.lowercased() {
        case "succeeded", "success", "ready": self = .succeeded
        case "failed": self = .failed
        case "canceled", "cancelled": self = .cancelled
        default: self = .running
        }
    }
}

/// What one poll says.
enum PollResult: Hashable, Sendable {
    case running
    case succeeded(JSON?)

    /// - Throws: the operation's own error, which comes inside an answer with HTTP 200.
    init(tracking: LongRunningOperation.Tracking, answer: HTTPResponse) throws(AzureError) {
        if tracking == .location, answer.status == 202 {
            self = .running
            return
        }
        let body: JSON? = answer.body.isEmpty ? Optional.none : try parsed(answer)
        let text =
            tracking == .provisioningState ? body?["properties"]?["provisioningState"]?.string : body?["status"]?.string
        guard tracking != .location, let text else {
            // A status resource without a status says nothing; anything else that answers 200 is the result.
            self = tracking == .asyncOperation ? .running : .succeeded(body)
            return
        }
        switch OperationState(text) {
        case .running: self = .running
        case .succeeded: self = .succeeded(body)
        case .failed, .cancelled:
            let error = body?["error"] ?? body?["properties"]?["error"]
            let cancelled = OperationState(text) == .cancelled
            let code = error?["code"]?.text ?? (cancelled ? "OperationCancelled" : "OperationFailed")
            throw AzureError(
                status: answer.status, code: code,
                error?["message"]?.string ?? "The operation ended as \(text) without saying why.",
                requestID: answer.requestID,
                advice: AzureError.advice(code: code, status: answer.status))
        }
    }
}
