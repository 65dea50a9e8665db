// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudSteps
internal import MusterPlugin

/// Makes a Managed HSM, brings a deleted one back, or takes one that is there; and waits until people have activated it.
/// The activation makes keys that must stay offline, so it is a ceremony of people and no work of a program.
struct SetUpManagedHSM: ReversibleStep {
    static let name = "managed-hsm"
    static let definition = PackageResources.managed_hsm_yaml

    struct Inputs: Decodable, Sendable {
        let hsm: ResourceID
        let location: String
        let sku: String
        let administrators: [String]
        let retentionDays: Int64
        let publicAccess: Bool
        let patience: Span
    }

    struct Outputs: Hashable, Codable, Sendable {
        let vault: ResourceID
        let hsmUri: String
    }

    struct Undo: Hashable, Codable, Sendable {
        let hsmName: String
        let resourceGroup: String
        let location: String
        let origin: Origin
        let mark: Mark
        /// Only of what was recovered: the answer said that it was this step's doing.
        var isConfirmed = false
        var operation: LongRunningOperation?
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            let place = HSMPlace(inputs, session)
            return [
                try await place.fits().condition("hsm-fits"),
                try await place.nameIsFree().condition("hsm-name-free"),
            ]
        }
    }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<Outputs> {
        try await AzureSession.run(context) { session in
            let place = HSMPlace(inputs, session)
            let undo = try context.recordedUndo(as: Undo.self)
            if let why = try await session.unsettled(undo?.operation) { return .unknown(why: why) }
            let path = "managedHSMs/\(inputs.hsm.name)"
            guard let hsm = try await place.hsm() else {
                let deleted = try await place.deleted()
                let change = Change(path, from: deleted == nil ? nil : "deleted", to: "activated")
                guard let deleted, undo?.origin == .created else { return .needed([change]) }
                return .absent([change], remains: Self.remains(deleted))
            }
            let faults = place.faults(of: hsm)
            guard faults.isEmpty else {
                return .partial([Change(path, from: hsm.state, to: "activated")], why: faults.joined(separator: " "))
            }
            // What is left is to wait for people.
            if hsm.isBeingMade || hsm.isActivated != true {
                let change = Change(path, from: hsm.state, to: "activated")
                guard let undo, case .met(let origin) = ownership(hsm, undo) else { return .needed([change]) }
                return .unfinished([change], why: "\(origin) It is \(hsm.state).")
            }
            return .satisfied(try outputs(hsm))
        }
    }

    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs {
        try await AzureSession.run(context, reads: false) { session in
            let place = HSMPlace(inputs, session)
            if let hsm = try await place.hsm() {
                let faults = place.faults(of: hsm)
                guard faults.isEmpty else { throw Self.refusal(faults) }
                return try await afterEffect { try await activated(place, context) }
            }
            let isDeleted = try await place.deleted() != nil
            var undo = Undo(
                hsmName: inputs.hsm.name, resourceGroup: inputs.hsm.resourceGroup ?? "", location: inputs.location,
                origin: isDeleted ? .recovered : .created, mark: Mark(context))
            try await gate.begin(undo: undo)
            context.progress("\(isDeleted ? "recovering" : "making") the Managed HSM \(inputs.hsm.name)")
            try await place.make(undo.origin, undo.mark) { operation in
                undo.operation = operation
                try await gate.begin(undo: undo)
            }
            undo.isConfirmed = isDeleted
            if isDeleted { try await gate.begin(undo: undo) }
            return try await afterEffect { try await activated(place, context) }
        }
    }

    private func activated(_ place: HSMPlace, _ context: StepContext) async throws -> Outputs {
        let hsm = try await place.untilActivated(context)
        guard let hsm, hsm.isActivated == true, !hsm.isBeingMade else {
            throw StepError.unknownOutcome(
                "oracle-dr-setup.hsm-not-activated",
                "\(place.inputs.hsm.name) is \(hsm?.state ?? "not shown") after \(place.inputs.patience.text).",
                remedy:
                    "Have an administrator download the security domain with three or more offline keys, then observe the step again."
            )
        }
        return try outputs(hsm)
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            let place = HSMPlace(inputs, session)
            guard let hsm = try await place.hsm() else {
                return Finding.unmet("There is no Managed HSM \(inputs.hsm.name).").conditions(["hsm-activated"])
            }
            try context.evidence("managed-hsm", HSMEntry(hsm))
            let faults = place.faults(of: hsm) + (hsm.state == "activated" ? [] : ["\(hsm.name) is \(hsm.state)."])
            let finding: Finding =
                faults.isEmpty ? .met("\(hsm.name) is activated.") : .unmet(faults.joined(separator: " "))
            return [finding.condition("hsm-activated", evidence: ["managed-hsm", "requests"])]
        }
    }

    static func refusal(_ faults: [String]) -> StepError {
        .permanent(
            "oracle-dr-setup.vault-does-not-fit", faults.joined(separator: " "),
            remedy: "Have its owner change it, or choose another name and make a new plan.")
    }

    private func outputs(_ hsm: ManagedHSM) throws -> Outputs {
        guard let uri = hsm.properties.hsmUri else {
            throw StepError.permanent("azure.answer", "\(hsm.name) does not tell its address.")
        }
        return Outputs(vault: hsm.id, hsmUri: uri)
    }
}

