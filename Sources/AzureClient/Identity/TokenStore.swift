// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import MusterModel

/// Tokens by scope for one tenant and credential: got when needed, kept until five minutes before their end.
actor TokenStore {
    private let connection: AzureConnection
    private let sender: RequestSender
    private var tokens: [String: AccessToken] = [:]
    private var pending: [String: Task<Result<AccessToken, AzureError>, Never>] = [:]

    init(connection: AzureConnection, sender: RequestSender) {
        self.connection = connection
        self.sender = sender
    }

    /// A token for the scope. Callers at the same time share one request.
    func token(for scope: String, context: RequestContext) async throws(AzureError) -> String {
        if let token = tokens[scope], token.isFresh(at: sender.time.now) { return token.text }
        let task =
            pending[scope]
            ?? Task { [connection, sender] in
                do throws(AzureError) {
                    let source = TokenSource(connection: connection, sender: sender, context: context)
                    return .success(try await source.token(for: scope))
                } catch {
                    return .failure(error)
                }
            }
        pending[scope] = task
        let result = await task.value
        pending[scope] = nil
        let token = try result.get()
        tokens[scope] = token
        return token.text
    }

    /// A token that was asked for now, whatever is kept: the identity endpoint may still answer with an older one of its own.
    func newToken(for scope: String, context: RequestContext) async throws(AzureError) -> AccessToken {
        let token = try await TokenSource(connection: connection, sender: sender, context: context).token(for: scope)
        tokens[scope] = token
        return token
    }

    /// Forgets a token that a service has refused.
    func discard(_ text: String, scope: String) {
        if tokens[scope]?.text == text { tokens[scope] = nil }
    }
}
