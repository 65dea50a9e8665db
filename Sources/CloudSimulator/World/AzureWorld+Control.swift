// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// What tests and people may look at, below `/simulator`. It needs no token and reaches loopback only.
extension AzureWorld {
    /// Nil when the request is none of these. `POST /simulator/shutdown` is answered by the server around the world.
    func control(_ request: SimulatedRequest) -> SimulatedResponse? {
        let segments = request.segments
        guard segments.first == "simulator" else { return nil }
        guard request.method == "GET", segments.count == 2 else {
            return ARMError.unknownPath(request.method, request.path).response
        }
        switch segments[1] {
        case "effects": return SimulatedResponse(200, effectsJSON)
        case "requests": return SimulatedResponse(200, requestsJSON)
        case "state": return SimulatedResponse(200, stateJSON)
        // Where there is an Oracle cloud, it has answered before this one is asked.
        case "oracle":
            return AzureError(
                404, "NoOracleCloud", "The scenario has no Oracle cloud: its 'cloud' has no member 'oracle'."
            ).response
        default: return ARMError.unknownPath(request.method, request.path).response
        }
    }

    /// `{"total", "effects": [{"kind", "target", "count", "at": […]}]}`, in order of the first occurrence.
    package var effectsJSON: JSON {
        var order: [[String]] = []
        var times: [[String]: [JSON]] = [:]
        for effect in effects {
            let key = [effect.kind, effect.target]
            if times[key] == nil { order.append(key) }
            times[key, default: []].append(.string(effect.at.description))
        }
        let list: [JSON] = order.map { key in
            let at = times[key] ?? []
            return [
                "kind": .string(key[0]), "target": .string(key[1]), "count": .int(Int64(at.count)), "at": .array(at),
            ]
        }
        return ["total": .int(Int64(effects.count)), "effects": .array(list)]
    }

    package var requestsJSON: JSON {
        let list: [JSON] = requests.entries.map { entry in
            [
                "at": .string(entry.at.description), "method": .string(entry.method), "host": .string(entry.host),
                "path": .string(entry.path), "operation": .string(entry.operation), "status": .int(Int64(entry.status)),
                "faults": .array(entry.faults.map { .string($0) }),
                "client-request-id": entry.clientRequestID.map { .string($0) } ?? .null,
            ]
        }
        return ["total": .int(Int64(requests.total)), "requests": .array(list)]
    }

    package var stateJSON: JSON {
        [
            "servers": .object(
                Dictionary(uniqueKeysWithValues: sorted(state.servers).map { ($0.name, stateJSON($0)) })),
            "failover-groups": .object(
                Dictionary(
                    uniqueKeysWithValues: sorted(state.failoverGroups).map { group in
                        let primary = state.servers[group.primary]?.name ?? ""
                        let secondary = state.servers[group.secondary]?.name ?? ""
                        return (
                            group.name,
                            [
                                "primary": .string(primary), "secondary": .string(secondary),
                                "replication-state": .string(group.replicationState),
                            ]
                        )
                    })),
            "operations": .array(
                operations.map { operation in
                    [
                        "id": .string(operation.id), "name": .string(operation.serviceName),
                        "server": .string(state.servers[operation.server]?.name ?? ""),
                        "status": .string(operation.status.rawValue), "error": .string(operation.error?.code ?? ""),
                    ]
                }),
            "faults": .array(faults.map(\.stateJSON)),
            "vaults": vaultsJSON, "groups": groupsJSON,
            "role-assignments": .int(Int64(state.roleAssignments.count)),
            "arc-machines": .object(
                Dictionary(
                    state.surroundings.machines.values.map { ($0.name, .string($0.status)) },
                    uniquingKeysWith: { first, _ in first })),
        ]
    }

    /// Holds what SQL would show of each database: its encryptor is the protector of the server that is primary, a
    /// while after it became that.
    private func stateJSON(_ server: SQLServer) -> JSON {
        let databases: [(String, JSON)] = sorted(server.databases).map { database in
            let encryptor = encryptor(of: CaselessName(database.name), on: server)
            return (
                database.name,
                [
                    "encryptor-type": .string(encryptor.type),
                    "encryptor-thumbprint": encryptor.type == "CERTIFICATE" ? .null : .string(encryptor.thumbprint),
                ]
            )
        }
        return [
            "keys": .array(sorted(server.keys).map { .string($0.name) }),
            "protector": .string(server.protectorKey?.name ?? "ServiceManaged"),
            "auto-rotation": .bool(server.autoRotation),
            "access-lost-at": server.accessLostAt.map { .string($0.description) } ?? .null,
            "databases": .object(Dictionary(uniqueKeysWithValues: databases)),
        ]
    }
}
