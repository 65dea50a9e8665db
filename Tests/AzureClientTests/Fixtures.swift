// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import CloudHTTP
import MusterModel
import MusterSystem
import Synchronization
import Testing

@testable import AzureClient

/// Answers by a list, in order, and keeps what it was sent.
final class ScriptedTransport: HTTPTransport {
    typealias Reply = Result<HTTPResponse, TransportError>
    private struct State {
        var replies: [Reply]
        var requests: [HTTPRequest] = []
    }

    private let state: Mutex<State>

    init(_ replies: [Reply]) { state = Mutex(State(replies: replies)) }

    var requests: [HTTPRequest] { state.withLock { $0.requests } }
    /// Without those for tokens.
    var serviceRequests: [HTTPRequest] { requests.filter { !$0.url.path.hasSuffix("/oauth2/v2.0/token") } }

    func send(_ request: HTTPRequest, timeout: Duration) async throws(TransportError) -> HTTPResponse {
        try state.withLock { (state) -> Reply in
            state.requests.append(request)
            if request.url.path.hasSuffix("/oauth2/v2.0/token") {
                let count = state.requests.count { $0.url.path.hasSuffix("/oauth2/v2.0/token") }
                return .success(
                    .json(["access_token": .string("token-\(count)"), "expires_in": 3599, "token_type": "Bearer"]))
            }
            guard !state.replies.isEmpty else {
                return .failure(
                    TransportError(.tls, "the script has no answer for \(request.method.rawValue) \(request.url)"))
            }
            return state.replies.removeFirst()
        }.get()
    }
}

extension HTTPResponse {
    static func json(_ body: JSON, status: Int = 200, headers: HeaderFields = [:]) -> HTTPResponse {
        HTTPResponse(status: status, headers: headers, body: body.canonicalBytes())
    }
}

extension Result where Success == HTTPResponse, Failure == TransportError {
    static func answer(_ body: JSON, status: Int = 200, headers: HeaderFields = [:]) -> Self {
        .success(.json(body, status: status, headers: headers))
    }
}

let tenant = "11111111-1111-1111-1111-111111111111"
let server = ResourceID(
    "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/harshitha_lab/providers/Microsoft.Sql/servers/tdeprimarytest"
)!
let keyB = KeyIdentifier("https://testanu2.vault.azure.net/keys/tey/29497babb0cb4af58a773104a5dd61e5")!

func azureSection(_ more: [String: JSON] = [:]) -> JSON {
    let base: [String: JSON] = [
        "cloud": "public", "tenant": .string(tenant), "subscription": "22222222-2222-2222-2222-222222222222",
        "credential": [
            "type": "client-secret", "client-id": "33333333-3333-3333-3333-333333333333", "secret": "s3cr3t",
        ],
    ]
    return .object(base.merging(more) { $1 })
}

/// A client with a script below it.
struct Bench {
    let time = ManualTime()
    let transport: ScriptedTransport
    let exchanges = Recorder()
    let client: AzureClient

    init(_ replies: [ScriptedTransport.Reply], connection: JSON = azureSection()) throws {
        transport = ScriptedTransport(replies)
        client = AzureClient(try AzureConnection(connection), transport: transport, time: time.source)
    }

    func calls(within duration: Duration = .seconds(600), clientRequestID: String? = nil) -> AzureCalls {
        client.calls(
            RequestContext(
                deadline: Deadline(after: duration, from: time.source),
                correlationID: "44444444-4444-4444-4444-444444444444",
                clientRequestID: clientRequestID, record: exchanges.add))
    }
}

final class Recorder: Sendable {
    private let state = Mutex([Exchange]())
    var all: [Exchange] { state.withLock { $0 } }
    func add(_ exchange: Exchange) { state.withLock { $0.append(exchange) } }
}

/// The error that the work throws; the test fails when it throws none.
func azureError(_ work: () async throws -> some Sendable, at location: Testing.SourceLocation = #_sourceLocation) async
    -> AzureError?
{
    do {
        _ = try await work()
        Issue.record("no error was thrown", sourceLocation: location)
    } catch let error as AzureError {
        return error
    } catch {
        Issue.record("\(error)", sourceLocation: location)
    }
    return nil
}
