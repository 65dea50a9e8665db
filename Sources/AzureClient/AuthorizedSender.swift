// SPDX-License-Identifier: Apache-2.0

package import CloudHTTP
package import MusterModel

/// A request to one of Azure's services, before a token is put to it.
package struct ServiceRequest: Hashable, Sendable {
    package var method: RequestMethod
    package var url: WebAddress
    /// Resource of the token, such as `https://management.azure.com/.default`.
    package var scope: String
    package var body: JSON?
    /// A POST that changes nothing, such as a query, and so may be sent again after a lost answer.
    package var onlyReads: Bool

    package init(
        _ method: RequestMethod, _ url: WebAddress, scope: String, body: JSON? = nil, onlyReads: Bool = false
    ) {
        self.method = method
        self.url = url
        self.scope = scope
        self.body = body
        self.onlyReads = onlyReads
    }
}

/// Sends requests with the connection's tokens; a token that is refused in mid-run is replaced once.
struct AuthorizedSender: Sendable {
    var sender: RequestSender
    var tokens: TokenStore
    var context: RequestContext

    /// The answer with a status below 300.
    func send(_ request: ServiceRequest) async throws(AzureError) -> HTTPResponse {
        let token = try await tokens.token(for: request.scope, context: context)
        var answer = try await sendOnce(request, token)
        if answer.status == 401 {
            await tokens.discard(token, scope: request.scope)
            answer = try await sendOnce(request, try await tokens.token(for: request.scope, context: context))
        }
        guard answer.status < 300 else {
            throw AzureError(answer: answer, request: "\(request.method.rawValue) \(request.url.shortened)")
        }
        return answer
    }

    private func sendOnce(_ request: ServiceRequest, _ token: String) async throws(AzureError) -> HTTPResponse {
        var outgoing = HTTPRequest(request.method, request.url, headers: ["authorization": "Bearer \(token)"])
        if let body = request.body {
            outgoing.headers["content-type"] = "application/json"
            outgoing.body = body.canonicalBytes()
        }
        let changes = request.method.changes && !request.onlyReads
        return try await sender.send(outgoing, as: changes ? .change : .read, context: context)
    }
}
