// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudHTTP
internal import CloudSteps
internal import MusterPlugin

/// A Managed HSM as it is wanted, and what lies at its place.
struct HSMPlace {
    let inputs: SetUpManagedHSM.Inputs
    let session: AzureSession

    init(_ inputs: SetUpManagedHSM.Inputs, _ session: AzureSession) {
        self.inputs = inputs
        self.session = session
    }

    private var hsms: ManagedHSMOperations { session.azure.managedHSMs }

    func hsm() async throws(AzureError) -> ManagedHSM? { try await hsms.hsmIfAny(inputs.hsm) }

    func deleted() async throws(AzureError) -> SoftDeletedResource? {
        try await hsms.deletedHSM(inputs.hsm, location: inputs.location)
    }

    func make(
        _ origin: Origin, _ mark: Mark, started: (LongRunningOperation) async throws -> Void
    ) async throws {
        var wish = ManagedHSMWish(
            location: inputs.location, tenant: session.azure.connection.tenant, sku: inputs.sku,
            administrators: inputs.administrators, retentionDays: inputs.retentionDays,
            publicAccess: inputs.publicAccess)
        wish.tags = mark.tags
        if origin == .created {
            try await hsms.create(inputs.hsm, wish, started: started)
        } else {
            try await hsms.recover(inputs.hsm, wish, started: started)
        }
    }

    /// Looks until it is gone, as reads may show for a while what was before.
    func untilGone() async throws {
        let end = Deadline(after: .seconds(300), from: session.time)
        while try await hsm() != nil, end.remaining(session.time) > .zero {
            guard await session.time.pause(.seconds(5)) else { throw CancellationError() }
        }
    }

    /// Waits until it is made and people have activated it.
    ///
    /// - Returns: what was seen last.
    func untilActivated(_ context: StepContext) async throws -> ManagedHSM? {
        try await session.wait(within: inputs.patience.duration, pausingUpTo: .seconds(15), context) {
            guard let hsm = try await hsm() else { return .notYet(nil, "waiting for \(inputs.hsm.name) to be shown") }
            if hsm.isBeingMade { return .notYet(hsm, "waiting for \(hsm.name) to be provisioned") }
            guard hsm.isActivated == true else {
                return .notYet(
                    hsm,
                    "waiting for an administrator of \(hsm.name) to activate it, by downloading its security domain; without public "
                        + "access that takes a private endpoint to it, which can be made now. Grant this account Managed HSM Crypto User and "
                        + "Managed HSM Crypto Officer at the same time: the key is made next")
            }
            return .done(hsm)
        }
    }

    /// What speaks against an HSM that is there. It is never changed.
    func faults(of hsm: ManagedHSM) -> [String] {
        var faults: [String] = []
        if let location = hsm.location, foldedLocation(location) != foldedLocation(inputs.location) {
            faults.append("\(hsm.name) lies in \(location), not in \(inputs.location).")
        }
        if !hsm.isProtectedFromPurge {
            faults.append("\(hsm.name) lacks purge protection, so a key can be lost for good.")
        }
        return faults
    }

    func fits() async throws -> Finding {
        switch try await attempt({ () throws(AzureError) in try await hsm() }) {
        case .failure(let error): return .unverifiable("\(inputs.hsm.name) could not be read: \(error)")
        case .success(nil): return .met("There is no Managed HSM \(inputs.hsm.name) yet; it will be made.")
        case .success(let hsm?):
            let faults = faults(of: hsm)
            let state = hsm.isActivated == true ? "is activated" : "waits for its activation"
            return faults.isEmpty
                ? .met("\(hsm.name) is there and \(state).") : .unmet(faults.joined(separator: " "))
        }
    }

    func nameIsFree() async throws -> Finding {
        switch try await attempt({ () throws(AzureError) in try await deleted() }) {
        case .failure(let error): return .unverifiable("Deleted Managed HSMs could not be read: \(error)")
        case .success(nil): return .met("No deleted Managed HSM of \(inputs.location) holds the name.")
        case .success(let deleted?):
            return deleted.formerID == inputs.hsm
                ? .met("\(deleted.name) lies deleted, and will be recovered with its keys.")
                : .unmet("The deleted Managed HSM \(deleted.formerID?.text ?? deleted.name) holds the name.")
        }
    }
}

extension ManagedHSM {
    var isBeingMade: Bool {
        properties.provisioningState.map { !["Succeeded", "Activated"].contains($0) } ?? false
    }

    var state: String {
        isBeingMade ? properties.provisioningState ?? "being made" : isActivated == true ? "activated" : "not activated"
    }
}

/// What the record keeps of a Managed HSM.
struct HSMEntry: Encodable {
    let id: String
    let location: String?
    let sku: String?
    let state: String
    let isProtectedFromPurge: Bool
    let publicNetworkAccess: String?

    init(_ hsm: ManagedHSM) {
        id = hsm.id.text
        location = hsm.location
        sku = hsm.sku?.name
        state = hsm.state
        isProtectedFromPurge = hsm.isProtectedFromPurge
        publicNetworkAccess = hsm.properties.publicNetworkAccess
    }
}
