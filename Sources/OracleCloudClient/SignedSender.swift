// SPDX-License-Identifier: Apache-2.0

package import CloudHTTP
package import MusterModel

/// What all requests of one piece of work share.
package struct OracleContext: Sendable {
    package var deadline: Deadline
    /// The same over all attempts of a step. Retry tokens are made of it, and the request ids of changes.
    package var idempotencyKey: String?
    /// Of the step, from 1. It tells a new try from a repeated one where the service gives no `etag`.
    package var attempt: Int
    /// How long after its first try a request may be sent again; nil: as long as the deadline allows.
    package var repetition: Duration?
    package var record: @Sendable (Exchange) -> Void

    package init(
        deadline: Deadline, idempotencyKey: String? = nil, attempt: Int = 1,
        record: @escaping @Sendable (Exchange) -> Void = { _ in }
    ) {
        self.deadline = deadline
        self.idempotencyKey = idempotencyKey
        self.attempt = attempt
        self.record = record
    }
}

/// A request to one of Oracle's services, before it is signed.
package struct OracleRequest: Hashable, Sendable {
    package var method: RequestMethod
    package var url: WebAddress
    package var body: JSON?
    /// By which the service knows the same request again, for 24 hours; without it a change is never sent twice.
    package var retryToken: String?
    /// The `etag` that was read: the service refuses the change when the resource is not in that state any more.
    package var ifMatch: String?
    /// The service only says whether it would take the change. Few operations know it; others would make the change.
    package var isDryRun: Bool

    package init(
        _ method: RequestMethod, _ url: WebAddress, body: JSON? = nil, retryToken: String? = nil,
        ifMatch: String? = nil, isDryRun: Bool = false
    ) {
        self.method = method
        self.url = url
        self.body = body
        self.retryToken = retryToken
        self.ifMatch = ifMatch
        self.isDryRun = isDryRun
    }
}

/// Signs and sends requests until there is an answer to rely on: where signatures may go, retries, evidence.
///
/// A change whose answer was lost is sent again only under the retry token that it was sent with. The service answers a
/// token that it knows with what it did the first time (docs.oracle.com/iaas/Content/API/Concepts/usingapi.htm), so that
/// the repetition asks what became of the change and cannot be a second one; `if-match` refuses it besides where the
/// target has moved on. A token is good for 24 hours, and no step lasts as long. A change without a token is never sent
/// twice: its outcome is unknown, and whoever sent it looks at the target first.
struct SignedSender: Sendable {
    var identities: IdentityStore
    var transport: any HTTPTransport
    var time: TimeSource
    var retry: RetryPolicy
    var context: OracleContext

    /// Longest wait for one answer.
    private static let answerTimeout = Duration.seconds(60)

    /// The answer with a status below 300.
    func send(_ request: OracleRequest) async throws(OracleError) -> HTTPResponse {
        let url = request.url
        guard url.isSecure || url.isLoopback else {
            throw OracleError(
                code: "oracle.plain-http",
                "\(url.origin) is not https. Passwords travel unencrypted only to this machine itself.")
        }
        let outgoing = prepared(request)
        let start = time.read()
        var followsLostTry = false
        var isRenewed = false
        for attempt in 1... {
            let identity = try await identities.identity()
            let result = try await attemptOnce(outgoing, as: identity)
            // A session that ended in mid-run is replaced once; what was refused was not begun.
            if case .success(let answer) = result, answer.status == 401, !isRenewed,
                mayRepeat(since: start, after: .zero),
                await identities.discard(identity)
            {
                isRenewed = true
                continue
            }
            if let wait = waitBeforeNext(result, request, attempt), mayRepeat(since: start, after: wait),
                await time.pause(wait)
            {
                followsLostTry = followsLostTry || mayHaveActed(result, request)
                continue
            }
            record(outgoing, result, attempt, start)
            do throws(OracleError) {
                return try conclude(result, request, as: identity)
            } catch {
                guard followsLostTry, error.advice != .unknownOutcome else { throw error }
                var doubtful = error.inDoubt
                doubtful.message += " An earlier try of this request stayed unanswered and may have taken effect."
                throw doubtful
            }
        }
        preconditionFailure("the loop has no end but these")
    }

    /// Whoever sends a change that was looked into beforehand wants it at once, or another look.
    private func mayRepeat(since start: Instant, after wait: Duration) -> Bool {
        guard let limit = context.repetition else { return true }
        return .nanoseconds(time.read().boot - start.boot) + wait <= limit
    }

