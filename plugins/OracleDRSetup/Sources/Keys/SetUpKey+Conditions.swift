// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps
internal import MusterPlugin

extension SetUpKey {
    typealias Place = Result<KeyPlace, AzureError>

    func accepts(_ inputs: Inputs, _ place: Place) throws -> Finding {
        var known = KeyPlace(id: inputs.vault, kind: try KeyPlace.kind(of: inputs.vault))
        if case .success(let read) = place { known = read }
        guard inputs.transferFile == nil || inputs.type == .rsaHSM else {
            return .unmet("Key material from elsewhere becomes a key in hardware: ask for RSA-HSM.")
        }
        return known.accepts(inputs.type, size: inputs.size)
    }

    func transferFinding(_ inputs: Inputs) -> Finding {
        guard let path = inputs.transferFile else { return .met("The key's material is made in the vault.") }
        do throws(AzureError) {
            _ = try KeyTransfer(file: path)
            return .met("\(path) holds a wrapped key.")
        } catch {
            return .unmet(error.message)
        }
    }

    func isUsable(_ place: Place) -> Finding {
        switch place {
        case .failure(let error): .unverifiable("The vault could not be read: \(error)")
        case .success(let place): place.home == nil ? .unmet(place.why) : .met("\(place.id.name) is there.")
        }
    }

    func fits(_ inputs: Inputs, _ place: Place, _ session: AzureSession) async throws -> Finding {
        guard case .success(let found) = place, let home = found.home else { return isUsable(place) }
        switch try await attempt({ () throws(AzureError) in try await session.azure.keyVault.key(inputs.key, in: home) }
        ) {
        case .failure(let error): return unreadable(inputs.key, error)
        case .success(nil): return .met("There is no key \(inputs.key) yet.")
        case .success(let key?):
            let faults = key.faults(inputs.type, size: inputs.size, now: session.seconds)
            return faults.isEmpty
                ? .met("\(inputs.key) is there in the version \(key.version).")
                : .unmet("\(inputs.key) is there, but \(faults.joined(separator: ", ")).")
        }
    }

    func unreadable(_ what: String, _ error: AzureError) -> Finding {
        .unverifiable(
            "\(what) could not be read: \(error)"
                + (error.isAtTheDoor ? " Run from a machine that the vault's network rules let in." : ""))
    }

    /// A version that the vault made by itself is one that Oracle does not know of.
    func staysAsItIs(_ inputs: Inputs, _ place: Place, _ session: AzureSession) async throws -> Finding {
        guard case .success(let found) = place, let home = found.home else { return isUsable(place) }
        let keys = session.azure.keyVault
        let read = try await attempt { () throws(AzureError) -> KeyRotationPolicy? in
            guard try await keys.key(inputs.key, in: home) != nil else { return nil }
            return try await keys.rotationPolicy(of: inputs.key, in: home)
        }
        switch read {
        case .failure(let error): return unreadable("The rotation policy", error)
        case .success(nil): return .met("A new key has no rotation policy that makes versions.")
        case .success(let policy?):
            return policy.rotates
                ? .unmet("\(found.id.name) makes new versions of \(inputs.key) by itself.")
                : .met("Only Oracle's side makes new versions of \(inputs.key).")
        }
    }
}

extension AzureError {
    /// Refused for where the request comes from, not for who asks.
    var isAtTheDoor: Bool { ["ForbiddenByConnection", "ForbiddenByFirewall"].contains(code) }
}
