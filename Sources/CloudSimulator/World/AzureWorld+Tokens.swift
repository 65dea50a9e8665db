// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// What the world remembers of a token that it issued.
struct IssuedToken: Sendable {
    enum Audience: String, Sendable {
        case resourceManager = "https://management.azure.com", keyVault = "https://vault.azure.net"
        case managedHSM = "https://managedhsm.azure.net", graph = "https://graph.microsoft.com"
        case logs = "https://api.loganalytics.io"

        init(for call: Call) {
            let labels = call.request.host.split(separator: ".")
            self =
                switch call.plane {
                case .graph: .graph
                case .keyVault: labels.count > 1 && labels[1].lowercased() == "managedhsm" ? .managedHSM : .keyVault
                case .logs: .logs
                case .token, .resourceManager: .resourceManager
                }
        }
    }
    var audience: Audience
    var expires: Timestamp
}

/// An error of the token endpoint: OAuth's short word and Entra's number.
private func entraError(_ status: Int, _ word: String, _ number: Int, _ text: String) -> AzureError {
    AzureError(status, word, "AADSTS\(number): \(text)", inner: String(number))
}

/// The token endpoint, client credentials only.
/// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
extension AzureWorld {
    /// Seconds that a token lives on the client's clock. Clients measure it themselves, so it must not run fast.
    private static let lifetimeSeconds: Int64 = 3599

