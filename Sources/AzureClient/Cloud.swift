// SPDX-License-Identifier: Apache-2.0

/// Hosts and token scopes of a cloud, as azure-cli-core 2.91 (`cloud.py`) and azure-mgmt-core 1.6 (`tools.py`) list them.
package struct Cloud: Hashable, Sendable {
    package var authority: String
    package var resourceManager: String
    package var resourceManagerScope: String
    package var keyVaultSuffix: String
    package var managedHSMSuffix: String
    package var graph: String
    package var logAnalytics: String
    /// Of tokens for the databases of Azure SQL.
    package var databaseScope: String

    package static let `public` = Cloud(
        authority: "https://login.microsoftonline.com", resourceManager: "https://management.azure.com",
        resourceManagerScope: "https://management.azure.com/.default", keyVaultSuffix: "vault.azure.net",
        managedHSMSuffix: "managedhsm.azure.net", graph: "https://graph.microsoft.com",
        logAnalytics: "https://api.loganalytics.io",
        databaseScope: "https://database.windows.net/.default")

    package static let usGovernment = Cloud(
        authority: "https://login.microsoftonline.us", resourceManager: "https://management.usgovcloudapi.net",
        resourceManagerScope: "https://management.core.usgovcloudapi.net/.default",
        keyVaultSuffix: "vault.usgovcloudapi.net", managedHSMSuffix: "managedhsm.usgovcloudapi.net",
        graph: "https://graph.microsoft.us", logAnalytics: "https://api.loganalytics.us",
        databaseScope: "https://database.usgovcloudapi.net/.default")

    package static let china = Cloud(
        authority: "https://login.chinacloudapi.cn", resourceManager: "https://management.chinacloudapi.cn",
        resourceManagerScope: "https://management.chinacloudapi.cn/.default", keyVaultSuffix: "vault.azure.cn",
        managedHSMSuffix: "managedhsm.azure.cn", graph: "https://microsoftgraph.chinacloudapi.cn",
        logAnalytics: "https://api.loganalytics.azure.cn",
        databaseScope: "https://database.chinacloudapi.cn/.default")

    /// By the name in an environment; nil for `custom`, whose hosts the environment gives itself.
    package static func named(_ name: String) -> Cloud? {
        switch name {
        case "public": .public
        case "usgovernment": .usGovernment
        case "china": .china
        default: nil
        }
    }
}

/// Versions of the interfaces that this client speaks; an environment may set others, since sovereign clouds lag.
package struct APIVersions: Hashable, Sendable {
    package var sql = "2023-08-01"
    /// Every management version before this one retires on 2027-02-27.
    package var keyVault = "2026-02-01"
    package var keyVaultKeys = "7.5"
    package var authorization = "2022-04-01"
    package var providers = "2024-07-01"
    package var features = "2021-07-01"
    package var network = "2024-01-01"
    package var privateDNS = "2020-06-01"
    package var arc = "2022-12-27"
    package var oracleDatabase = "2023-09-01"
    /// There is no stable version of this one.
    package var diagnosticSettings = "2021-05-01-preview"
    package var logWorkspaces = "2023-09-01"

    package init() {}

    /// - Parameter version: the version that an environment sets for the interface of that name, nil where it sets none.
    init(_ version: (String) throws(AzureError) -> String?) throws(AzureError) {
        sql = try version("Microsoft.Sql") ?? sql
        keyVault = try version("Microsoft.KeyVault") ?? keyVault
        keyVaultKeys = try version("KeyVault.Keys") ?? keyVaultKeys
        authorization = try version("Microsoft.Authorization") ?? authorization
        providers = try version("Microsoft.Resources") ?? providers
        features = try version("Microsoft.Features") ?? features
        network = try version("Microsoft.Network") ?? network
        privateDNS = try version("Microsoft.Network.PrivateDNS") ?? privateDNS
        arc = try version("Microsoft.HybridCompute") ?? arc
        oracleDatabase = try version("Oracle.Database") ?? oracleDatabase
        diagnosticSettings = try version("Microsoft.Insights") ?? diagnosticSettings
        logWorkspaces = try version("Microsoft.OperationalInsights") ?? logWorkspaces
    }
}
