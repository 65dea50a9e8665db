// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import MusterModel

/// Asks for one token, by the connection's kind of credential.
struct TokenSource: Sendable {
    var connection: AzureConnection
    var sender: RequestSender
    var context: RequestContext

    func token(for scope: String) async throws(AzureError) -> AccessToken {
        switch connection.credential {
        case .clientSecret(let clientID, let secret):
            return try await exchange(clientID, scope, ["client_secret": secret])
        case .clientCertificate(let clientID, let file, let key, let sendsChain):
            let pem = try readFile(file, limit: 1 << 20, code: "azure.certificate")
            let certificate = try ClientCertificate(
                pem: String(decoding: pem, as: UTF8.self), keyPEM: key, origin: file)
            let assertion = try certificate.assertion(
                clientID: clientID, audience: tokenEndpoint.text, now: sender.time.now, id: RequestID.random(),
                sendsChain: sendsChain)
            return try await exchange(clientID, scope, Self.assertionForm(assertion))
        case .workloadIdentity(let clientID, let file):
            let bytes = try readFile(file, limit: 1 << 20, code: "azure.federated-token")
            let assertion = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
            return try await exchange(clientID, scope, Self.assertionForm(assertion))
        case .managedIdentity(let clientID, let platform):
            let identity = ManagedIdentity(platform: platform, clientID: clientID, sender: sender, context: context)
            return try await identity.token(for: resource(of: scope))
        case .azureCLI:
            return try await azureCLIToken(
                resource: resource(of: scope), tenant: connection.tenant, now: sender.time.now)
        }
    }

    private var tokenEndpoint: WebAddress {
        connection.authority.appending(path: "/\(connection.tenant)/oauth2/v2.0/token")
    }

    private func resource(of scope: String) -> String {
        scope.hasSuffix("/.default") ? String(scope.dropLast("/.default".count)) : scope
    }

    private static func assertionForm(_ assertion: String) -> [String: String] {
        [
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion,
        ]
    }

    /// OAuth 2's client credentials grant.
    private func exchange(_ clientID: String, _ scope: String, _ proof: [String: String]) async throws(AzureError)
        -> AccessToken
    {
        var form = proof
        form["grant_type"] = "client_credentials"
        form["client_id"] = clientID
        form["scope"] = scope
        let body = form.sorted { $0.key < $1.key }.map { "\($0.key)=\(percentEncoded($0.value))" }.joined(
            separator: "&")
        let request = HTTPRequest(
            .post, tokenEndpoint, headers: ["content-type": "application/x-www-form-urlencoded"], body: Array(body.utf8)
        )
        // A token request changes nothing that another one would undo.
        let answer = try await sender.send(request, as: .read, context: context)
        guard answer.status == 200 else { throw refusal(answer) }
        return try AccessToken(answer: parsed(answer), now: sender.time.now)
    }

    private func refusal(_ answer: HTTPResponse) -> AzureError {
        var error = AzureError(answer: answer, request: "The token request")
        let codes = (try? JSON.parse(answer.body))?["error_codes"]?.array?.compactMap(\.int) ?? []  // A hint only.
        // The first line says it; what follows are trace ids, which the evidence holds.
        error.message = String(error.message.split(whereSeparator: \.isNewline).first ?? "")
        if let advice = entraAdvice(codes: codes) { error.message = "\(advice) (\(error.message))" }
        if let code = codes.first { error.code = "AADSTS\(code)" }
        error.message = "No token for the \(connection.credential.label): \(error.message)"
        return error
    }
}

/// The answer's body as JSON.
func parsed(_ answer: HTTPResponse) throws(AzureError) -> JSON {
    do {
        return try JSON.parse(answer.body)
    } catch {
        let start = String(decoding: answer.body.prefix(80), as: UTF8.self).split(whereSeparator: \.isNewline).joined(
            separator: " ")
        throw AzureError(
            status: answer.status, code: "azure.answer", "The answer is not JSON (\(error)). It begins: \(start)",
            requestID: answer.requestID, advice: .retryable)
    }
}
