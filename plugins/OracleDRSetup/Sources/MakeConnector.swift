// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudHTTP
internal import CloudSteps
internal import MusterModel
internal import MusterPlugin
internal import OracleCloudClient
internal import OracleSteps

/// Gives the nodes of a VM cluster identities in Azure, by making each an Arc machine.
struct MakeConnector: ReversibleStep {
    static let name = "identity-connector"
    static let definition = PackageResources.identity_connector_yaml

    struct Inputs: Decodable, Sendable {
        let cluster: OracleID
        let compartment: OracleID
        let name: String
        let resourceGroup: String
        let tenant: String?
        let subscription: String?
        let privateEndpointAddress: String?
        let privateEndpointAlias: String?
        let tokenLife: Span
        let patience: Span
    }

    struct Outputs: Hashable, Codable, Sendable {
        let connector: OracleID
        let nodes: [String]
        let machines: [String]
    }

    struct Undo: Hashable, Codable, Sendable {
        let clusterName: String
        let resourceGroup: String
        /// False: the connector was there, and only got a fresh token.
        let isMade: Bool
        let mark: Mark
        var connector: OracleID?
        var operation: MulticloudOperation?
        /// Only of one that stays: its undo, which has nothing to do, has run.
        var isUndone: Bool?
        /// Commands for a person without Muster.
        var byHand: String
    }

