// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Resource providers of the subscription: the answer is at once, the registration goes on behind it.
extension AzureWorld {
    private static let registrationTime = Duration.seconds(90)

    func feature(_ call: Call) -> SimulatedResponse {
        let name = "\(call.name(0))/\(call.name(1))"
        let isThere = state.surroundings.features.contains(CaselessName(name))
        let place = "/subscriptions/\(state.subscription)/providers/Microsoft.Features/providers"
        return SimulatedResponse(
            200,
            [
                "id": .string("\(place)/\(call.name(0))/features/\(call.name(1))"), "name": .string(name),
                "type": "Microsoft.Features/providers/features",
                "properties": ["state": isThere ? "Registered" : "NotRegistered"],
            ])
    }

    mutating func provider(_ call: Call) -> SimulatedResponse {
        let name = call.request.segments[3]
        let key = CaselessName(name)
        switch call.operation {
        case "Providers_Register" where state.surroundings.providers[key] == nil:
            state.surroundings.providers[key] = ProviderRegistration(
                name: name, registeringUntil: call.at.advanced(by: Self.registrationTime))
            record("provider.registered", name, at: call.at)
        case "Providers_Unregister":
            if state.surroundings.providers.removeValue(forKey: key) != nil {
                record("provider.unregistered", name, at: call.at)
            }
        default: break
        }
        let registration = state.surroundings.providers[key]
        let known =
            switch registration {
            case nil: call.operation == "Providers_Unregister" ? "Unregistering" : "NotRegistered"
            case let found? where found.registeringUntil.map({ $0 > call.at }) ?? false: "Registering"
            case _?: "Registered"
            }
        let shown = registration?.name ?? name
        return SimulatedResponse(
            200,
            [
                "id": .string("/subscriptions/\(state.subscription)/providers/\(shown)"), "namespace": .string(shown),
                "resourceTypes": [], "registrationState": .string(known), "registrationPolicy": "RegistrationRequired",
            ])
    }
}
