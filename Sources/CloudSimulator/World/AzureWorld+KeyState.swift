// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// What `/simulator/state` tells of keys and of who may use them.
extension AzureWorld {
    /// By name; what is soft-deleted is told as such.
    var vaultsJSON: JSON {
        let holders = sorted(state.vaults) + sorted(state.managedHSMs)
        return .object(Dictionary(uniqueKeysWithValues: holders.map { ($0.name, contents(of: $0)) }))
    }

    private func contents(of vault: Vault) -> JSON {
        let keys = sorted(vault.keys).map { ($0.name, JSON.string($0.deletedAt == nil ? "there" : "deleted")) }
        return [
            "state": vault.deletedAt == nil ? "there" : "deleted",
            "keys": .object(Dictionary(uniqueKeysWithValues: keys)),
        ]
    }

    /// Display names of groups, with how many members each has.
    var groupsJSON: JSON {
        .array(state.directory.groups.map { ["name": .string($0.name), "members": .int(Int64($0.members.count))] })
    }
}
