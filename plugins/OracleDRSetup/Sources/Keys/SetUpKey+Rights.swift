// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps
internal import MusterPlugin

extension SetUpKey {
    /// What lies in the vault under the key's name.
    private enum Existing { case there, deleted, missing }

    /// Whether the account may do with keys what this step and its undo do, as far as it can be seen beforehand.
    ///
    /// Azure tells the caller's data actions on a vault and above it. Which of a Managed HSM's local roles or of a vault's access
    /// policies are its own, groups included, nobody tells it: there a look at the key and at deleted keys shows most of it.
    func mayMake(_ inputs: Inputs, _ place: Place, _ session: AzureSession) async throws -> Finding {
        guard case .success(let found) = place else { return isUsable(place) }
        if found.kind == .vault, !found.isThere {
            return try await CallerRights.read(found.id.group ?? found.id, session)
                .allowData(actions(inputs, .missing))
        }
        guard let home = found.home else {
            return .met(
                "\(found.why) Nobody can have granted roles in it yet: whoever activates it does, and is told which.")
        }
        let existing = try await existing(inputs, home, session)
        if found.kind == .vault, found.usesRoles {
            // What is hidden may be missing, and is made then.
            let wanted = actions(inputs, (try? existing.get()) ?? .missing)
            return try await CallerRights.read(found.id, session).allowData(wanted)
        }
        switch existing {
        case .success(let existing):
            let what = existing == .missing ? "keys and deleted keys" : "the key"
            return .met("\(found.id.name) lets the account read \(what); what else it may do shows when it is done.")
        case .failure(let error) where error.status == 403 && !error.isAtTheDoor:
            return .unmet("\(found.id.name) does not let the account read its keys: \(error)")
        case .failure(let error): return unreadable(inputs.key, error)
        }
    }

    private func existing(
        _ inputs: Inputs, _ home: KeyHome, _ session: AzureSession
    ) async throws -> Result<Existing, AzureError> {
        let keys = session.azure.keyVault
        return try await attempt { () throws(AzureError) in
            if try await keys.key(inputs.key, in: home) != nil { return .there }
            return try await keys.deletedKey(inputs.key, in: home) == nil ? .missing : .deleted
        }
    }

    private func actions(_ inputs: Inputs, _ existing: Existing) -> [String] {
        let changes =
            switch existing {
            case .there: [] as [String]
            case .deleted: ["keys/recover/action", "keys/delete"]
            case .missing: [inputs.transferFile == nil ? "keys/create/action" : "keys/import/action", "keys/delete"]
            }
        return (["keys/read", "keyrotationpolicies/read"] + changes).map { "Microsoft.KeyVault/vaults/\($0)" }
    }
}
