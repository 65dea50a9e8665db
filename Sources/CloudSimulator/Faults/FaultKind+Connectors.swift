// SPDX-License-Identifier: Apache-2.0

/// The faults between Oracle's clusters and Azure.
extension FaultKind {
    var isOfConnectors: Bool {
        self == .connectorTokenExpired || self == .nodeNotEnrolled || self == .workRequestNeedsAttention
    }

    var connectorDescription: Description {
        switch self {
        case .connectorTokenExpired:
            .init(
                summary: "The access token that a connector is given has expired when Oracle uses it",
                drill: "Fails with the service's reason, says that a resume submits a fresh token, and does so.",
                meets: .connectors, times: 1)
        case .nodeNotEnrolled:
            .init(
                summary: "One node of the cluster gets no Arc agent: the connector is PARTIALLY_CONNECTED",
                drill: "Never takes ACTIVE for connected; names the node, and submits a fresh token on resume.",
                meets: .connectors, times: 1)
        default:
            .init(
                summary: "A work request stands NEEDS_ATTENTION and goes no further",
                drill: "Never takes it for one that still runs: stops in doubt, with the service's text.",
                meets: .changes, times: 1)
        }
    }
}
