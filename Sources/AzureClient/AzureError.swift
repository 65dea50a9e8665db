// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import MusterModel

/// A request that did not do what was asked. Its texts never hold a secret.
package struct AzureError: Error, Hashable, Sendable {
    package enum Advice: String, Hashable, Sendable {
        /// Trying again later may help, and nothing was changed.
        case retryable
        /// Trying again cannot help.
        case permanent
        /// Whether the service acted on the request is not known: read the state before anything is sent again.
        case unknownOutcome = "unknown-outcome"
    }

    /// The answer's HTTP status; nil when there was no answer. A failed operation reports 200.
    package var status: Int?
    /// The service's own code such as `AzureKeyVaultMissingPermissions`, else one of ours that begins with `azure.`.
    package var code: String
    package var message: String
    /// `x-ms-request-id`, by which the vendor's support finds the request.
    package var requestID: String?
    package var advice: Advice

    package init(
        status: Int? = nil, code: String, _ message: String, requestID: String? = nil, advice: Advice = .permanent
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.requestID = requestID
        self.advice = advice
    }

    package var isNotFound: Bool { status == 404 }

    /// The same error for a request that may have changed something before it came to this.
    package var inDoubt: AzureError {
        var copy = self
        copy.advice = .unknownOutcome
        return copy
    }

    /// Refusals of Azure SQL that pass by themselves and left nothing changed (error lists of Microsoft.Sql 2023-08-01).
    private static let passing: Set<String> = [
        "AzureKeyVaultConnectionFailed", "AzureKeyVaultGenericConnectionError", "ConflictingServerOperation",
        // Also said until a fresh role assignment is known everywhere, which takes up to ten minutes.
        "AzureKeyVaultMissingPermissions", "UmiMissingAkvPermissions",
        "FailoverGroupBusy", "OperationInterrupted", "OperationTimedOut", "SubscriptionTooManyCreateUpdateRequests",
        "SubscriptionTooManyRequests", "TooManyRequests",
    ]

    static func advice(code: String, status: Int) -> Advice {
        passing.contains(code) || RetryPolicy.isTransient(status: status) ? .retryable : .permanent
    }
}

extension AzureError: CustomStringConvertible {
    package var description: String { "\(message) [\(code)]\(facts)" }

    /// For where the code is shown beside it.
    package var descriptionWithoutCode: String { message + facts }

    private var facts: String {
        let facts = [status.map { "HTTP \($0)" }, requestID.map { "request \($0)" }].compactMap { $0 }
        return facts.isEmpty ? "" : " (\(facts.joined(separator: ", ")))"
    }
}

extension AzureError {
    /// Reads an error answer. The envelope is `{"error": {"code", "message"}}` by the rules of Resource Manager, but some
    /// services leave it out, answer a number as code or wrap the telling code in `innererror`; token endpoints answer
    /// OAuth's `error` and `error_description`.
    init(answer: HTTPResponse, request: String) {
        let body = try? JSON.parse(answer.body)  // Not JSON: the raw text below says more than a parser's complaint.
        let envelope = body?["error"]?.object != nil ? body?["error"] : body
        let inner = envelope?["innererror"]?["code"]?.string
        let code = inner ?? envelope?["code"]?.text ?? envelope?["error"]?.string ?? "HTTP\(answer.status)"
        var message = envelope?["message"]?.string ?? envelope?["error_description"]?.string ?? ""
        if message.isEmpty {
            let raw = String(decoding: answer.body.prefix(500), as: UTF8.self)
            message = raw.isEmpty ? "\(request) was answered with HTTP \(answer.status)." : raw
        }
        self.init(
            status: answer.status, code: code, message,
            requestID: answer.requestID,
            advice: Self.advice(code: code, status: answer.status))
    }
}

extension HTTPResponse {
    /// By which the vendor's support finds the request: Azure Resource Manager and Key Vault call it `x-ms-request-id`, Microsoft Graph
    /// `request-id` (https://learn.microsoft.com/graph/errors).
    var requestID: String? { headers["x-ms-request-id"] ?? headers["request-id"] }
}
