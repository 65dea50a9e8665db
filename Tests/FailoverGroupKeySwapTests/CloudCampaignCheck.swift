// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel

@testable import CloudSimulator

/// What a case broke, each as a sentence.
struct CampaignFindings {
    var lost: [String] = []
    var doubled: [String] = []
    var notResumable: [String] = []
    var wrongEnd: [String] = []

    var all: [String] { lost + doubled + notResumable + wrongEnd }
}

/// Where one step with an effect works, by the inputs of the shipped scenario.
struct SwapTarget {
    let step: String
    let server: CaselessName
    let key: CaselessName
    let isProtector: Bool

    static func all(_ lab: Lab) -> [SwapTarget] {
        [
            ("register-secondary-key-on-primary", "primary", "secondaryKey"),
            ("register-secondary-key-on-secondary", "secondary", "secondaryKey"),
            ("set-secondary-protector", "secondary", "secondaryKey"),
            ("register-primary-key-on-secondary", "secondary", "primaryKey"),
            ("register-primary-key-on-primary", "primary", "primaryKey"),
            ("set-primary-protector", "primary", "primaryKey"),
        ].map { step, server, key in
            SwapTarget(
                step: step, server: CaselessName(String(lab.text(server).split(separator: "/").last ?? "")),
                key: CaselessName(KeyReference(lab.text(key))?.serverKeyName ?? ""), isProtector: step.hasPrefix("set-")
            )
        }
    }

    func isDone(in state: AzureState) -> Bool {
        let server = state.servers[server]
        return isProtector ? server?.protector == key : server?.keys[key] != nil
    }

    func isUntouched(in state: AzureState) -> Bool {
        guard isProtector, let server = state.servers[server] else { return !isDone(in: state) }
        return server.protectorKey?.name.contains("tdeshared") == true && !server.autoRotation
    }
}

/// Holds what a run says of itself at its end against what the cloud holds, now and once everything under way has ended.
struct CampaignCheck {
    let state: RunState
    let targets: [SwapTarget]
    let now: AzureWorld
    private(set) var findings = CampaignFindings()

    init(_ state: RunState, _ cloud: SimulatedCloud, at time: Timestamp, _ targets: [SwapTarget]) {
        (self.state, self.targets, now) = (state, targets, cloud.snapshot)
        var later = now
        later.settle(at: time.advanced(by: .seconds(86_400)))
        guard case .finished(let outcome) = state.phase else {
            findings.notResumable.append("the run rests at \(state.phase)")
            return
        }
        let inPlace = Set(state.inPlace.map { state.plan.steps[$0].id })
        for world in [now, later] {
            for target in targets { check(target, outcome, isTold: inPlace.contains(target.step), in: world.state) }
        }
        if outcome == .succeeded { checkSuccess() }
    }

    private mutating func check(
        _ target: SwapTarget, _ outcome: RunFinished.Outcome, isTold: Bool, in cloud: AzureState
    ) {
        guard let step = state.state(of: target.step) else { return }
        let (id, isUntouched) = (target.step, target.isUntouched(in: cloud))
        if !isUntouched, !isTold { findings.lost.append("\(id) is there, and the run says that nothing is left of it") }
        if !isUntouched, outcome == .rolledBack { findings.wrongEnd.append("\(id) is left after the rollback") }
        switch step.undoing {
        case .undone:
            if !isUntouched { findings.wrongEnd.append("\(id) counts as undone and is there") }
        case nil:
            let isClaimed = step.phase == .done(.verified) || step.phase == .done(.satisfied)
            if isClaimed, !target.isDone(in: cloud) { findings.wrongEnd.append("\(id) is \(step.phase) and not so") }
            if isTold, isUntouched, !isDoubted(step) {
                findings.wrongEnd.append("\(id) is told as left, without a doubt, and is not there")
            }
        default: break
        }
    }

    private func isDoubted(_ step: StepState) -> Bool { step.phase == .inDoubt || step.failure != nil }

    private mutating func checkSuccess() {
        for target in targets where !target.isDone(in: now.state) {
            findings.wrongEnd.append("\(target.step) is not done and the run succeeded")
        }
        for step in state.steps.indices where state.steps[step].phase != .done(.verified) {
            let phase = state.steps[step].phase
            if phase == .done(.satisfied) || phase == .done(.shown) { continue }
            // Told as what it is: no read showed it, and above it was held against the cloud.
            if phase == .done(.unverified) { continue }
            findings.wrongEnd.append("\(state.plan.steps[step].id) is \(phase) and the run succeeded")
        }
        if wasSeenBroken { findings.wrongEnd.append("replication is broken, was read so, and the run succeeded") }
    }

    /// Replication is broken, and was read after it broke.
    private var wasSeenBroken: Bool {
        guard now.state.failoverGroups.values.contains(where: { $0.replicationState != "CATCH_UP" }) else {
            return false
        }
        let entries = now.requests.entries
        guard let struck = entries.firstIndex(where: { $0.faults.contains("replication-broken") }) else { return true }
        return entries[struck...].contains { $0.operation.hasPrefix("FailoverGroups_") && $0.status == 200 }
    }
}

/// Changes that were asked for, or made, more often than the run knew of.
enum Doubles {
    /// - Parameter effects: those of one direction, forwards or back: each may be made once.
    static func among(_ effects: [String]) -> [String] {
        Dictionary(grouping: effects, by: \.self).filter { $0.value.count > 1 }.map { "\($0.value.count) × \($0.key)" }
    }

    /// Operations that were begun again although the same one before had not failed, nor been undone in between.
    static func begunAgain(_ operations: [Operation]) -> [String] {
        operations.indices.compactMap { at in
            let one = operations[at]
            let earlier = operations[..<at].last { $0.server == one.server && $0.subject == one.subject }
            guard let earlier, earlier.work == one.work, earlier.status != .failed else { return nil }
            return "\(one.serviceName) on \(one.server) was begun again"
        }
    }
}

extension Operation {
    /// What it is about on its server: a key by name, or the protector.
    fileprivate var subject: String {
        switch work {
        case .registerKey(let reference): reference.serverKeyName.lowercased()
        case .removeKey(let name): "\(name)".lowercased()
        case .setProtector, .revalidate: "protector"
        case .failover: "failover"
        }
    }
}
