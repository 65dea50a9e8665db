// SPDX-License-Identifier: Apache-2.0

/// What a plugin sees of the engine's environment. Everything else, secrets above all, stays outside.
package enum PluginEnvironment {
    /// The variables that are passed on when they are set.
    ///
    /// None of these is a long-lived secret: `IDENTITY_HEADER` and its kin are only good on the endpoint of the
    /// machine that the engine runs on, and the token file is read by the plugin itself.
    package static let passedOn: Set<String> = [
        // Finding programs, the home folder and time: the Azure CLI, as a source of tokens, needs the first two.
        "PATH", "HOME", "TZ", "LANG", "LC_ALL", "TMPDIR",
        // Trust anchors of the machine.
        "SSL_CERT_FILE", "SSL_CERT_DIR",
        // https://learn.microsoft.com/cli/azure/azure-cli-configuration
        "AZURE_CONFIG_DIR",
        // Workload identity:
        // https://azure.github.io/azure-workload-identity/docs/installation/mutating-admission-webhook.html
        "AZURE_FEDERATED_TOKEN_FILE", "AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_AUTHORITY_HOST",
        // Managed identity of App Service, Arc, Service Fabric and Cloud Shell:
        // https://learn.microsoft.com/azure/app-service/overview-managed-identity
        "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IDENTITY_SERVER_THUMBPRINT", "IMDS_ENDPOINT", "MSI_ENDPOINT",
        "MSI_SECRET",
        "AZURE_POD_IDENTITY_AUTHORITY_HOST",
        // unixODBC's and the drivers' configuration.
        "ODBCINI", "ODBCSYSINI", "ODBCINSTINI", "TNS_ADMIN",
        // Way out through a proxy.
        "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy",
    ]

    /// Named like this, the processes that a plugin leaves behind can be found.
    package static let instanceName = "MUSTER_PLUGIN_INSTANCE"

    /// The environment of a plugin.
    ///
    /// - Parameters:
    ///   - engine: the engine's own environment.
    ///   - instance: a text that no other plugin process has.
    package static func scrubbed(_ engine: [String: String], instance: String) -> [String: String] {
        var environment = engine.filter { passedOn.contains($0.key) }
        // Swift's backtracer takes 20 ms and prints memory addresses that help nobody.
        environment["SWIFT_BACKTRACE"] = "enable=no"
        environment[instanceName] = instance
        return environment
    }
}