extension SetUpManagedHSM {
    func checkUndo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext) async throws -> [Condition] {
        try await AzureSession.run(context) { session in
            let place = HSMPlace(inputs, session)
            let ids = ["undo-hsm-ours", "undo-hsm-empty"]
            if let why = try await session.unsettled(undo.operation) {
                return Finding.unverifiable(why).conditions(ids)
            }
            guard let hsm = try await place.hsm() else {
                return Finding.met("\(undo.hsmName) is gone already.").conditions(ids)
            }
            return try await conditions(hsm, undo, session)
        }
    }

    private func conditions(_ hsm: ManagedHSM, _ undo: Undo, _ session: AzureSession) async throws -> [Condition] {
        [
            ownership(hsm, undo).condition("undo-hsm-ours"),
            try await contents(hsm, undo, session).condition("undo-hsm-empty"),
        ]
    }

    func undo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext, _ gate: EffectGate<Undo>) async throws {
        try await AzureSession.run(context, reads: false) { session in
            let place = HSMPlace(inputs, session)
            if let why = try await session.unsettled(undo.operation) {
                throw StepError.retryable("oracle-dr-setup.still-running", why)
            }
            guard let hsm = try await place.hsm() else { return }
            let found = try await conditions(hsm, undo, session)
            try found.demandMet(
                "undo-hsm-ours", code: "oracle-dr-setup.not-ours",
                remedy: "Ask who else works with it; else delete it by hand.")
            try found.demandMet(
                code: "oracle-dr-setup.vault-in-use", remedy: "Undo what uses the keys first, or keep the HSM.")
            var data = undo
            data.operation = nil
            try await gate.begin(undo: data)
            context.progress(
                "deleting the Managed HSM \(undo.hsmName): it can be recovered, keeps its name, and is paid for until its "
                    + "retention is over")
            try await session.azure.managedHSMs.delete(hsm.id) { operation in
                data.operation = operation
                try await gate.begin(undo: data)
            }
            try await afterEffect { try await place.untilGone() }
        }
    }

    /// Of one that this run made and deleted again: no undo frees its name, or ends its price.
    private static func remains(_ deleted: SoftDeletedResource) -> String {
        "The Managed HSM \(deleted.name) lies deleted and can be recovered; its name stays taken and it is paid for "
            + untilPurged(deleted.properties.scheduledPurgeDate)
    }

    private func ownership(_ hsm: ManagedHSM, _ undo: Undo) -> Finding {
        let isOurs = undo.origin == .created ? undo.mark.isIn(hsm.tags) : undo.isConfirmed
        return isOurs
            ? .met("This run \(undo.origin.rawValue) \(hsm.name).")
            : .unmet("\(hsm.name) does not bear this run's mark: somebody else may have made it. It is left alone.")
    }

    /// One that was never activated holds no keys, and answers no question about them.
    private func contents(_ hsm: ManagedHSM, _ undo: Undo, _ session: AzureSession) async throws -> Finding {
        if hsm.isActivated == false { return .met("It was never activated, so it holds no key.") }
        return try await KeyContents.finding(
            hsm.properties.hsmUri, isSealed: hsm.isSealed && undo.origin == .created, session)
    }
}
