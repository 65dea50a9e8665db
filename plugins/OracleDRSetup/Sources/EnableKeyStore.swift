// SPDX-License-Identifier: Apache-2.0

internal import CloudSteps
internal import MusterPlugin
internal import OracleCloudClient
internal import OracleSteps

/// Installs on a cluster's nodes the driver by which its databases can use keys of Azure. It switches no database over.
struct EnableKeyStore: ReversibleStep {
    static let name = "key-store"
    static let definition = PackageResources.key_store_yaml

    struct Inputs: Decodable, Sendable {
        let cluster: OracleID
        let databases: [OracleID]
        let settleWithin: Span
    }

    struct Outputs: Hashable, Codable, Sendable {
        let keyStore: String
    }

    struct Undo: Hashable, RefusableUndo {
        let cluster: OracleID
        let clusterName: String
        var operation: OracleOperation?
        var isRefused: Bool?
        var isUndone: Bool?
    }

    private static let azure = "AZURE"

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            let cluster = try await idle(inputs, within: inputs.settleWithin.duration, session, context)
            try context.evidence("cluster", cluster.value)
            let shown = ["cluster", "requests"]
            let connectors = cluster.value.multiCloudIdentityConnectorConfigs ?? []
            return [
                available(cluster.value).condition("cluster-available", evidence: shown),
                (connectors.contains { $0.cloudProvider == Self.azure }
                    ? Finding.met("\(cluster.value.label) has an identity connector to Azure.")
                    : .unmet("\(cluster.value.label) has no identity connector to Azure."))
                    .condition("connector-present", evidence: shown),
                noOther(cluster.value).condition("no-other-key-store", evidence: shown),
            ]
        }
    }

    private func available(_ cluster: CloudVMCluster) -> Finding {
        cluster.lifecycleState == "AVAILABLE"
            ? .met("The cluster \(cluster.label) is AVAILABLE.")
            : .unmet("The cluster \(cluster.label) is \(cluster.lifecycleState), not AVAILABLE.")
    }

    /// The service keeps one kind of key store for a cluster.
    private func noOther(_ cluster: CloudVMCluster) -> Finding {
        switch cluster.tdeKeyStoreType {
        case nil: .met("\(cluster.label) has no key store beside the wallets.")
        case Self.azure: .met("\(cluster.label) has the Azure key store on already.")
        case let other?: .unmet("\(cluster.label) has a key store of \(other).")
        }
    }

    /// The cluster once nothing works on it, or when the time is over.
    private func idle(
        _ inputs: Inputs, within span: Duration, _ session: OracleSession, _ context: StepContext
    ) async throws -> Tagged<CloudVMCluster> {
        try await session.wait(within: span, context) {
            let cluster = try await session.oracle.clusters.cluster(inputs.cluster)
            return cluster.value.lifecycleState == "UPDATING"
                ? .notYet(cluster, "waiting until nothing is in progress on \(cluster.value.label)") : .done(cluster)
        }
    }

    /// - Returns: the cluster, or why what was begun before could not be followed to its end.
    private func settled(
        _ inputs: Inputs, after undo: Undo?, _ session: OracleSession, _ context: StepContext
    ) async throws -> (cluster: CloudVMCluster?, why: String) {
        if let operation = undo?.operation,
            let unsettled = try await session.unsettled(following: { () throws(OracleError) in
                _ = try await follow(operation, session, context)
            })
        {
            return (nil, unsettled.why)
        }
        let span: Duration = undo == nil ? .zero : context.timeout
        let cluster = try await idle(inputs, within: span, session, context).value
        return cluster.lifecycleState == "UPDATING"
            ? (nil, "Something is in progress on \(cluster.label).") : (cluster, "")
    }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<Outputs> {
        try await OracleSession.run(context) { session in
            let undo = try context.recordedUndo(as: Undo.self)
            let (cluster, why) = try await settled(inputs, after: undo, session, context)
            guard let cluster else { return .unknown(why: why) }
            let change = Change(
                "\(cluster.displayName)/key-store", from: cluster.tdeKeyStoreType ?? "none", to: Self.azure)
            if undo?.isUndone == true { return .needed([change]) }
            if cluster.tdeKeyStoreType == Self.azure { return .satisfied(Outputs(keyStore: Self.azure)) }
            if case .unmet(let why) = noOther(cluster) { return .partial([change], why: why) }
            return .needed([change])
        }
    }

    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs {
        try await OracleSession.run(context, reads: false) { session in
            let cluster = try await session.oracle.clusters.cluster(inputs.cluster)
            if case .unmet(let why) = noOther(cluster.value) {
                throw StepError.permanent(
                    "key-store.other", why, remedy: "Decide which key store the cluster is to have.")
            }
            if cluster.value.tdeKeyStoreType != Self.azure {
                let undo = Undo(cluster: inputs.cluster, clusterName: cluster.value.displayName)
                try await set(true, cluster, undo, session, context, gate)
            }
            return Outputs(keyStore: Self.azure)
        }
    }

    private func set(
        _ isOn: Bool, _ cluster: Tagged<CloudVMCluster>, _ undo: Undo, _ session: OracleSession, _ context: StepContext,
        _ gate: EffectGate<Undo>
    ) async throws {
        var undo = undo
        undo.operation = nil
        let operation = try await gate.ask(undo, context) {
            context.progress("\(isOn ? "enabling" : "disabling") the Azure key store on \(cluster.value.label)")
            return try await session.oracle.clusters.setAzureKeyStore(isOn, on: cluster)
        }
        undo.operation = operation
        try await gate.begin(undo: undo)
        try await session.afterEffect {
            let end = try await follow(operation, session, context)
            let after = try await session.oracle.clusters.cluster(cluster.value.id).value
            try context.evidence("cluster-after", after)
            guard (after.tdeKeyStoreType == Self.azure) == isOn else {
                throw StepError.unknownOutcome(
                    "key-store.not-done",
                    "The key store of \(after.label) is \(after.tdeKeyStoreType ?? "none"). "
                        + (end.failure ?? "The service gives no reason."),
                    remedy: "Look up the work request in Oracle's console, mend what it names, then resume.")
            }
        }
    }

    private func follow(
        _ operation: OracleOperation, _ session: OracleSession, _ context: StepContext
    ) async throws(OracleError) -> WorkRequestEnd {
        try await session.oracle.clusters.wait(for: operation) { fraction in
            context.progress("\(operation.action) is in progress", fraction: fraction)
        }
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            let cluster = try await session.oracle.clusters.cluster(inputs.cluster).value
            try context.evidence("cluster", cluster)
            let shown = ["cluster", "requests"]
            return [
                (cluster.tdeKeyStoreType == Self.azure
                    ? Finding.met("\(cluster.label) has the Azure key store on.")
                    : .unmet("The key store of \(cluster.label) is \(cluster.tdeKeyStoreType ?? "none")."))
                    .condition("key-store-on", evidence: shown),
                available(cluster).condition("cluster-available", evidence: shown),
            ]
        }
    }

    func checkUndo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            let ids = ["undo-no-database-uses-it", "undo-cluster-available"]
            if let nothing = undo.nothingToUndo { return nothing.conditions(ids) }
            let (cluster, why) = try await settled(inputs, after: undo, session, context)
            guard let cluster else { return Finding.unverifiable(why).conditions(ids) }
            guard cluster.tdeKeyStoreType == Self.azure else {
                return Finding.met("The key store of \(cluster.label) is off.").conditions(ids)
            }
            return [
                try await session.keyUsers(ofCluster: inputs.cluster, knowing: inputs.databases).condition(ids[0]),
                available(cluster).condition(ids[1]),
            ]
        }
    }

    func undo(_ inputs: Inputs, _ undo: Undo, _ context: StepContext, _ gate: EffectGate<Undo>) async throws {
        try await OracleSession.run(context, reads: false) { session in
            if try await gate.endsWithNothing(undo) { return }
            let (cluster, why) = try await settled(inputs, after: undo, session, context)
            guard let cluster else { throw StepError.retryable("key-store.unsettled", why) }
            guard cluster.tdeKeyStoreType == Self.azure else { return }
            // The service may not refuse it, and a database would lose its key.
            let users = try await session.keyUsers(ofCluster: inputs.cluster, knowing: inputs.databases)
            guard users.isMet else {
                throw StepError.permanent(
                    "key-store.in-use", users.text,
                    remedy: "Leave the key store on as long as a database uses a key of Azure."
                )
            }
            let read = try await session.oracle.clusters.cluster(inputs.cluster)
            try await set(false, read, undo, session, context, gate)
        }
    }
}
