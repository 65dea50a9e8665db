// SPDX-License-Identifier: Apache-2.0

package import CloudHTTP

/// The services behind one connection. Tokens and network connections are shared by all calls; ``calls(_:)`` gives
/// each piece of work its own deadline, ids and evidence.
package struct AzureClient: Sendable {
    package let connection: AzureConnection
    private let sender: RequestSender
    private let tokens: TokenStore
    private let polling: PollingPolicy

    package init(
        _ connection: AzureConnection, transport: any HTTPTransport, time: TimeSource = .system,
        retry: RetryPolicy = RetryPolicy(), polling: PollingPolicy = PollingPolicy()
    ) {
        self.connection = connection
        sender = RequestSender(transport: transport, time: time, retry: retry)
        tokens = TokenStore(connection: connection, sender: sender)
        self.polling = polling
    }

    /// Over the network, trusting the connection's CA file.
    ///
    /// - Throws: ``AzureError`` `azure.ca-file` when that file cannot be used.
    package init(overNetworkTo connection: AzureConnection) throws(AzureError) {
        do throws(TransportError) {
            self.init(connection, transport: try NetworkTransport(caFile: connection.caFile))
        } catch {
            throw AzureError(code: "azure.ca-file", error.message)
        }
    }

    package var time: TimeSource { sender.time }

    package func calls(_ context: RequestContext) -> AzureCalls {
        let authorized = AuthorizedSender(sender: sender, tokens: tokens, context: context)
        let manager = ResourceManager(
            sender: authorized, base: connection.resourceManager, scope: connection.resourceManagerScope,
            polling: polling)
        return AzureCalls(connection: connection, resourceManager: manager, sender: authorized)
    }
}

/// All operations, for one piece of work.
package struct AzureCalls: Sendable {
    package let connection: AzureConnection
    package private(set) var resourceManager: ResourceManager
    private(set) var sender: AuthorizedSender

    /// The same calls, each of which waits no longer than that for its answer, all tries included.
    package func patient(for duration: Duration) -> AzureCalls {
        var copy = self
        copy.sender.context.patience = duration
        copy.resourceManager.sender.context.patience = duration
        return copy
    }

    /// Sees to it that there is a token for Resource Manager.
    ///
    /// - Throws: ``AzureError`` of the token request. Tokens for other services come from the same place, so that hardly
    ///   anything could be looked at without this one.
    package func signIn() async throws(AzureError) {
        _ = try await sender.tokens.token(for: resourceManager.scope, context: sender.context)
    }

    /// A token for the databases of Azure SQL. It is a secret.
    ///
    /// - Throws: ``AzureError`` of the token request; `azure.connection` for a cloud that does not tell their scope.
    package func databaseToken() async throws(AzureError) -> String {
        guard let scope = connection.databaseScope else {
            throw AzureError(
                code: "azure.connection",
                "The environment's azure.endpoints.database is missing, which a custom cloud needs for tokens.")
        }
        return try await sender.tokens.token(for: scope, context: sender.context)
    }

    package var sql: SQLOperations { SQLOperations(manager: resourceManager, version: connection.versions.sql) }
    package var keyVault: KeyVaultOperations {
        KeyVaultOperations(sender: sender, hosts: connection.vaultHosts, version: connection.versions.keyVaultKeys)
    }
    package var vaults: VaultOperations {
        VaultOperations(manager: resourceManager, version: connection.versions.keyVault)
    }
    package var managedHSMs: ManagedHSMOperations {
        ManagedHSMOperations(manager: resourceManager, version: connection.versions.keyVault)
    }
    package var localRoles: LocalRoleOperations {
        LocalRoleOperations(sender: sender, version: connection.versions.keyVaultKeys)
    }
    package var graph: GraphOperations { GraphOperations(sender: sender, endpoint: connection.graph) }
    package var authorization: AuthorizationOperations {
        AuthorizationOperations(manager: resourceManager, version: connection.versions.authorization)
    }
    package var providers: ProviderOperations {
        ProviderOperations(
            manager: resourceManager, version: connection.versions.providers,
            featureVersion: connection.versions.features)
    }
    package var network: NetworkOperations {
        NetworkOperations(
            manager: resourceManager, version: connection.versions.network, dnsVersion: connection.versions.privateDNS)
    }
    package var arc: ArcOperations { ArcOperations(manager: resourceManager, version: connection.versions.arc) }
    package var vmClusters: VMClusterOperations {
        VMClusterOperations(manager: resourceManager, version: connection.versions.oracleDatabase)
    }
    package var diagnostics: DiagnosticsOperations {
        DiagnosticsOperations(
            manager: resourceManager, version: connection.versions.diagnosticSettings,
            workspaceVersion: connection.versions.logWorkspaces)
    }
    package var logs: LogOperations {
        LogOperations(sender: sender, base: connection.logAnalytics, scope: connection.logAnalyticsScope)
    }

    /// The public name of a vault or Managed HSM.
    package func hostName(of id: ResourceID) -> String {
        let isHSM = id.isType("Microsoft.KeyVault/managedHSMs")
        return connection.vaultHosts.host(id.name, isHSM ? .managedHSM : .vault) ?? id.name
    }
}
