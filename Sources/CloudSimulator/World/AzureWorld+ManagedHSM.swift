// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Managed HSMs on the management plane: as recorded, a change is accepted with a Location alone, which answers 202 without
/// a body until it answers the HSM.
/// https://learn.microsoft.com/rest/api/keyvault/managedhsm/managed-hsms
extension AzureWorld {
    mutating func managedHSM(_ call: Call) throws(AzureError) -> SimulatedResponse {
        let group = call.path?.group.map(CaselessName.init)
        let shown = sorted(state.managedHSMs).filter { isShown($0, at: call.at) && $0.deletedAt == nil }
        switch call.operation {
        case "ManagedHsms_CreateOrUpdate": return try putHSM(call)
        case "ManagedHsms_Delete": return deleteHSM(call)
        case "ManagedHsms_OperationResult": return try hsmResult(call)
        case "ManagedHsms_ListDeleted":
            return page(sorted(state.managedHSMs).filter { $0.deletedAt != nil }.map(deletedHSM))
        case "ManagedHsms_GetDeleted":
            guard let hsm = state[.managedHSM, call.name(1)], hsm.deletedAt != nil else {
                throw AzureError(404, "NotFound", "The deleted managed HSM '\(call.name(1))' does not exist.")
            }
            return SimulatedResponse(200, deletedHSM(hsm))
        case "ManagedHsms_Get":
            let found = shown.first {
                CaselessName($0.name) == CaselessName(call.name(0)) && CaselessName($0.group) == group
            }
            guard let found else {
                throw ARMError.resourceNotFound(
                    VaultKind.managedHSM.rawValue, call.name(0), group: call.path?.group ?? "")
            }
            return SimulatedResponse(200, hsmJSON(found, at: call.at))
        default:
            return page(
                shown.filter { group == nil || CaselessName($0.group) == group }.map { hsmJSON($0, at: call.at) })
        }
    }

    private func isShown(_ hsm: Vault, at now: Timestamp) -> Bool {
        hsm.hsm.failure == nil || hsm.hsm.isPending(at: now)
    }

    private mutating func putHSM(_ call: Call) throws(AzureError) -> SimulatedResponse {
        let body = try call.jsonBody()
        let properties = body["properties"]
        let existing = try holder(.managedHSM, call)
        if properties?["createMode"]?.string == "recover" {
            let hsm = try recovered(.managedHSM, existing, call)
            return accepted(hsm, call)
        }
        guard let location = body["location"]?.string, let sku = body["sku"]?["name"]?.string else {
            throw AzureError(400, "BadRequest", "The parameters location and sku have to be specified.")
        }
        if existing?.deletedAt != nil { throw Self.softDeletedName(call.name(0)) }
        var hsm = existing ?? Vault(name: call.name(0), group: call.path?.group ?? "", location: folded(location))
        try keepPurgeProtection(of: hsm, properties, isNew: existing == nil)
        hsm.kind = .managedHSM
        hsm.sku = sku
        hsm.tags = tags(body)
        applyNetwork(properties, to: &hsm)
        if existing == nil {
            let time = Duration.milliseconds(
                Int64(Double(state.durations.managedHSM.milliseconds) * call.injected.slowness))
            hsm.hsm.isActive = false
            hsm.hsm.administrators = properties?["initialAdminObjectIds"]?.array?.compactMap(\.string) ?? []
            hsm.hsm.readyAt = call.injected.neverEnds ? .distant : call.at.advanced(by: time)
            hsm.hsm.activeAt = hsm.hsm.readyAt?.advanced(by: state.durations.managedHSMActivation)
            hsm.hsm.failure = call.injected.operationError
            record("managed-hsm.created", hsm.name, at: call.at)
        }
        state[.managedHSM, hsm.name] = hsm
        return accepted(hsm, call)
    }

    private func accepted(_ hsm: Vault, _ call: Call) -> SimulatedResponse {
        let place = "/subscriptions/\(state.subscription)/providers/Microsoft.KeyVault/locations/\(hsm.location)"
        let version = call.request.query("api-version") ?? ""
        let url = "\(call.request.origin)\(place)/managedHsmOperationResults/\(operationID(hsm))?api-version=\(version)"
        return SimulatedResponse(emptyWith: 202, headers: pollHint.merging(["location": url]) { $1 })
    }

