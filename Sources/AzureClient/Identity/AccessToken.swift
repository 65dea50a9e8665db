// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

struct AccessToken: Sendable {
    var text: String
    var expiresAt: Timestamp

    /// Reads a token endpoint's answer: `expires_in` in seconds, or `expires_on` as a Unix time in a number or a text.
    init(answer: JSON, now: Timestamp) throws(AzureError) {
        let member = answer["access_token"] ?? answer["accessToken"]
        guard let text = member?.string, !text.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw AzureError(
                code: "azure.token-answer", "The identity endpoint answered without a usable access token.")
        }
        self.text = text
        func seconds(_ name: String) -> Int64? { answer[name]?.int ?? answer[name]?.string.flatMap { Int64($0) } }
        if let lifetime = seconds("expires_in") {
            expiresAt = now.advanced(by: .seconds(min(lifetime, 86_400)))
        } else if let moment = seconds("expires_on") {
            expiresAt = Timestamp(milliseconds: min(moment, 1 << 40) * 1000)
        } else {
            throw AzureError(code: "azure.token-answer", "The identity endpoint did not say when its token expires.")
        }
    }

    /// Tokens are replaced five minutes before they end, as the Azure SDKs do.
    func isFresh(at now: Timestamp) -> Bool { now.advanced(by: .seconds(300)) < expiresAt }
}

/// What the codes of Microsoft Entra ID mean for the person who wrote the environment
/// (learn.microsoft.com/entra/identity-platform/reference-error-codes).
func entraAdvice(codes: [Int64]) -> String? {
    let known: [Int64: String] = [
        7_000_215: "The client secret is wrong. Give the secret's value, not its id.",
        7_000_222: "The client secret has expired. Make a new one for the application.",
        700_016: "The application's client id is unknown in this tenant. Check client-id and tenant.",
        90_002: "The tenant is unknown. Check tenant and authority.",
        900_023: "The tenant is neither a GUID nor a known domain name.",
        700_027:
            "The certificate is not registered with the application, or its assertion has expired (check this clock).",
        70_021: "No federated credential of the application matches the token's issuer, subject and audience.",
        700_213: "No federated credential of the application matches the token's issuer, subject and audience.",
        500_011: "The resource is unknown in this tenant. Check the cloud and its endpoints.",
        53_003: "A conditional access policy blocks this sign-in.",
    ]
    return codes.lazy.compactMap { known[$0] }.first
}
