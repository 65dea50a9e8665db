// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Diagnostic settings, and the log that they fill: who used which key.
/// https://learn.microsoft.com/azure/key-vault/general/logging
extension AzureWorld {
    func diagnosticSettings(_ call: Call) throws(AzureError) -> [JSON] {
        let path = call.request.segments.prefix { $0.lowercased() != "microsoft.insights" }.dropLast()
        let id = "/" + path.joined(separator: "/")
        guard let vault = keyHolder(id), vault.deletedAt == nil else {
            throw ARMError.resourceNotFound(
                "\(call.path?.provider ?? "")/\(call.path?.types.first ?? "")", call.name(0),
                group: call.path?.group ?? "")
        }
        return settings(of: vault).map { json($0, of: vault) }
    }

    private func settings(of vault: Vault) -> [DiagnosticSetting] {
        state.surroundings.diagnostics[vaultID(vault).lowercased()] ?? []
    }

    private func json(_ setting: DiagnosticSetting, of vault: Vault) -> JSON {
        let workspace = setting.workspace.flatMap { state.surroundings.workspaces[$0] }
        let logs: [JSON] = setting.categories.map { name in
            let member = name == "AuditEvent" ? "category" : "categoryGroup"
            return [
                member: .string(name), "enabled": .bool(setting.isEnabled),
                "retentionPolicy": ["enabled": false, "days": 0],
            ]
        }
        var properties: [String: JSON] = ["logs": .array(logs), "metrics": []]
        if let workspace {
            properties["workspaceId"] = .string(
                resourceID(workspace.group, "Microsoft.OperationalInsights/workspaces/\(workspace.name)"))
            properties["logAnalyticsDestinationType"] = setting.isDedicated ? "Dedicated" : .null
        } else {
            properties["storageAccountId"] = .string(resourceID(vault.group, "Microsoft.Storage/storageAccounts/logs"))
        }
        return [
            "id": .string("\(vaultID(vault))/providers/microsoft.insights/diagnosticSettings/\(setting.name)"),
            "name": .string(setting.name), "type": "Microsoft.Insights/diagnosticSettings",
            "properties": .object(properties),
        ]
    }

    // Of Kusto's language only the texts in quotes are read: resource ids, operations and object ids are told apart by
    // what they are. A query that names none of a kind asks for all of that kind.
    func query(_ call: Call) throws(AzureError) -> SimulatedResponse {
        let body = try call.jsonBody()
        guard let text = body["query"]?.string else {
            throw AzureError(400, "BadArgumentError", "The request had some invalid properties: query is missing.")
        }
        let named = call.request.segments[2].lowercased()
        guard let workspace = state.surroundings.workspaces.values.first(where: { $0.customerID == named }) else {
            throw AzureError(404, "WorkspaceNotFoundError", "The workspace could not be found.")
        }
        let rows = shownUses(in: workspace, text, try timespan(body["timespan"]?.string), at: call.at)
        let columns = [
            ("Oid", "string"), ("OperationName", "string"), ("Status", "int"), ("RequestUri", "string"),
            ("Uses", "long"), ("Last", "datetime"),
        ]
        return SimulatedResponse(
            200,
            [
                "tables": [
                    [
                        "name": "PrimaryResult",
                        "columns": .array(columns.map { ["name": .string($0.0), "type": .string($0.1)] }),
                        "rows": .array(rows),
                    ]
                ]
            ])
    }

    private func timespan(_ text: String?) throws(AzureError) -> (from: Timestamp, to: Timestamp)? {
        guard let text else { return nil }
        let ends = text.split(separator: "/").map { Timestamp(String($0)) }
        guard ends.count == 2, let from = ends[0], let to = ends[1] else {
            throw AzureError(400, "BadArgumentError", "The timespan \(text) is not valid.")
        }
        return (from, to)
    }

    /// One row for each identity, operation, outcome and key, as they are summarised.
    private func shownUses(
        in workspace: LogWorkspace, _ query: String, _ span: (from: Timestamp, to: Timestamp)?, at now: Timestamp
    ) -> [JSON] {
        let quoted = Set(
            query.split(separator: "'", omittingEmptySubsequences: false).enumerated()
                .filter { !$0.offset.isMultiple(of: 2) }.map { $0.element.lowercased() })
        var order: [[JSON]] = []
        var counts: [[JSON]: (uses: Int64, last: Timestamp)] = [:]
        for use in state.surroundings.keyUses where use.at.advanced(by: state.surroundings.logDelay) <= now {
            guard let vault = keyHolder(use.vault.folded), keepsLog(of: vault, in: workspace) else { continue }
            let moment = clientTime(use.at)
            if let span, moment < span.from || moment > span.to { continue }
            guard isAsked(vaultID(vault), quoted.filter { $0.contains("/vaults/") || $0.contains("/managedhsms/") }),
                isAsked(use.operation, quoted.filter { $0.hasPrefix("key") && !$0.contains("_") }),
                isAsked(use.principal, quoted.filter { $0.utf8.count == 36 && $0.contains("-") })
            else { continue }
            let uri = "https://\(vault.name.lowercased()).\(vault.kind.suffix)/keys/\(use.key)"
            let row: [JSON] = [
                .string(use.principal), .string(use.operation), .int(Int64(use.status)), .string(uri),
            ]
            if counts[row] == nil { order.append(row) }
            counts[row] = ((counts[row]?.uses ?? 0) + 1, moment)
        }
        return order.map { row in
            .array(row + [.int(counts[row]?.uses ?? 0), .string(counts[row]?.last.description ?? "")])
        }
    }

    private func isAsked(_ value: String, _ wanted: Set<String>) -> Bool {
        wanted.isEmpty || wanted.contains(value.lowercased())
    }

    private func keepsLog(of vault: Vault, in workspace: LogWorkspace) -> Bool {
        settings(of: vault).contains { setting in
            setting.isEnabled && setting.workspace == CaselessName(workspace.name)
                && setting.categories.contains { ["auditevent", "audit", "alllogs"].contains($0.lowercased()) }
        }
    }
}
