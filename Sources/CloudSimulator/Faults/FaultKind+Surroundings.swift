// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// The faults of what lies around keys and databases.
extension FaultKind {
    var surroundingsDescription: Description {
        .init(
            summary: "Arc machines have lost their connection: they get no tokens, and so reach no key",
            drill: "Says which machines are disconnected since when, and takes no key for reachable from them.",
            arguments: [
                .init(name: "machine", fallback: "*", summary: "name of a machine, * for any text"),
                .init(
                    name: "duration", fallback: "always", summary: "simulated time until they are connected again"),
            ], times: 1)
    }
}

extension AzureWorld {
    /// From now on the machines whose names fit show that they are disconnected.
    ///
    /// - Parameter duration: until somebody has mended their way; nil: nobody does.
    mutating func disconnectMachines(_ pattern: String, for duration: Duration? = nil, at now: Timestamp) {
        for (place, machine) in state.surroundings.machines where matches(machine.name, pattern: pattern) {
            state.surroundings.machines[place]?.status = "Disconnected"
            state.surroundings.machines[place]?.statusChanged = now
            state.surroundings.machines[place]?.connectsAgain = duration.map(now.advanced(by:))
        }
    }

    mutating func reconnectMachines(at now: Timestamp) {
        for (place, machine) in state.surroundings.machines {
            guard let at = machine.connectsAgain, at <= now else { continue }
            state.surroundings.machines[place]?.status = "Connected"
            state.surroundings.machines[place]?.statusChanged = at
            state.surroundings.machines[place]?.connectsAgain = nil
        }
    }

    /// Whether the identity belongs to a machine that is not connected; then it gets no token.
    func isDisconnected(_ principal: String) -> Bool {
        state.surroundings.machines.values.contains {
            $0.principal.lowercased() == principal.lowercased() && $0.status != "Connected"
        }
    }
}
