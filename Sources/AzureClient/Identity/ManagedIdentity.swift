// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import Glibc
internal import MusterModel

/// Tokens from the platform that the process runs on. They carry no secret of ours; the platform knows the caller.
struct ManagedIdentity: Sendable {
    var platform: IdentityPlatform
    var clientID: String?
    var sender: RequestSender
    var context: RequestContext

    /// Where Azure Arc's agent puts the files that prove the caller's group; no other folder is believed
    /// (learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication).
    static let arcFolder = "/var/opt/azcmagent/tokens/"

    func token(for resource: String) async throws(AzureError) -> AccessToken {
        switch platform {
        case .virtualMachine(let endpoint):
            return try await machineToken(endpoint, resource)
        case .appService(let endpoint, let header):
            let url = try address(endpoint, version: "2019-08-01", resource)
            return try await accept(ask(url, ["X-IDENTITY-HEADER": header]))
        case .arc(let endpoint):
            return try await arcToken(endpoint, resource)
        }
    }

    /// The metadata service answers 404 and 410 while it starts or is updated, for a minute and more.
    private func machineToken(_ endpoint: String, _ resource: String) async throws(AzureError) -> AccessToken {
        let url = try address(endpoint, version: "2018-02-01", resource)
        var answer = try await ask(url, ["Metadata": "true"])
        for _ in 0..<14 where answer.status == 404 || answer.status == 410 {
            let wait = Duration.seconds(5)
            guard wait < context.deadline.remaining(sender.time), await sender.time.pause(wait) else { break }
            answer = try await ask(url, ["Metadata": "true"])
        }
        return try accept(answer)
    }

    private func arcToken(_ endpoint: String, _ resource: String) async throws(AzureError) -> AccessToken {
        guard clientID == nil else {
            throw AzureError(
                code: "azure.managed-identity", "Azure Arc has the machine's own identity only; leave client-id out.")
        }
        let url = try address(endpoint, version: "2020-06-01", resource)
        let challenge = try await ask(url, ["Metadata": "true"])
        guard challenge.status == 401 else { return try accept(challenge) }
        let path = try Self.arcKeyPath(challenge.headers["www-authenticate"])
        let key = try readFile(path, limit: 4096, code: "azure.managed-identity")
        let secret = String(decoding: key, as: UTF8.self)
        return try await accept(ask(url, ["Metadata": "true", "Authorization": "Basic \(secret)"]))
    }

    /// The key file that a challenge names; anything but a plain file name in the agent's folder is refused, since the
    /// file's content goes back to whoever sent the challenge.
    static func arcKeyPath(_ challenge: String?) throws(AzureError) -> String {
        let prefix = "Basic realm="
        let path = (challenge ?? "").hasPrefix(prefix) ? String((challenge ?? "").dropFirst(prefix.count)) : ""
        let name = path.dropFirst(arcFolder.count)
        guard path.hasPrefix(arcFolder), name.hasSuffix(".key"), name.count > 4, !name.contains("/"),
            !name.contains("\0")
        else {
            throw AzureError(
                code: "azure.managed-identity",
                "The Azure Arc agent's challenge does not name a key file in \(arcFolder).")
        }
        return path
    }

    private func address(_ endpoint: String, version: String, _ resource: String) throws(AzureError) -> WebAddress {
        guard let base = WebAddress(endpoint) else {
            throw AzureError(code: "azure.managed-identity", "The identity endpoint is not an http or https URL.")
        }
        var query = [("api-version", version), ("resource", resource)]
        if let clientID { query.append(("client_id", clientID)) }
        return base.appending(path: "", query: query)
    }

    private func ask(_ url: WebAddress, _ headers: HeaderFields) async throws(AzureError) -> HTTPResponse {
        try await sender.send(
            HTTPRequest(.get, url, headers: headers), as: .read, allowsLinkLocal: true, context: context)
    }

    private func accept(_ answer: HTTPResponse) throws(AzureError) -> AccessToken {
        guard answer.status == 200 else {
            var error = AzureError(answer: answer, request: "The managed identity's token request")
            error.message = "No token from the managed identity: \(error.message)"
            throw error
        }
        return try AccessToken(answer: parsed(answer), now: sender.time.now)
    }
}
