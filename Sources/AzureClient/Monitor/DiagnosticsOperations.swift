// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import MusterModel

/// Where a resource's logs go (Microsoft.Insights/diagnosticSettings).
package struct DiagnosticSetting: Hashable, Sendable, Decodable {
    package struct Log: Hashable, Sendable, Decodable {
        package var category: String?
        package var categoryGroup: String?
        package var enabled: Bool
    }
    package struct Properties: Hashable, Sendable, Decodable {
        /// Not a ``ResourceID``: where none is set, the service may answer an empty text.
        package var workspaceId: String?
        package var storageAccountId: String?
        package var eventHubAuthorizationRuleId: String?
        /// `Dedicated`: the logs are in a table of their own, else in `AzureDiagnostics`.
        package var logAnalyticsDestinationType: String?
        package var logs: [Log]?
    }
    package var name: String
    package var properties: Properties

    /// Whether it keeps the log of who used which key.
    package var keepsAuditLog: Bool {
        (properties.logs ?? []).contains { log in
            log.enabled
                && (log.category == "AuditEvent" || ["audit", "alllogs"].contains(log.categoryGroup?.lowercased()))
        }
    }

    /// The Log Analytics workspace, where one is set.
    package var workspace: ResourceID? { properties.workspaceId.flatMap { ResourceID($0) } }
}

package struct LogWorkspace: Hashable, Sendable, Decodable {
    package struct Properties: Hashable, Sendable, Decodable {
        /// By which queries name it.
        package var customerId: String?
        package var provisioningState: String?
    }
    package var id: ResourceID
    package var name: String
    package var properties: Properties
}

package struct DiagnosticsOperations: Sendable {
    let manager: ResourceManager
    let version: String
    let workspaceVersion: String

    /// All settings of a resource, such as a vault.
    package func settings(of resource: ResourceID) async throws(AzureError) -> [DiagnosticSetting] {
        try await manager.readList(resource, "/providers/Microsoft.Insights/diagnosticSettings", version)
    }

    package func workspace(_ id: ResourceID) async throws(AzureError) -> LogWorkspace {
        try await manager.read(id, workspaceVersion)
    }
}
