// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudHTTP
internal import CloudSteps
internal import MusterModel
internal import MusterPlugin
internal import OracleCloudClient
internal import OracleSteps

/// Where in Azure the nodes are enrolled, and by which token.
extension MakeConnector {
    struct Place: Sendable {
        var tenant: String?
        var subscription: String?

        var finding: Finding {
            guard let tenant, RequestID.isUUID(tenant) else {
                return .unmet("The tenant is not given by its id: \(tenant ?? "nothing is given").")
            }
            guard let subscription else { return .unmet("No subscription is given.") }
            return .met("The machines are enrolled in the subscription \(subscription) of the tenant \(tenant).")
        }
    }

    /// What the step is not told is as in the environment's azure section.
    static func place(_ inputs: Inputs, _ context: StepContext) async throws -> Place {
        let connection = try await azure(context) { calls in calls.connection }
        return Place(
            tenant: inputs.tenant ?? connection.tenant, subscription: inputs.subscription ?? connection.subscription)
    }

    /// Whether the cluster's connector, if it has one, is the one that is wanted.
    static func fits(_ view: ConnectorView, _ place: Place, _ inputs: Inputs) -> Finding {
        let live = view.connectors.filter { $0.lifecycleState != "FAILED" }
        guard live.count <= 1 else {
            return .unmet(
                "\(view.cluster.label) has several connectors: \(live.map(\.label).joined(separator: ", ")).")
        }
        guard let connector = view.connector else { return .met("\(view.cluster.label) has no connector yet.") }
        let pairs = [
            ("tenant", connector.azureTenantId, place.tenant),
            ("subscription", connector.azureSubscriptionId, place.subscription),
            ("resource group", connector.azureResourceGroup, inputs.resourceGroup),
        ]
        let others = pairs.filter { $0.1?.lowercased() != $0.2?.lowercased() }
        return others.isEmpty
            ? .met("The connector \(connector.label) is for this tenant, subscription and resource group.")
            : .unmet(
                "The connector \(connector.label) of \(view.cluster.label) is for another "
                    + others.map { "\($0.0): \($0.1 ?? "none")" }.joined(separator: ", another ") + ".")
    }

    static func tokenLasts(_ inputs: Inputs, _ context: StepContext) async throws -> Finding {
        do {
            let token = try await azure(context) { calls throws(AzureError) in try await calls.managementToken() }
            let left = token.expiresAt.duration(since: try await now(context))
            return left >= inputs.tokenLife.duration
                ? .met("A token that is asked for now is good for \(left.readable).")
                : .unmet(
                    "A token that is asked for now is good for \(left.readable), less than "
                        + "\(inputs.tokenLife.duration.readable).")
        } catch let error as StepError {
            return .unverifiable("No token could be had: \(error)")
        }
    }

    /// - Throws: ``StepError`` before any effect when the token would not last.
    static func freshToken(_ inputs: Inputs, _ context: StepContext) async throws -> HandedToken {
        let token = try await azure(context) { calls throws(AzureError) in try await calls.managementToken() }
        let left = token.expiresAt.duration(since: try await now(context))
        guard left >= inputs.tokenLife.duration else {
            throw StepError.retryable(
                "connector.token-short", "The token that Azure gave is good for \(left.readable) only.",
                remedy: "Sign in to Azure anew, or wait until the token that is kept has expired; then resume.")
        }
        return token
    }

    private static func now(_ context: StepContext) async throws -> Timestamp {
        let section = try context.connection("azure", as: JSON.self)
        do {
            return try await AzureClients.shared.client(for: section).time.now
        } catch {
            throw StepError(error, reads: true)
        }
    }

    /// Azure's calls beside Oracle's session; they have evidence of their own.
    private static func azure<Value: Sendable>(
        _ context: StepContext, _ work: (AzureCalls) async throws(AzureError) -> Value
    ) async throws -> Value {
        let section = try context.connection("azure", as: JSON.self)
        let exchanges = ExchangeList()
        do throws(AzureError) {
            let client = try await AzureClients.shared.client(for: section)
            let calls = client.calls(
                RequestContext(
                    deadline: Deadline(after: .seconds(120), from: client.time),
                    correlationID: RequestID.derived(from: context.run ?? context.idempotencyKey),
                    clientRequestID: RequestID.derived(from: context.idempotencyKey), record: exchanges.add))
            let value = try await work(calls)
            // What a token was asked for with is the only thing of interest, and that only where one was.
            if !exchanges.all.isEmpty { try? context.evidence("azure-requests", exchanges.all) }
            return value
        } catch {
            throw StepError(error, reads: true)
        }
    }
}