    private func prepared(_ request: OracleRequest) -> HTTPRequest {
        var outgoing = HTTPRequest(request.method, request.url)
        let own = request.method.changes ? context.idempotencyKey.map { RequestID.derived(from: $0) } : nil
        // At most 32 characters; Oracle appends parts of its own (docs.oracle.com/iaas/Content/API/Concepts/usingapi.htm).
        outgoing.headers["opc-request-id"] = (own ?? RequestID.random()).filter { $0 != "-" }.uppercased()
        outgoing.headers["accept"] = "application/json"
        outgoing.headers["user-agent"] = "muster/1"
        if let token = request.retryToken { outgoing.headers["opc-retry-token"] = token }
        if let etag = request.ifMatch { outgoing.headers["if-match"] = etag }
        if request.isDryRun { outgoing.headers["opc-dry-run"] = "true" }
        outgoing.body = request.body?.canonicalBytes()
        return outgoing
    }

    /// Signed anew each time: a signature is good for five minutes.
    private func attemptOnce(
        _ request: HTTPRequest, as identity: SigningIdentity
    ) async throws(OracleError) -> Result<HTTPResponse, TransportError> {
        let remaining = context.deadline.remaining(time)
        guard remaining > .zero else {
            return .failure(TransportError(.cancelled, "No time was left to call \(request.url.origin)."))
        }
        let signed = try RequestSigner(identity: identity).signed(request, at: time.now)
        do throws(TransportError) {
            return .success(try await transport.send(signed, timeout: min(remaining, Self.answerTimeout)))
        } catch {
            return .failure(error)
        }
    }

    /// Nil when this result is the last one.
    private func waitBeforeNext(
        _ result: Result<HTTPResponse, TransportError>, _ request: OracleRequest, _ attempt: Int
    ) -> Duration? {
        guard attempt < retry.attemptsMax, !Task.isCancelled else { return nil }
        let isRepeatable = !request.method.changes || request.retryToken != nil
        var asked: Duration?
        switch result {
        case .success(let answer):
            guard isRepeatable, RetryPolicy.isTransient(status: answer.status) || isForeign(answer, to: request) else {
                return nil
            }
            asked = retryAfter(answer.headers, now: time.now)
        case .failure(let error):
            guard error.isTransient, isRepeatable || !error.mayHaveArrived else { return nil }
        }
        let wait = retry.wait(afterAttempt: attempt, retryAfter: asked, random: time.random())
        return wait < context.deadline.remaining(time) ? wait : nil
    }

    /// A page of a proxy in between, or an answer cut short: the services answer reads with an object or an array.
    private func isForeign(_ answer: HTTPResponse, to request: OracleRequest) -> Bool {
        guard request.method == .get, answer.status == 200 else { return false }
        let isSpace = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
        let ends = [answer.body.first { !isSpace($0) }, answer.body.last { !isSpace($0) }]
        return ends != [UInt8(ascii: "{"), UInt8(ascii: "}")] && ends != [UInt8(ascii: "["), UInt8(ascii: "]")]
    }

    /// The service may have acted on this try although it did not say so.
    private func mayHaveActed(_ result: Result<HTTPResponse, TransportError>, _ request: OracleRequest) -> Bool {
        guard request.method.changes else { return false }
        switch result {
        case .failure(let error): return error.mayHaveArrived
        // A gateway's "not now" may follow an effect.
        case .success(let answer):
            return RetryPolicy.isTransient(status: answer.status) && !RetryPolicy.tookNothingOn(answer)
        }
    }

    private func conclude(
        _ result: Result<HTTPResponse, TransportError>, _ request: OracleRequest, as identity: SigningIdentity
    ) throws(OracleError) -> HTTPResponse {
        let isInDoubt = mayHaveActed(result, request)
        switch result {
        case .failure(let error):
            let advice: OracleError.Advice =
                isInDoubt ? .unknownOutcome : error.isTransient ? .retryable : .permanent
            throw OracleError(code: "oracle.\(error.cause.rawValue)", error.message, advice: advice)
        case .success(let answer):
            if (300..<400).contains(answer.status) {
                throw OracleError(
                    status: answer.status, code: "oracle.redirect",
                    "\(request.url.origin) redirects. Redirects are not followed: a signature is for one host alone.",
                    requestID: answer.headers["opc-request-id"])
            }
            guard answer.status >= 300 else { return answer }
            let named = "\(request.method.rawValue) \(request.url.shortened)"
            let error = OracleError(answer: answer, request: named, as: identity, now: time.now)
            throw isInDoubt ? error.inDoubt : error
        }
    }

    private func record(
        _ request: HTTPRequest, _ result: Result<HTTPResponse, TransportError>, _ attempts: Int, _ start: Instant
    ) {
        var exchange = Exchange(
            method: request.method.rawValue, url: request.url.shortened,
            clientRequestID: request.headers["opc-request-id"], attempts: attempts, startedAt: start.wall,
            milliseconds: (time.read().boot - start.boot) / 1_000_000)
        switch result {
        case .success(let answer):
            exchange.status = answer.status
            exchange.requestID = answer.headers["opc-request-id"]
        case .failure(let error): exchange.failure = error.message
        }
        context.record(exchange)
    }
}
