// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// `environments/<name>.yaml`: where a run goes and as whom (`docs/formats/environment-v1.md`). No secret stands in it.
package struct Environment: Sendable {
    package var name: Located<String>
    package var summary: String?
    /// Read as `${{ environment.<name> }}`.
    package var values: [String: JSON]
    let root: LocatedValue

    package static func parse(_ bytes: [UInt8], file: String) -> Parsed<Environment> {
        parseDocument(bytes, file: file, shape: shape, named: "An environment") { root, diagnostics in
            WindowRule.check(root["change-windows"], into: &diagnostics)
            if let ticket = root["change-ticket"] { checkChangeTicket(ticket, into: &diagnostics) }
            if let oci = root["oci"] { checkOracleCloud(oci, into: &diagnostics) }
            for (_, database) in databases(root) {
                checkDatabase(database, into: &diagnostics)
                checkSignIn(database, hasAzure: root["azure"] != nil, into: &diagnostics)
            }
            return Environment(
                name: root.read("environment", or: "") { $0 }, summary: root["summary"]?.string,
                values: root["values"]?.json.object ?? [:], root: root)
        }
    }

    /// When runs may change it; empty where nothing is said of it here.
    package var changeWindows: [WindowRule] { WindowRule.list(root["change-windows"]) }

    /// Where it names time zones, of which only the system knows whether they exist.
    package var zoneNames: [Located<String>] { WindowRule.zoneNames([root["change-windows"]].compactMap(\.self)) }

    /// The document as JSON, secrets as their references: what digests are taken of.
    package func withoutSecrets() -> JSON { root.json }

    static func databases(_ root: LocatedValue) -> [(String, LocatedValue)] {
        (root["sql"]?.members ?? []).map { ($0.name, $0.value) }
    }
}

extension Environment {
    static let shape = ObjectShape([
        .required("environment", .text(.kebab), "The environment's name; the file is named for it"),
        .optional("summary", .text(.sentence), "What it is, in one line"),
        .optional("azure", azure, "Microsoft Azure"),
        .optional("oci", oci, "Oracle Cloud Infrastructure"),
        .optional("sql", .map(names: .kebab, database), "Databases by kind, reached over ODBC"),
        .optional(
            "tls", .object(.optional("ca-file", .text(.sentence), "PEM file of the certificate authorities trusted")),
            "TLS"),
        .optional("values", .map(names: .name, .any), "Read as environment.<name> in expressions"),
        .optional(
            "change-windows", .list(WindowRule.shape, atLeast: 1),
            "When runs may change it, besides what muster.yaml says; at any time without it"),
        .optional("change-ticket", changeTicketShape, "What is asked whether a run's change ticket lets it take place"),
        .optional("approvals", .object(ApprovalRule.shape), "What a run needs here besides what muster.yaml asks for"),
    ])

    private static let azure = Shape.object(
        .optional("cloud", .choice(["public", "usgovernment", "china", "custom"]), "public without it"),
        .required("tenant", .text(.tenant), "The Entra tenant: its id or domain name"),
        .optional("subscription", .text(.guid), "The subscription's id"),
        .required("credential", credential, "As whom"),
        .optional("endpoints", azureEndpoints, "In place of the cloud's own"),
        .optional(
            "api-versions", .map(names: .namespace, .text(.apiVersion)),
            "By resource provider, in place of the tested ones"))

    private static let azureEndpoints = Shape.object(
        .optional("authority", .text(.endpoint), "Where tokens are issued"),
        .optional("resource-manager", .text(.endpoint), "Azure Resource Manager"),
        .optional("graph", .text(.endpoint), "Microsoft Graph"),
        .optional("key-vault-suffix", .text(.suffix), "Behind a vault's name"),
        .optional("managed-hsm-suffix", .text(.suffix), "Behind a managed HSM's name"),
        .optional("log-analytics", .text(.endpoint), "Azure Monitor's logs"),
        .optional("database", .text(.endpoint), "What tokens for databases are for"))

