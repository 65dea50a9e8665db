// SPDX-License-Identifier: Apache-2.0

package import CloudHTTP
internal import MusterModel
internal import MusterSystem

/// What all requests of one piece of work share.
package struct RequestContext: Sendable {
    package var deadline: Deadline
    /// The longest for one request with all its tries; nil: as long as the deadline leaves.
    package var patience: Duration?
    /// One for the whole run, so that the activity log can be joined with it.
    package var correlationID: String
    /// Sent with requests that change something; the same over all tries of a step. Reads get a new one each try.
    package var clientRequestID: String?
    package var record: @Sendable (Exchange) -> Void

    package init(
        deadline: Deadline, correlationID: String = RequestID.random(), clientRequestID: String? = nil,
        record: @escaping @Sendable (Exchange) -> Void = { _ in }
    ) {
        self.deadline = deadline
        self.correlationID = correlationID
        self.clientRequestID = clientRequestID
        self.record = record
    }

    /// For one request that begins now.
    fileprivate func hurried(from time: TimeSource) -> RequestContext {
        guard let patience else { return self }
        var copy = self
        copy.deadline = Deadline(boot: min(Deadline(after: patience, from: time).boot, deadline.boot))
        return copy
    }
}

/// Sends a request until there is an answer to rely on: the rules about where credentials may go, retries, evidence.
///
/// Reads and token requests are repeated whatever became of them. A change is sent again only where the try before it is
/// known to have begun nothing: no connection came about, or the service itself said "not now". Azure SQL knows no token by
/// which it would recognise the same change, so that a change whose answer was lost is never repeated here, PUT and DELETE
/// as little as POST: its outcome is unknown, and whoever sent it looks at the target first.
struct RequestSender: Sendable {
    var transport: any HTTPTransport
    var time: TimeSource
    var retry: RetryPolicy

    /// Longest wait for one answer.
    private static let answerTimeout = Duration.seconds(60)

    /// What a try that came to nothing may have done.
    enum Purpose: Sendable {
        /// Nothing: whatever was lost or refused for now is sent again.
        case read
        /// What was asked for: a lost answer leaves the outcome unknown.
        case change
    }

    /// The answer, whatever its status, unless it is a redirect or stays "not now" to the last try.
    ///
    /// - Parameter allowsLinkLocal: the platform's own identity endpoint may be plain HTTP on 169.254.0.0/16.
    func send(
        _ request: HTTPRequest, as purpose: Purpose, allowsLinkLocal: Bool = false, context: RequestContext
    ) async throws(AzureError) -> HTTPResponse {
        let context = context.hurried(from: time)
        let url = request.url
        guard url.isSecure || url.isLoopback || allowsLinkLocal && url.isLinkLocal else {
            throw AzureError(
                code: "azure.plain-http",
                "\(url.origin) is not https. Credentials travel unencrypted only to this machine itself.")
        }
        let start = time.read()
        var attempt = 0
        while true {
            attempt += 1
            var outgoing = request
            addIdentifiers(to: &outgoing, context)
            let result = await attemptOnce(outgoing, context)
            let decision = decide(result, request, purpose, attempt, context)
            if case .again(let wait) = decision, await time.pause(wait) { continue }
            record(outgoing, result, attempt, start.boot, start.wall, context)
            return try conclude(result, request, purpose)
        }
    }

    private func addIdentifiers(to request: inout HTTPRequest, _ context: RequestContext) {
        request.headers["x-ms-client-request-id"] =
            request.method.changes ? context.clientRequestID ?? RequestID.random() : RequestID.random()
        request.headers["x-ms-return-client-request-id"] = "true"
        request.headers["x-ms-correlation-request-id"] = context.correlationID
        request.headers["user-agent"] = "muster/1"
        request.headers["accept"] = "application/json"
    }

    private func attemptOnce(_ request: HTTPRequest, _ context: RequestContext) async -> Result<
        HTTPResponse, TransportError
    > {
        let remaining = context.deadline.remaining(time)
        guard remaining > .zero else {
            return .failure(TransportError(.cancelled, "No time was left to call \(request.url.origin)."))
        }
        do throws(TransportError) {
            return .success(try await transport.send(request, timeout: min(remaining, Self.answerTimeout)))
        } catch {
            return .failure(error)
        }
    }

