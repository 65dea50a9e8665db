// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import MusterModel

/// A request that did not do what was asked. Its texts never hold a secret.
package struct OracleError: Error, Hashable, Sendable {
    package enum Advice: String, Hashable, Sendable {
        /// Trying again later may help, and nothing was changed.
        case retryable
        /// Trying again cannot help.
        case permanent
        /// Whether the service acted on the request is not known: read the state before anything is sent again.
        case unknownOutcome = "unknown-outcome"
    }

    /// The answer's HTTP status; nil when there was no answer.
    package var status: Int?
    /// The service's own code such as `IncorrectState`, else one of ours that begins with `oracle.`.
    package var code: String
    package var message: String
    package var remedy: String?
    /// `opc-request-id`, by which Oracle's support finds the request.
    package var requestID: String?
    package var advice: Advice

    package init(
        status: Int? = nil, code: String, _ message: String, remedy: String? = nil, requestID: String? = nil,
        advice: Advice = .permanent
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.remedy = remedy
        self.requestID = requestID
        self.advice = advice
    }

    /// Missing, or hidden from this user: Oracle answers both alike, so it never proves that something is gone.
    package var isNotFound: Bool { status == 404 }

    /// The same error for a request that may have changed something before it came to this.
    package var inDoubt: OracleError {
        var copy = self
        copy.advice = .unknownOutcome
        return copy
    }

    /// Refusals that pass by themselves and left nothing changed
    /// (docs.oracle.com/en-us/iaas/Content/API/References/apierrors.htm). 412 asks for another look at the state.
    private static let passing: Set<String> = [
        "IncorrectState", "LockConflict", "ExternalServerIncorrectState", "NoEtagMatch", "TooManyRequests",
    ]

    static func advice(code: String, status: Int) -> Advice {
        passing.contains(code) || status == 412 || RetryPolicy.isTransient(status: status) ? .retryable : .permanent
    }
}

extension OracleError: CustomStringConvertible {
    package var description: String {
        var facts = status.map { ["HTTP \($0)"] } ?? []
        if let requestID { facts.append("request \(requestID)") }
        return "\(message) [\(code)]" + (facts.isEmpty ? "" : " (\(facts.joined(separator: ", ")))")
    }
}

extension OracleError {
    /// Reads an error answer, `{"code", "message"}`; a proxy in between may answer anything.
    ///
    /// - Parameters:
    ///   - identity: that the request was signed as.
    ///   - now: by this machine's clock, since a clock that is wrong is refused like a wrong key.
    init(answer: HTTPResponse, request: String, as identity: SigningIdentity, now: Timestamp) {
        let body = try? JSON.parse(answer.body)  // Not JSON: the raw text below says more than a parser's complaint.
        let code = body?["code"]?.text ?? "HTTP\(answer.status)"
        var message = body?["message"]?.string ?? ""
        if message.isEmpty {
            let raw = String(decoding: answer.body.prefix(500), as: UTF8.self)
            message = raw.isEmpty ? "\(request) was answered with HTTP \(answer.status)." : raw
        }
        self.init(
            status: answer.status, code: code, message, requestID: answer.headers["opc-request-id"],
            advice: Self.advice(code: code, status: answer.status))
        if answer.status == 401 {
            remedy = Self.signatureRemedy(identity, serverDate: answer.headers["date"], now: now)
        }
        if answer.status == 404 {
            remedy =
                "Check the id. Oracle answers alike when it does not exist and when the user lacks the policy for it."
        }
    }

    /// Signatures are refused when clocks differ by more than five minutes
    /// (docs.oracle.com/iaas/Content/API/Concepts/signingrequests.htm).
    private static func signatureRemedy(
        _ identity: SigningIdentity, serverDate: String?, now: Timestamp
    ) -> String {
        if let date = serverDate.flatMap(httpDate) {
            let skew = now.duration(since: date)
            if skew > .seconds(300) || skew < .seconds(-300) {
                return "This machine's clock and Oracle's differ by \(max(skew, .zero - skew).readable): set the clock."
            }
        }
        return switch identity.kind {
        case .user:
            "Check that the API key is still listed for the user in Oracle's console, with this fingerprint."
        case .session:
            "Oracle does not take the session's token. Sign in again: oci session authenticate. Where an instance or a "
                + "function signs, look whether it still exists in the tenancy."
        case .instance:
            "Oracle does not take the certificate of this instance. Look whether the instance still exists in the "
                + "tenancy, and whether its metadata service hands out a certificate that is still good."
        }
    }
}
