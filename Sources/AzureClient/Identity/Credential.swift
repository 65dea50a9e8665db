// SPDX-License-Identifier: Apache-2.0

/// As whom requests are made; the `credential` section of an environment, secrets resolved.
package enum Credential: Hashable, Sendable {
    case clientSecret(clientID: String, secret: String)
    /// - Parameters:
    ///   - file: PEM file that holds the certificate and, unless `key` is given, its private key.
    ///   - key: the private key as PEM.
    ///   - sendsChain: also send the certificates themselves, for registrations by subject name and issuer.
    case clientCertificate(clientID: String, file: String, key: String?, sendsChain: Bool)
    /// The file is read anew for each token, since its content rotates.
    case workloadIdentity(clientID: String, tokenFile: String)
    /// The platform's endpoint is found as the Azure SDKs do; the environment may name it.
    case managedIdentity(clientID: String?, platform: IdentityPlatform)
    case azureCLI

    init(_ section: SectionReader) throws(AzureError) {
        switch try section.required("type") {
        case "client-secret":
            self = .clientSecret(clientID: try section.required("client-id"), secret: try section.required("secret"))
        case "client-certificate":
            self = .clientCertificate(
                clientID: try section.required("client-id"), file: try section.required("certificate-file"),
                key: try section.optional("key"), sendsChain: try section.flag("send-certificate-chain"))
        case "workload-identity":
            self = try Self.workload(section)
        case "managed-identity":
            self = .managedIdentity(
                clientID: try section.optional("client-id"), platform: try IdentityPlatform(section))
        case "azure-cli":
            self = .azureCLI
        case let other:
            throw section.wrong(
                "type",
                "is \"\(other)\"; known are client-secret, client-certificate, workload-identity, managed-identity and azure-cli"
            )
        }
    }

    private static func workload(_ section: SectionReader) throws(AzureError) -> Credential {
        guard let clientID = try section.optional("client-id") ?? processEnvironment("AZURE_CLIENT_ID") else {
            throw section.missing("client-id")
        }
        guard let file = try section.optional("token-file") ?? processEnvironment("AZURE_FEDERATED_TOKEN_FILE") else {
            throw section.missing("token-file")
        }
        return .workloadIdentity(clientID: clientID, tokenFile: file)
    }

    /// For messages: what kind and for whom, without a secret.
    var label: String {
        switch self {
        case .clientSecret(let id, _): "client secret of \(id)"
        case .clientCertificate(let id, let file, _, _): "certificate \(file) of \(id)"
        case .workloadIdentity(let id, let file): "workload identity \(id) with \(file)"
        case .managedIdentity(let id, _): "managed identity" + (id.map { " \($0)" } ?? "")
        case .azureCLI: "Azure CLI"
        }
    }
}

/// Where a managed identity's tokens come from
/// (learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token).
package enum IdentityPlatform: Hashable, Sendable {
    /// A virtual machine's metadata service.
    case virtualMachine(endpoint: String)
    case appService(endpoint: String, header: String)
    case arc(endpoint: String)

    init(_ section: SectionReader) throws(AzureError) {
        let endpoint = try section.optional("identity-endpoint") ?? processEnvironment("IDENTITY_ENDPOINT")
        let header = try section.optional("identity-header") ?? processEnvironment("IDENTITY_HEADER")
        let metadata = try section.optional("imds-endpoint") ?? processEnvironment("IMDS_ENDPOINT")
        switch (endpoint, header, metadata) {
        case (let endpoint?, let header?, _): self = .appService(endpoint: endpoint, header: header)
        case (let endpoint?, nil, _?): self = .arc(endpoint: endpoint)
        default: self = .virtualMachine(endpoint: "http://169.254.169.254/metadata/identity/oauth2/token")
        }
    }
}