    private enum Decision { case again(Duration), done }

    private func decide(
        _ result: Result<HTTPResponse, TransportError>, _ request: HTTPRequest, _ purpose: Purpose, _ attempt: Int,
        _ context: RequestContext
    ) -> Decision {
        guard attempt < retry.attemptsMax, !Task.isCancelled, !mayHaveActed(result, purpose) else { return .done }
        var asked: Duration?
        switch result {
        case .success(let answer):
            guard RetryPolicy.isTransient(status: answer.status) || isForeign(answer, to: request) else { return .done }
            asked = retryAfter(answer.headers, now: time.now)
        case .failure(let error):
            guard error.isTransient else { return .done }
        }
        let wait = retry.wait(afterAttempt: attempt, retryAfter: asked, random: time.random())
        return wait < context.deadline.remaining(time) ? .again(wait) : .done
    }

    /// A page of a proxy in between, or an answer cut short: services answer reads with a JSON object.
    private func isForeign(_ answer: HTTPResponse, to request: HTTPRequest) -> Bool {
        guard request.method == .get, answer.status == 200 else { return false }
        let isSpace = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
        return answer.body.first { !isSpace($0) } != UInt8(ascii: "{")
            || answer.body.last { !isSpace($0) } != UInt8(ascii: "}")
    }

    /// The service may have acted on this try although it did not say so.
    private func mayHaveActed(_ result: Result<HTTPResponse, TransportError>, _ purpose: Purpose) -> Bool {
        guard purpose == .change else { return false }
        switch result {
        case .failure(let error): return error.mayHaveArrived
        // A gateway's "not now" may follow an effect.
        case .success(let answer):
            return RetryPolicy.isTransient(status: answer.status) && !RetryPolicy.tookNothingOn(answer)
        }
    }

    private func conclude(
        _ result: Result<HTTPResponse, TransportError>, _ request: HTTPRequest, _ purpose: Purpose
    ) throws(AzureError) -> HTTPResponse {
        let isInDoubt = mayHaveActed(result, purpose)
        switch result {
        case .failure(let error):
            let advice: AzureError.Advice =
                isInDoubt ? .unknownOutcome : error.isTransient ? .retryable : .permanent
            throw AzureError(code: "azure.\(error.cause.rawValue)", error.message, advice: advice)
        case .success(let answer):
            if (300..<400).contains(answer.status) { throw Self.redirect(answer, request) }
            guard RetryPolicy.isTransient(status: answer.status) else { return answer }
            let error = AzureError(answer: answer, request: "\(request.method.rawValue) \(request.url.shortened)")
            throw isInDoubt ? error.inDoubt : error
        }
    }

    private static func redirect(_ answer: HTTPResponse, _ request: HTTPRequest) -> AzureError {
        let target = answer.headers["location"].flatMap { WebAddress($0)?.origin } ?? "another address"
        return AzureError(
            status: answer.status, code: "azure.redirect",
            "\(request.url.origin) redirects to \(target). Redirects are not followed: a credential goes only to the "
                + "configured host.", requestID: answer.requestID)
    }

    private func record(
        _ request: HTTPRequest, _ result: Result<HTTPResponse, TransportError>, _ attempts: Int, _ boot: Int64,
        _ wall: Timestamp, _ context: RequestContext
    ) {
        var exchange = Exchange(
            method: request.method.rawValue, url: request.url.shortened,
            clientRequestID: request.headers["x-ms-client-request-id"], attempts: attempts, startedAt: wall,
            milliseconds: (time.read().boot - boot) / 1_000_000)
        switch result {
        case .success(let answer):
            exchange.status = answer.status
            exchange.requestID = answer.requestID
            exchange.correlationID = answer.headers["x-ms-correlation-request-id"]
        case .failure(let error): exchange.failure = error.message
        }
        context.record(exchange)
    }
}
