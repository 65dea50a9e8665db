// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Who may ask what: api-versions, tokens, rights, and whether the place exists at all.
extension AzureWorld {
    private static let versions: [String: [String]] = [
        "microsoft.sql": ["2021-11-01", "2023-08-01-preview", "2023-08-01", "2025-01-01"],
        "microsoft.keyvault": ["2023-07-01", "2026-02-01", "2026-05-15"],
        "microsoft.authorization": ["2022-04-01"],
        "key-vault": ["7.4", "7.5", "7.6", "2025-07-01"],
    ]

    func checkApiVersion(_ call: Call) throws(AzureError) {
        if call.operation == "Unknown", call.plane != .graph {
            throw ARMError.unknownPath(call.request.method, call.request.path)
        }
        let provider = call.path?.provider ?? (call.plane == .keyVault ? "key-vault" : "Microsoft.Authorization")
        guard let known = Self.surroundingVersions(call)?.known ?? Self.versions[provider.lowercased()] else { return }
        guard let version = call.request.query("api-version"), !version.isEmpty else {
            throw AzureError(
                400, "MissingApiVersionParameter",
                "The api-version query parameter (?api-version=) is required for all requests.")
        }
        // The first version with this action.
        let tooOld = call.operation == "FailoverGroups_TryPlannedBeforeForcedFailover" && version == "2021-11-01"
        if known.contains(version), !tooOld { return }
        if call.plane == .keyVault {
            throw AzureError(
                400, "BadParameter",
                "AKV10029: The specified api-version '\(version)' is not supported. Supported versions: \(known.joined(separator: ", "))."
            )
        }
        guard version.split(separator: "-").first?.utf8.count == 4 else {
            throw AzureError(
                400, "InvalidApiVersionParameter",
                "The api-version '\(version)' is invalid. The supported versions are '\(known.joined(separator: ","))'."
            )
        }
        let type = call.path?.types.joined(separator: "/") ?? "roleAssignments"
        throw AzureError(
            400, "NoRegisteredProviderFound",
            "No registered resource provider found for location 'global' and API version '\(version)' for type '\(type)'. The supported api-versions are '\(known.joined(separator: ", "))'. The supported locations are ''."
        )
    }

    func authenticate(_ call: Call) throws(AzureError) {
        let wanted = IssuedToken.Audience(for: call)
        guard let bearer = call.bearer else { throw challenge(call, reason: .missing) }
        guard let token = tokens[bearer] else { throw challenge(call, reason: .invalid) }
        guard token.expires > call.at else { throw challenge(call, reason: .expired) }
        guard token.audience == wanted else { throw challenge(call, reason: .wrongAudience) }
    }

    private enum Refusal: String { case missing, invalid, expired, wrongAudience }

    private func challenge(_ call: Call, reason: Refusal) -> AzureError {
        let authority = "\(call.request.scheme)://\(call.request.authorityHost)/\(state.tenant)"
        if call.plane == .keyVault {
            // SDKs refuse a resource whose host is no suffix of the vault's host, so it is named as it was reached.
            let suffix = call.request.host.split(separator: ":")[0].split(separator: ".").dropFirst().joined(
                separator: ".")
            let text =
                switch reason {
                case .missing: "AKV10000: Request is missing a Bearer or PoP token."
                case .invalid: "AKV10022: Invalid JWT: the token was not issued here or was revoked."
                case .expired: "AKV10022: Invalid JWT: the token is expired."
                case .wrongAudience: "AKV10022: Invalid audience. Expected \(IssuedToken.Audience(for: call).rawValue)."
                }
            let value = "Bearer authorization=\"\(authority)\", resource=\"https://\(suffix)\""
            return AzureError(401, "Unauthorized", text, headers: ["www-authenticate": value])
        }
        if call.plane == .graph {
            return AzureError(
                401, "InvalidAuthenticationToken",
                reason == .missing ? "Access token is empty." : "Access token validation failure: \(reason.rawValue).")
        }
        let (code, text) =
            switch reason {
            case .missing:
                ("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
            case .invalid: ("InvalidAuthenticationToken", "The access token is invalid.")
            case .expired:
                ("ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than current UTC time.")
            case .wrongAudience:
                (
                    "InvalidAuthenticationTokenAudience",
                    "The access token has been obtained for wrong audience or resource."
                )
            }
        let value = "Bearer authorization_uri=\"\(authority)\", error=\"invalid_token\", error_description=\"\(text)\""
        return AzureError(401, code, text, headers: ["www-authenticate": value])
    }

    /// - Parameter vault: whose keys the call is about.
    func authorize(_ call: Call, on vault: Vault? = nil) throws(AzureError) {
        guard let action = call.action else { return }
        let denied = state.client.deniedActions.contains { matches(action, pattern: $0) }
        let isWithoutRole = vault.map { lacksRole(for: call, action, on: $0) } ?? false
        if denied || isWithoutRole || call.injected.deniesAction { throw refusal(call, action: action) }
    }

    private func refusal(_ call: Call, action: String) -> AzureError {
        if call.plane == .graph {
            return AzureError(
                403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
        }
        guard call.plane == .keyVault else {
            return ARMError.authorizationFailed(
                client: state.client.id, object: state.client.objectID, action: action,
                scope: call.scope ?? call.request.path)
        }
        return AzureError(
            403, "Forbidden",
            "Caller is not authorized to perform action on resource. If role assignments, deny assignments or role definitions were changed recently, please observe propagation time. Caller: appid=\(state.client.id);oid=\(state.client.objectID) Action: '\(action)' Resource: '\(call.request.path)' Assignment: (not found)",
            inner: "ForbiddenByRbac")
    }

    func checkPlace(_ call: Call) throws(AzureError) {
        let path = call.path ?? call.scope.flatMap { ARMPath($0.split(separator: "/").map(String.init)) }
        guard let path else { return }
        guard path.subscription.lowercased() == state.subscription.lowercased() else {
            throw ARMError.subscriptionNotFound(path.subscription)
        }
        guard let group = path.group else { return }
        guard state.groups.contains(CaselessName(group)) else { throw ARMError.groupNotFound(group) }
    }
}

extension Call {
    var bearer: String? {
        guard let header = request.headers["authorization"], header.lowercased().hasPrefix("bearer ") else {
            return nil
        }
        return String(header.dropFirst("bearer ".count))
    }
}

extension SimulatedRequest {
    /// The authority listens on the same port, under no vault's name.
    var authorityHost: String {
        let parts = host.split(separator: ":")
        return "127.0.0.1" + (parts.count == 2 ? ":\(parts[1])" : "")
    }
}

/// Compares without regard to case; `*` stands for any text.
func matches(_ text: String, pattern: String) -> Bool {
    let pieces = pattern.lowercased().split(separator: "*", omittingEmptySubsequences: false)
    var rest = Substring(text.lowercased())
    guard pieces.count > 1 else { return rest == pieces[0] }
    guard rest.hasPrefix(pieces[0]) else { return false }
    rest = rest.dropFirst(pieces[0].count)
    for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
        guard let found = rest.firstRange(of: piece) else { return false }
        rest = rest[found.upperBound...]
    }
    return rest.hasSuffix(pieces[pieces.count - 1])
}