    mutating func issueToken(_ call: Call) throws(AzureError) -> SimulatedResponse {
        guard call.request.method == "POST" else {
            throw entraError(400, "invalid_request", 900561, "The endpoint only accepts POST requests.")
        }
        let form = Dictionary(
            parseForm(String(decoding: call.request.body, as: UTF8.self), plusIsSpace: true).map {
                ($0.name, $0.value)
            },
            uniquingKeysWith: { first, _ in first })
        guard call.request.segments[0].lowercased() == state.tenant.lowercased() else {
            throw entraError(
                400, "invalid_request", 90002,
                "Tenant '\(call.request.segments[0])' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."
            )
        }
        guard form["grant_type"] == "client_credentials" else {
            throw entraError(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        }
        guard let client = form["client_id"], client.lowercased() == state.client.id.lowercased() else {
            throw entraError(
                400, "unauthorized_client", 700016,
                "Application with identifier '\(form["client_id"] ?? "")' was not found in the directory '\(state.tenant)'."
            )
        }
        let audience = try Self.audience(form["scope"])
        try prove(form, call)
        return grant(audience, at: call.at)
    }

    private static func audience(_ scope: String?) throws(AzureError) -> IssuedToken.Audience {
        guard let scope, scope.hasSuffix("/.default") else {
            throw entraError(
                400, "invalid_scope", 1002012,
                "The provided value for scope \(scope ?? "") is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI)."
            )
        }
        let resource = scope.dropLast("/.default".count).lowercased()
        let host = resource.split(separator: "/").dropFirst().first.map { $0.split(separator: ":")[0] } ?? ""
        if host.hasPrefix("vault.") { return .keyVault }
        if host.hasPrefix("managedhsm.") { return .managedHSM }
        if host.hasPrefix("graph.") || host.hasPrefix("microsoftgraph.") { return .graph }
        if host.hasPrefix("api.loganalytics.") { return .logs }
        if host.hasPrefix("management.") || host == "127.0.0.1" || host == "localhost" { return .resourceManager }
        throw entraError(
            400, "invalid_resource", 500011,
            "The resource principal named \(resource) was not found in the tenant. The cloud simulator knows Azure Resource Manager, Key Vault, Managed HSM and Microsoft Graph."
        )
    }

    private func prove(_ form: [String: String], _ call: Call) throws(AzureError) {
        if let secret = form["client_secret"] {
            guard secret == state.client.secret else {
                throw entraError(
                    401, "invalid_client", 7_000_215,
                    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '\(state.client.id)'."
                )
            }
            return
        }
        guard form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            let assertion = form["client_assertion"]
        else {
            throw entraError(
                401, "invalid_client", 7_000_218,
                "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.")
        }
        try proveAssertion(assertion, call)
    }

    // The signature is not checked: the world holds no certificates, only the thumbprints that a scenario registers.
    private func proveAssertion(_ assertion: String, _ call: Call) throws(AzureError) {
        let parts = assertion.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Self.jwtPart(parts[0]), let claims = Self.jwtPart(parts[1]),
            !parts[2].isEmpty
        else {
            throw entraError(401, "invalid_client", 50027, "JWT token is invalid or malformed.")
        }
        let thumbprint = header["x5t#S256"]?.string ?? header["x5t"]?.string
        guard let thumbprint else {
            // Without a certificate it is another issuer's token (workload identity): its own claims decide.
            guard claims["iss"]?.string != nil, claims["sub"]?.string != nil else {
                throw entraError(
                    400, "invalid_client", 70021, "No matching federated identity record found for presented assertion."
                )
            }
            return
        }
        if !state.client.certificates.isEmpty, !state.client.certificates.contains(thumbprint) {
            throw entraError(
                401, "invalid_client", 700_027,
                "The certificate with identifier used to sign the client assertion is not registered on application. [Thumbprint of key used by client: '\(thumbprint)']"
            )
        }
        guard claims["sub"]?.string == state.client.id, claims["iss"]?.string == state.client.id else {
            throw entraError(401, "invalid_client", 50027, "The assertion's issuer and subject must be the client id.")
        }
        let endpoint = call.request.origin + call.request.path
        guard let audience = claims["aud"]?.string, audience.lowercased() == endpoint.lowercased() else {
            throw entraError(
                401, "invalid_client", 500_213,
                "Assertion audience claim does not match the realm issuer. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials ."
            )
        }
        guard let expires = claims["exp"]?.int, expires * 1000 > clientTime(call.at).milliseconds else {
            throw entraError(401, "invalid_client", 700_024, "Client assertion is not within its valid time range.")
        }
    }

    private static func jwtPart(_ text: Substring) -> JSON? {
        guard let bytes = base64URLDecoded(text) else { return nil }
        // What is wrong with it is of no use to the caller; that it is no JSON is said above.
        return try? JSON.parse(bytes)
    }

    private mutating func grant(_ audience: IssuedToken.Audience, at now: Timestamp) -> SimulatedResponse {
        let issued = clientTime(now).milliseconds / 1000
        let claims: JSON = [
            "aud": .string(audience.rawValue), "iss": .string("https://sts.windows.net/\(state.tenant)/"),
            "tid": .string(state.tenant), "appid": .string(state.client.id), "oid": .string(state.client.objectID),
            "sub": .string(state.client.objectID), "iat": .int(issued), "nbf": .int(issued),
            "exp": .int(issued + Self.lifetimeSeconds), "uti": .string(nextID("token")), "ver": "1.0",
        ]
        let header: JSON = ["alg": "HS256", "typ": "JWT", "kid": "muster-cloud-simulator"]
        let signed = base64URL(header.canonicalBytes()) + "." + base64URL(claims.canonicalBytes())
        let token = signed + "." + base64URL(DerivedID.stretched([signingSecret, signed], count: 32))
        let lifetime = Duration.milliseconds(Int64(Double(Self.lifetimeSeconds) * 1000 * speed))
        tokens[token] = IssuedToken(audience: audience, expires: now.advanced(by: lifetime))
        return SimulatedResponse(
            200,
            [
                "token_type": "Bearer", "expires_in": .int(Self.lifetimeSeconds),
                "ext_expires_in": .int(Self.lifetimeSeconds),
                "access_token": .string(token),
            ], headers: ["cache-control": "no-store, no-cache", "pragma": "no-cache"])
    }

    /// The client's clock at a simulated time: it began at the same moment and never runs fast.
    func clientTime(_ now: Timestamp) -> Timestamp {
        let passed = Double(now.duration(since: started).milliseconds) / speed
        return started.advanced(by: .milliseconds(Int64(passed)))
    }

    mutating func tokenFailure(_ error: AzureError, at now: Timestamp) -> SimulatedResponse {
        let trace = nextID("trace")
        let correlation = nextID("correlation")
        let text =
            "\(error.message) Trace ID: \(trace) Correlation ID: \(correlation) Timestamp: \(now.date) \(now.timeOfDay)Z"
        var body: [String: JSON] = [
            "error": .string(error.code), "error_description": .string(text),
            "timestamp": .string("\(now.date) \(now.timeOfDay)Z"), "trace_id": .string(trace),
            "correlation_id": .string(correlation),
        ]
        if let number = error.innerCode.flatMap({ Int64($0) }) { body["error_codes"] = [.int(number)] }
        return SimulatedResponse(error.status, .object(body), headers: error.headers)
    }
}
