// SPDX-License-Identifier: Apache-2.0

package import AzureClient
package import CloudSteps
package import MusterModel

/// Where a vault's audit log goes, and what it holds.
package struct AuditTrail: Sendable {
    package var vault: ResourceID
    package var settings: Result<[DiagnosticSetting], AzureError>

    package static func read(_ vault: ResourceID, _ session: AzureSession) async throws -> AuditTrail {
        let azure = session.azure
        return AuditTrail(
            vault: vault,
            settings: try await attempt { () throws(AzureError) in try await azure.diagnostics.settings(of: vault) })
    }

    package var isOn: Finding {
        settings.finding { settings in
            guard let setting = settings.first(where: \.keepsAuditLog) else {
                return .unmet("No diagnostic setting keeps the audit log of \(vault.name).")
            }
            return .met("The diagnostic setting \(setting.name) keeps the audit log of \(vault.name).")
        }
    }

    private var toWorkspace: DiagnosticSetting? {
        guard case .success(let settings) = settings else { return nil }
        return settings.first { $0.keepsAuditLog && $0.workspace != nil }
    }

    /// Whether it can be asked.
    package var isSearchable: Finding {
        switch isOn {
        case .met:
            if let setting = toWorkspace {
                return .met("The audit log of \(vault.name) goes to \(setting.workspace?.name ?? "a workspace").")
            }
            return .unmet("The audit log of \(vault.name) goes to no Log Analytics workspace, so it can't be asked.")
        case let finding: return finding
        }
    }

    /// Uses of the vault's keys since a moment, summed up by identity, operation, outcome and key.
    package func uses(
        by principals: [String], operations: [String], from start: Timestamp, to end: Timestamp,
        _ session: AzureSession
    ) async throws(AzureError) -> [KeyUse] {
        guard let place = toWorkspace?.workspace else { return [] }
        guard let workspace = try await session.azure.diagnostics.workspace(place).properties.customerId else {
            throw AzureError(code: "azure.answer", "The workspace \(place.name) does not tell its id.")
        }
        let table = try await session.azure.logs.query(
            Self.query(vault, principals, operations), workspace: workspace, from: start, to: end)
        return table.rows.map { KeyUse($0, table) }
    }

    /// Both tables are asked: which one fills depends on the setting, and a setting may have been changed.
    static func query(_ vault: ResourceID, _ principals: [String], _ operations: [String]) -> String {
        let claims = "http://schemas.microsoft.com/identity/claims/objectidentifier"
        let flat = "identity_claim_http_schemas_microsoft_com_identity_claims_objectidentifier_g"
        return """
            union isfuzzy=true
            (AZKVAuditLogs | where _ResourceId =~ \(quoted(vault.text))
            | project TimeGenerated, OperationName, Status = HttpStatusCode, RequestUri,
              Oid = coalesce(tostring(Identity.claim[\(quoted(claims))]), tostring(Identity.claim.oid))),
            (AzureDiagnostics | where ResourceProvider == 'MICROSOFT.KEYVAULT' and ResourceId =~ \(quoted(vault.text))
            | project TimeGenerated, OperationName, Status = toint(column_ifexists('httpStatusCode_d', real(null))),
              RequestUri = column_ifexists('requestUri_s', ''),
              Oid = coalesce(column_ifexists(\(quoted(flat)), ''), column_ifexists('identity_claim_oid_g', '')))
            | where OperationName in (\(list(operations))) and tolower(Oid) in (\(list(principals.map { $0.lowercased() })))
            | summarize Uses = count(), Last = max(TimeGenerated) by Oid, OperationName, Status, RequestUri
            """
    }

    private static func list(_ texts: [String]) -> String { texts.map(quoted).joined(separator: ", ") }

    /// A string of Kusto's language.
    private static func quoted(_ text: String) -> String {
        "'" + text.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
    }
}

/// One line of a summary of the audit log.
package struct KeyUse: Hashable, Sendable, Codable {
    package var principal: String
    package var operation: String
    package var status: Int
    /// As in `https://kv1.vault.azure.net/keys/KEY/VERSION/unwrapkey?…`; without its query.
    package var uri: String
    package var uses: Int
    package var last: String

    init(_ row: [JSON], _ table: LogTable) {
        func text(_ column: String) -> String { table.value(column, in: row)?.string ?? "" }
        func number(_ column: String) -> Int { Int(table.value(column, in: row)?.int ?? 0) }
        principal = text("Oid").lowercased()
        operation = text("OperationName")
        status = number("Status")
        uri = String(text("RequestUri").prefix { $0 != "?" })
        uses = number("Uses")
        last = text("Last")
    }

    /// The key's name in its address.
    package var key: String? {
        let parts = uri.split(separator: "/").map(String.init)
        guard let at = parts.firstIndex(of: "keys"), at + 1 < parts.count else { return nil }
        return parts[at + 1]
    }

    package var isGood: Bool { (200..<300).contains(status) }
}
