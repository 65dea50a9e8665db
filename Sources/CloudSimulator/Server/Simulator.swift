// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// The world with its clock: the one place where requests queue up, so that each sees a whole state.
package actor Simulator {
    package private(set) var world: AzureWorld
    package private(set) var oracle: OracleWorld?
    private let started: Timestamp
    private let speed: Double
    private let real = ContinuousClock()
    private let realStart: ContinuousClock.Instant

    /// - Parameter speed: simulated seconds in a real second.
    package init(
        state: AzureState, oracle: OracleWorld? = nil, faults: [FaultRule], signingSecret: String, speed: Double,
        started: Timestamp
    ) {
        self.started = started
        self.oracle = oracle
        self.speed = speed
        realStart = real.now
        world = AzureWorld(state: state, faults: faults, signingSecret: signingSecret, speed: speed, started: started)
        oracle?.noteEarlierKeyUses(before: started, &world)
    }

    package func handle(_ request: SimulatedRequest) -> SimulatedResponse {
        let moment = now
        return oracle?.handle(request, at: moment, azure: &world) ?? world.handle(request, at: moment)
    }

    private var now: Timestamp {
        let passed = real.now - realStart
        return started.advanced(by: .milliseconds(Int64(Double(passed.milliseconds) * speed)))
    }
}