    private static let clientID = Field.required("client-id", .text(.guid), "The application's id")
    private static let anyClientID = Field.optional("client-id", .text(.guid), "The application's id")

    private static func kind(_ name: String) -> Field { .required("type", .choice([name]), "The credential's kind") }

    private static let credential = Shape.variants(
        tag: "type",
        [
            (
                "client-secret",
                ObjectShape([kind("client-secret"), clientID, .required("secret", SecretReference.shape, "The secret")])
            ),
            (
                "client-certificate",
                ObjectShape([
                    kind("client-certificate"), clientID,
                    .required(
                        "certificate-file", .text(.sentence),
                        "PEM file of the certificate, and of its key unless 'key' is given"),
                    .optional("key", SecretReference.shape, "The private key as PEM"),
                    .optional("send-certificate-chain", .boolean, "For registrations by subject name and issuer"),
                ])
            ),
            (
                "workload-identity",
                ObjectShape([
                    kind("workload-identity"), anyClientID,
                    .optional("token-file", .text(.sentence), "The file that holds the federated token"),
                ])
            ),
            (
                "managed-identity",
                ObjectShape([
                    kind("managed-identity"), anyClientID,
                    .optional("identity-endpoint", .text(.platformEndpoint), "Where the platform hands out tokens"),
                    .optional("identity-header", SecretReference.shape, "What the platform wants to see"),
                    .optional("imds-endpoint", .text(.platformEndpoint), "Of Azure Arc"),
                ])
            ),
            ("azure-cli", ObjectShape([kind("azure-cli")])),
        ])

    private static let oci = Shape.object(
        .optional(
            "profile",
            .object(
                .optional("file", .text(.sentence), "The OCI configuration file; ~/.oci/config without it"),
                .optional("name", .text(.sentence), "The profile in it; DEFAULT without it"),
                .optional(
                    "pass-phrase", SecretReference.shape,
                    "Opens the profile's key; the profile's pass_phrase without it")),
            "As whom: either this or 'credential'"),
        .optional("credential", ociCredential, "As whom, without a configuration file"),
        .optional("region", .text(.kebab), "In place of the profile's; required with 'credential'"),
        .optional(
            "endpoints", .map(names: .kebab, .text(.endpoint)),
            "By service, in place of the region's own; {region} in the path is the region's name"),
        .optional(
            "database-admin-password", SecretReference.shape,
            "The password of SYS, which changes of Data Guard roles and new databases take"),
        .optional(
            "tde-wallet-password", SecretReference.shape,
            "Of the primary's wallet, which a new standby takes; as that of SYS without it"))

    private static let ociCredential = Shape.variants(
        tag: "type",
        [
            (
                "api-key",
                ObjectShape([
                    kind("api-key"), .required("tenancy", .text(.sentence), "The tenancy's OCID"),
                    .required("user", .text(.sentence), "The user's OCID"),
                    .required("fingerprint", .text(.sentence), "Of the API key, as the console shows it"),
                    .required("key", SecretReference.shape, "The private key as PEM"),
                    .optional("pass-phrase", SecretReference.shape, "Opens the key where it is encrypted"),
                ])
            ),
            (
                "instance-principal",
                ObjectShape([
                    kind("instance-principal"),
                    .optional("metadata-endpoint", .text(.platformEndpoint), "Of the instance's metadata service"),
                ])
            ),
            ("resource-principal", ObjectShape([kind("resource-principal")])),
        ])

    private static let database = Shape.object(
        .required("connection", .text(.sentence), "ODBC connection string; a template of target and inputs"),
        .optional("user", .text(.sentence), "The user"),
        .optional("password", SecretReference.shape, "The user's password"),
        .optional("token", .choice(["azure"]), "In place of both: sign in with the azure section's credential"))
}
