// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterTestSupport
import Testing

@testable import CloudSimulator

/// One fault of the table, and at which calls it strikes.
struct CampaignRow: CustomStringConvertible, Sendable {
    enum Where: Sendable {
        /// Every n-th call and every change.
        case every(Int)
        case changes
    }

    /// As on the simulator's command line, without its aim.
    let fault: String
    let at: Where
    var isBack = false
    /// Whether a sample of the campaign takes it.
    var isSampled: Bool {
        [
            "unavailable", "connection-lost-after-effect", "wrong-answer:form=other-json",
            "key-disabled", "stale-reads", "stuck-operation",
        ].contains(fault)
    }

    var description: String { isBack ? "\(fault) on the way back" : fault }

    static let rows = Array((forwards + back).enumerated()).filter { CampaignScale.isFull || $0.element.isSampled }

    private static let forwards: [CampaignRow] =
        [
            "throttle", "unavailable", "connection-lost-before-effect", "connection-lost-after-effect",
        ].map { CampaignRow(fault: $0, at: .every(1)) }
        + [
            "token-expired", "missing-role:times=1", "wrong-answer:form=html", "wrong-answer:form=truncated",
            "wrong-answer:form=empty", "wrong-answer:form=other-json", "stale-reads",
        ].map { CampaignRow(fault: $0, at: .every(3)) }
        + [
            "missing-role:times=always", "unavailable:times=always", "connection-lost-after-effect:times=always",
            "role-propagation", "server-identity-without-rights", "key-disabled", "key-deleted",
            "purge-protection-missing", "replication-broken",
        ].map { CampaignRow(fault: $0, at: .every(6)) }
        + ["slow-operation", "slow-operation:factor=2000", "stuck-operation", "operation-failed", "busy"]
        .map { CampaignRow(fault: $0, at: .changes) }

    private static let back: [CampaignRow] =
        [
            "unavailable", "connection-lost-before-effect", "connection-lost-after-effect", "missing-role:times=always",
            "unavailable:times=always", "wrong-answer:form=other-json", "key-disabled", "replication-broken",
            "stale-reads",
        ].map { CampaignRow(fault: $0, at: .every(3), isBack: true) }
        + ["slow-operation:factor=2000", "stuck-operation", "operation-failed", "busy"]
        .map { CampaignRow(fault: $0, at: .changes, isBack: true) }

    /// The rules that strike at one call each; the number tells rows apart, so that they meet other calls.
    func rules(_ calls: [RequestLog.Entry], number: Int) -> [String] {
        let changes = calls.indices.filter { calls[$0].method != "GET" && calls[$0].operation != "Token" }
        let points: [Int]
        if case .every(let stride) = at {
            points = calls.indices.filter { $0 % stride == number % stride || changes.contains($0) }
        } else {
            points = changes
        }
        // Of the sample every other row meets a change.
        let sample = number % 2 == 0 ? changes[number % changes.count] : points[number * 7 % points.count]
        return CampaignScale.pick(full: points, sample: [sample]).map { point in
            "\(fault)\(fault.contains(":") ? "," : ":")operation=*,after=\(point)"
        }
    }
}

/// Each fault at each call of the drill: nothing is done twice, nothing is called good that is not, and what the run says
/// of itself agrees with the cloud.
struct CloudCampaignTests {
    /// The calls of a drill in a cloud that is well.
    private static let clean = Task { () throws -> CampaignCase in
        var drill = CampaignCase(nil)
        try await drill.perform()
        return drill
    }

    @Test func `a drill in a cloud that is well succeeds, finds nothing to do the next time, and goes back`()
        async throws
    {
        let drill = try await Self.clean.value
        #expect(drill.findings.all.isEmpty)
        #expect(drill.ends == [.succeeded, .succeeded, .rolledBack])
        #expect(drill.requests.count > 150)
        #expect(drill.requestsBack.count > 50)
    }

    @Test(arguments: CampaignRow.rows)
    func `a fault at a call is survived, or told as it is`(number: Int, row: CampaignRow) async throws {
        let drill = try await Self.clean.value
        try await perform(row, row.rules(row.isBack ? drill.requestsBack : drill.requests, number: number))
    }

    private func perform(_ row: CampaignRow, _ rules: [String]) async throws {
        var sum = CampaignFindings()
        for rule in rules {
            var drill = CampaignCase(rule, strikesBack: row.isBack)
            try await drill.perform()
            let told = Comment(rawValue: ([rule, "\(drill.ends)"] + drill.story).joined(separator: "\n"))
            #expect(drill.findings.all.isEmpty, told)
            sum.lost += drill.findings.lost
            sum.doubled += drill.findings.doubled
            sum.notResumable += drill.findings.notResumable
            sum.wrongEnd += drill.findings.wrongEnd
        }
        #expect(!rules.isEmpty)
        try CampaignLog.add(
            kind: "\(row)", points: rules.count, lost: sum.lost.count, doubled: sum.doubled.count,
            notResumable: sum.notResumable.count, wrongEnd: sum.wrongEnd.count, campaign: "clouds")
    }
}
