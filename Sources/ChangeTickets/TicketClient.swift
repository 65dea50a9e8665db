// SPDX-License-Identifier: Apache-2.0

package import CloudHTTP
package import MusterMachine
internal import MusterModel

/// Asks a ticket system over HTTP, and takes nothing for a consent that does not read as one.
///
/// It follows no redirect, reads no more than ``answerBytesMax``, and sends the sign-in to the environment's own address alone.
/// What was lost is asked again only where asking twice is as asking once: a read, or a question that never arrived.
package struct TicketClient: Sendable {
    /// Far more than one ticket.
    package static let answerBytesMax = 256 << 10

    private let transport: any HTTPTransport
    private let time: TimeSource
    private let retry: RetryPolicy
    private let patience: Duration
    private let answerTimeout: Duration

    /// - Parameters:
    ///   - patience: for all tries together.
    ///   - answerTimeout: for one of them.
    package init(
        transport: any HTTPTransport, time: TimeSource = .system,
        retry: RetryPolicy = RetryPolicy(attemptsMax: 3, firstWait: .seconds(1), waitMax: .seconds(4)),
        patience: Duration = .seconds(30), answerTimeout: Duration = .seconds(10)
    ) {
        self.transport = transport
        self.time = time
        self.retry = retry
        self.patience = patience
        self.answerTimeout = answerTimeout
    }

    package func answer(to question: TicketQuestion) async -> TicketAnswer {
        do throws(TicketTrouble) {
            let reader = question.system.kind.reader
            let request = try signed(try reader.request(question), question.system)
            let answer = try accepted(await send(request), question, from: request.url)
            // What is none says nothing that could be told.
            guard let json = try? JSON.parse(answer.body, limits: Self.limits) else {
                throw TicketTrouble("its answer is no JSON")
            }
            return try reader.read(question.system.redactor.redact(json), question)
        } catch {
            return .unknown(error.why)
        }
    }

    private func signed(_ request: HTTPRequest, _ system: TicketSystem) throws(TicketTrouble) -> HTTPRequest {
        guard request.url.isSecure || request.url.isLoopback else {
            throw TicketTrouble("its address is not https, and it is not on this machine")
        }
        var request = request
        request.headers["accept"] = "application/json"
        request.headers["user-agent"] = "muster/1"
        switch system.credential {
        case .none: break
        case .password(let user, let password):
            request.headers["authorization"] = "Basic " + Base64.encode(Array("\(user):\(password)".utf8))
        case .token(let token):
            // Anything else would end the header field and begin another.
            guard token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                throw TicketTrouble("its token has characters that no token has")
            }
            request.headers["authorization"] = "Bearer " + token
        }
        return request
    }

    // MARK: Sending

    private func send(_ request: HTTPRequest) async -> Result<HTTPResponse, TransportError> {
        let deadline = Deadline(after: patience, from: time)
        var attempt = 0
        while true {
            attempt += 1
            let result: Result<HTTPResponse, TransportError>
            do throws(TransportError) {
                let timeout = min(answerTimeout, max(.milliseconds(1), deadline.remaining(time)))
                result = .success(try await transport.send(request, timeout: timeout))
            } catch {
                result = .failure(error)
            }
            guard attempt < retry.attemptsMax, isWorthAnother(result, of: request) else { return result }
            var asked: Duration?
            if case .success(let answer) = result { asked = retryAfter(answer.headers, now: time.now) }
            let wait = retry.wait(afterAttempt: attempt, retryAfter: asked, random: time.random())
            guard wait < deadline.remaining(time), await time.pause(wait) else { return result }
        }
    }

    private func isWorthAnother(_ result: Result<HTTPResponse, TransportError>, of request: HTTPRequest) -> Bool {
        switch result {
        case .success(let answer):
            request.method.changes
                ? RetryPolicy.tookNothingOn(answer) : RetryPolicy.isTransient(status: answer.status)
        case .failure(let error): error.isTransient && !(request.method.changes && error.mayHaveArrived)
        }
    }

    // MARK: Answers

    private func accepted(
        _ result: Result<HTTPResponse, TransportError>, _ question: TicketQuestion, from url: WebAddress
    ) throws(TicketTrouble) -> HTTPResponse {
        let answer: HTTPResponse
        switch result {
        case .success(let found): answer = found
        case .failure(let error):
            let text = question.system.redactor.redact(error.message)
            throw TicketTrouble(bounded(text.hasSuffix(".") ? String(text.dropLast()) : text, Self.textMax))
        }
        switch answer.status {
        case 200: return answer
        case 300..<400:
            let target = answer.headers["location"].flatMap { WebAddress($0)?.origin } ?? "another address"
            throw TicketTrouble("it redirects to \(target), and redirects are not followed")
        case 401: throw TicketTrouble("it refuses the sign-in (HTTP 401)")
        case 403: throw TicketTrouble("it does not let this sign-in look (HTTP 403)")
        case 404: throw TicketTrouble("there is nothing at \(url.path) (HTTP 404)")
        case 429: throw TicketTrouble("it was asked too often and says so (HTTP 429)")
        default: throw TicketTrouble("it answers HTTP \(answer.status)")
        }
    }

    /// Longest text of a foreign system that is kept.
    static let textMax = 300

    private static let limits = JSON.Limits(depth: 16, bytes: answerBytesMax)
}

/// How one kind of ticket system is asked, and its answer read. Pure.
protocol TicketReader {
    func request(_ question: TicketQuestion) throws(TicketTrouble) -> HTTPRequest
    /// - Parameter json: the answer with status 200, without the sign-in's secret.
    func read(_ json: JSON, _ question: TicketQuestion) throws(TicketTrouble) -> TicketAnswer
}

extension TicketSystem.Kind {
    var reader: any TicketReader {
        switch self {
        case .serviceNow(let table): ServiceNowReader(table: table)
        case .webhook: WebhookReader()
        }
    }
}

extension TicketSystem {
    /// - Throws: ``TicketTrouble`` for an address that no request can be sent to.
    func address() throws(TicketTrouble) -> WebAddress {
        guard let address = WebAddress(url) else { throw TicketTrouble("its address cannot be used") }
        return address
    }
}

/// The text, cut where it is longer than a record should keep of a foreign system's.
func bounded(_ text: String, _ most: Int) -> String {
    text.count > most ? text.prefix(most - 1) + "…" : text
}