    private func operationID(_ hsm: Vault) -> String { DerivedID.guid("managed-hsm", hsm.name.lowercased()) }

    private mutating func hsmResult(_ call: Call) throws(AzureError) -> SimulatedResponse {
        let found = sorted(state.managedHSMs).first { operationID($0) == call.name(1).lowercased() }
        guard let hsm = found else { throw AzureError(404, "NotFound", "There is no such operation.") }
        if hsm.hsm.isPending(at: call.at) {
            var headers = accepted(hsm, call).headers
            headers["location"] = "\(call.request.origin)\(call.request.target)"
            return SimulatedResponse(emptyWith: 202, headers: headers)
        }
        if let failure = hsm.hsm.failure {
            state.managedHSMs[CaselessName(hsm.name)] = nil
            throw failure
        }
        if hsm.deletedAt != nil { return SimulatedResponse(emptyWith: 200) }
        return SimulatedResponse(200, hsmJSON(hsm, at: call.at))
    }

    private mutating func deleteHSM(_ call: Call) -> SimulatedResponse {
        guard let hsm = state[.managedHSM, call.name(0)], hsm.deletedAt == nil,
            CaselessName(hsm.group) == CaselessName(call.path?.group ?? "")
        else { return SimulatedResponse(emptyWith: 204) }
        state[.managedHSM, hsm.name]?.deletedAt = call.at
        record("managed-hsm.deleted", hsm.name, at: call.at)
        return accepted(hsm, call)
    }

    private func hsmJSON(_ hsm: Vault, at now: Timestamp) -> JSON {
        let pending = hsm.hsm.isPending(at: now)
        var properties: [String: JSON] = [
            "tenantId": .string(state.tenant),
            "initialAdminObjectIds": .array(hsm.hsm.administrators.map { .string($0) }),
            "hsmUri": .string("https://\(hsm.name.lowercased()).managedhsm.azure.net/"),
            "enableSoftDelete": true, "softDeleteRetentionInDays": .int(Int64(hsm.retentionDays)),
            "enablePurgeProtection": .bool(hsm.purgeProtection),
            "provisioningState": pending ? "Provisioning" : "Succeeded",
            "publicNetworkAccess": .string(hsm.publicNetworkAccess), "networkAcls": networkJSON(hsm),
        ]
        properties["privateEndpointConnections"] = endpointConnections(of: hsm)
        if !pending {
            let status = hsm.isUsable(at: now) ? "Active" : "NotActivated"
            properties["securityDomainProperties"] = ["activationStatus": .string(status)]
        }
        return [
            "id": .string(vaultID(hsm)), "name": .string(hsm.name), "type": .string(VaultKind.managedHSM.rawValue),
            "location": .string(hsm.location), "tags": tagsJSON(hsm.tags), "properties": .object(properties),
            "sku": [
                "family": .string(String(hsm.sku.split(separator: "_").last?.prefix(1) ?? "B")),
                "name": .string(hsm.sku),
            ],
        ]
    }

    private func deletedHSM(_ hsm: Vault) -> JSON {
        let place = "/subscriptions/\(state.subscription)/providers/Microsoft.KeyVault/locations/\(hsm.location)"
        let deleted = hsm.deletedAt ?? started
        return [
            "id": .string("\(place)/deletedManagedHSMs/\(hsm.name)"), "name": .string(hsm.name),
            "type": "Microsoft.KeyVault/deletedManagedHSMs",
            "properties": [
                "mhsmId": .string(vaultID(hsm)), "location": .string(hsm.location),
                "deletionDate": .string(deleted.description),
                "scheduledPurgeDate": .string(
                    deleted.advanced(by: .seconds(Int64(hsm.retentionDays) * 86_400)).description),
                "purgeProtectionEnabled": .bool(hsm.purgeProtection), "tags": [:],
            ],
        ]
    }
}

extension Timestamp {
    /// Later than any rehearsal.
    static var distant: Timestamp { Timestamp(milliseconds: 253_370_764_800_000) }
}

extension HSMState {
    func isPending(at now: Timestamp) -> Bool { readyAt.map { $0 > now } ?? false }
}

extension Vault {
    /// A vault is usable at once; a Managed HSM when it is made and activated.
    func isUsable(at now: Timestamp) -> Bool {
        kind == .vault || !hsm.isPending(at: now) && (hsm.isActive || hsm.activeAt.map { $0 <= now } ?? false)
    }
}