    func check(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            let view = try await ConnectorView.read(inputs.cluster, in: inputs.compartment, session)
            try context.evidence("connector", view)
            let shown = ["connector", "requests"]
            let place = try await Self.place(inputs, context)
            return [
                view.isAvailable.condition("cluster-available", evidence: shown),
                place.finding.condition("subscription-given", evidence: []),
                Self.fits(view, place, inputs).condition("connector-fits", evidence: shown),
                try await Self.tokenLasts(inputs, context).condition("token-lasts", evidence: ["azure-requests"]),
            ]
        }
    }

    func observe(_ inputs: Inputs, _ context: StepContext) async throws -> Observed<Outputs> {
        try await OracleSession.run(context) { session in
            let undo = try context.recordedUndo(as: Undo.self)
            if let why = try await session.unsettled(undo?.operation, context) { return .unknown(why: why) }
            let view = try await Self.settled(inputs, undo != nil, session, context)
            let path = "\(view.cluster.displayName)/identity-connector"
            guard let connector = view.connector else { return .needed([Change(path, to: inputs.name)]) }
            if undo?.isUndone == true { return .needed([Change(path, from: Self.state(connector), to: "CONNECTED")]) }
            if connector.isBusy {
                return .unknown(why: "The connector \(connector.label) is \(connector.lifecycleState ?? "busy").")
            }
            let change = Change(path, from: Self.state(connector), to: "CONNECTED")
            if case .unmet(let why) = Self.fits(view, try await Self.place(inputs, context), inputs) {
                return .partial([change], why: why)
            }
            guard connector.lifecycleState == Lifecycle.active,
                connector.isConnected(nodes: view.cluster.nodeCount).isMet
            else {
                guard let undo, Self.made(view, undo) != nil else { return .needed([change]) }
                return .unfinished([change], why: "This run made \(connector.label); not every node is connected yet.")
            }
            return .satisfied(Self.outputs(connector))
        }
    }

    func apply(_ inputs: Inputs, _ context: StepContext, _ gate: EffectGate<Undo>) async throws -> Outputs {
        try await OracleSession.run(context, reads: false) { session in
            let view = try await ConnectorView.read(inputs.cluster, in: inputs.compartment, session)
            let place = try await Self.place(inputs, context)
            if case .unmet(let why) = Self.fits(view, place, inputs) {
                throw StepError.permanent(
                    "connector.other", why, remedy: "Name the tenant, subscription and resource group that it is for.")
            }
            if let connector = view.connector, connector.lifecycleState == Lifecycle.active,
                connector.isConnected(nodes: view.cluster.nodeCount).isMet
            {
                return Self.outputs(connector)
            }
            let token = try await Self.freshToken(inputs, context)
            var undo = Self.undo(view, inputs, Mark(context), after: try context.recordedUndo(as: Undo.self))
            try await gate.begin(undo: undo)
            let operation = try await begin(inputs, view, place, token, session, context)
            undo.connector = operation.resource
            undo.operation = operation
            undo.byHand = Self.byHand(operation.resource.text)
            try await gate.begin(undo: undo)
            return try await session.afterEffect {
                try await finish(operation, inputs, view.cluster, session, context)
            }
        }
    }

    /// One that is there gets the fresh token, by which the service enrols its nodes again.
    private func begin(
        _ inputs: Inputs, _ view: ConnectorView, _ place: Place, _ token: HandedToken, _ session: OracleSession,
        _ context: StepContext
    ) async throws -> MulticloudOperation {
        let multicloud = session.oracle.multicloud
        guard let connector = view.connector else {
            context.progress("making each node of \(view.cluster.label) an Arc machine in \(inputs.resourceGroup)")
            var wanted = NewConnector(
                cluster: inputs.cluster, compartment: inputs.compartment, name: inputs.name,
                tenant: place.tenant ?? "", subscription: place.subscription ?? "",
                resourceGroup: inputs.resourceGroup, privateEndpointAddress: inputs.privateEndpointAddress,
                privateEndpointAlias: inputs.privateEndpointAlias)
            wanted.tags = Mark(context).tags
            return try await multicloud.create(wanted, accessToken: token.value).operation
        }
        context.progress("giving the connector \(connector.label) a fresh token, so that it enrols the nodes again")
        return try await multicloud.submit(
            accessToken: token.value, to: try await multicloud.connector(connector.id))
    }

    private func finish(
        _ operation: MulticloudOperation, _ inputs: Inputs, _ cluster: CloudVMCluster, _ session: OracleSession,
        _ context: StepContext
    ) async throws -> Outputs {
        let end = try await session.follow(operation, context)
        let connector = try await session.wait(within: inputs.patience.duration, context) {
            let now = try await session.oracle.multicloud.connector(operation.resource).value
            // A registration that failed does not come about by waiting.
            if end.failure != nil || now.lifecycleState == "FAILED" { return .done(now) }
            let isThere = now.lifecycleState == Lifecycle.active && now.isConnected(nodes: cluster.nodeCount).isMet
            return isThere
                ? .done(now)
                : .notYet(now, "waiting for every node's Arc agent: \(now.isConnected(nodes: cluster.nodeCount).text)")
        }
        try context.evidence("connector-after", connector)
        guard end.failure == nil, connector.lifecycleState == Lifecycle.active else {
            let reason = end.failure ?? connector.isActive.text
            throw StepError.unknownOutcome(
                "connector.failed", "The nodes of \(cluster.label) were not all enrolled. \(reason)",
                remedy: "Mend what the service names; a resume then gives the connector a fresh token.")
        }
        let connected = connector.isConnected(nodes: cluster.nodeCount)
        guard connected.isMet else {
            throw StepError.unknownOutcome(
                "connector.not-connected", connected.text,
                remedy: "On the node that is named look at the agent with azcmagent show; a resume enrols it again.")
        }
        return Self.outputs(connector)
    }

    func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
        try await OracleSession.run(context) { session in
            let view = try await ConnectorView.read(inputs.cluster, in: inputs.compartment, session)
            try context.evidence("connector", view)
            let shown = ["connector", "requests"]
            let none = Finding.unmet("\(view.cluster.label) has no identity connector.")
            let known =
                view.cluster.multiCloudIdentityConnectorConfigs?.contains { $0.id == view.connector?.id } == true
            return [
                (view.connector?.isActive ?? none).condition("connector-active", evidence: shown),
                (view.connector?.isConnected(nodes: view.cluster.nodeCount) ?? none)
                    .condition("nodes-connected", evidence: shown),
                (known
                    ? Finding.met("\(view.cluster.label) names the connector.")
                    : .unmet("\(view.cluster.label) names no such connector."))
                    .condition("cluster-names-connector", evidence: shown),
            ]
        }
    }
}
