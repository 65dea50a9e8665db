// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps
internal import MusterPlugin

extension SetUpKey {
    /// Whether the account may do with keys what this step and its undo do, as far as it can be known beforehand.
    ///
    /// Azure tells the caller's data actions on a vault and above it. What a Managed HSM's local roles or a vault's access
    /// policies grant it tells nobody but those who may read them: there a first look at the key shows most of it.
    func mayMake(_ inputs: Inputs, _ place: Place, _ session: AzureSession) async throws -> Finding {
        guard case .success(let found) = place else { return isUsable(place) }
        if found.kind == .vault, found.usesRoles {
            let scope = found.isThere ? found.id : found.id.group ?? found.id
            return try await CallerRights.read(scope, session).allowData(actions(inputs))
        }
        guard let home = found.home else {
            return .met("\(found.why) Whoever activates it grants this account Managed HSM Crypto User.")
        }
        switch try await attempt({ () throws(AzureError) in try await session.azure.keyVault.key(inputs.key, in: home) }
        ) {
        case .success: return .met("\(found.id.name) lets the account read its keys; it does not tell what else.")
        case .failure(let error) where error.status == 403 && !error.isAtTheDoor:
            return .unmet("\(found.id.name) does not let the account read its keys: \(error)")
        case .failure(let error): return unreadable(inputs.key, error)
        }
    }

    private func actions(_ inputs: Inputs) -> [String] {
        let make = inputs.transferFile == nil ? "create" : "import"
        return ["keys/read", "keyrotationpolicies/read", "keys/\(make)/action", "keys/recover/action", "keys/delete"]
            .map { "Microsoft.KeyVault/vaults/\($0)" }
    }
}
