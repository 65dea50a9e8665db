// SPDX-License-Identifier: Apache-2.0

import MusterEngine
import MusterMachine
import MusterModel
import MusterTestSupport
import Testing

@testable import MusterCommands

/// What becomes of a gate where nobody can sign.
@Suite struct RehearsedGateTests {
    private static let gate = PlanFixture.step("ask", uses: "muster/approve", with: ["group": "leads", "count": 2])

    @Test func `a rehearsal approves by itself, unsigned, as many times as it takes`() {
        let person = Person(.rehearsal, name: "Ada")
        person.approve(Self.gate, 2)
        let approvals = person.takeInputs().compactMap { input in
            if case .approved(let approval, nil) = input { approval } else { nil }
        }
        #expect(approvals.map(\.approver) == ["rehearsal-1", "rehearsal-2"])
        #expect(approvals.allSatisfy { $0.signature.isEmpty && $0.id.isEmpty && $0.decision == .approve })
    }

    @Test func `an unattended run comes to rest at it, and one that is attended waits`() {
        let unattended = Person(.unattended, name: "Ada")
        unattended.approve(Self.gate, 1)
        #expect(unattended.takeInputs().contains { if case .pause = $0 { true } else { false } })
        let absent = Person(.absent, name: "Ada")
        absent.approve(Self.gate, 1)
        #expect(absent.takeInputs().isEmpty)
    }
}
