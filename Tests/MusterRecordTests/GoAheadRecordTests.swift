// SPDX-License-Identifier: Apache-2.0

import MusterMachine
import MusterModel
import Testing

@testable import MusterRecord

/// What the record tells of the go-ahead: points of no return, and the change window.
@Suite struct GoAheadRecordTests {
    private func window(_ now: String) -> WindowAssessment {
        let window = ChangeWindow(
            opens: Timestamp("2026-11-21T14:00:00Z")!, closes: Timestamp("2026-11-21T15:00:00Z")!)
        return WindowAssessment([window], earlier: [], at: Timestamp(now)!)
    }

    private func page(_ script: RunScript) throws -> String {
        guard case .bytes(let bytes)? = try script.files().files.first(where: { $0.path == "README.md" })?.content
        else {
            throw NoPage()
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    struct NoPage: Error {}

    @Test func `who accepted a point of no return stands on the page`() throws {
        var script = try RunScript()
        let accepted = Acceptance(step: "forced-failover", person: "ada", how: "typed")
        try script.add(.runStarted(RunStarted(confirmation: "confirmed", accepted: [accepted])))
        #expect(try script.files().record.accepted == [accepted])
        #expect(try page(script).contains("| Points of no return | `forced-failover` accepted by ada (typed) |"))
    }

    @Test func `the window is that of the start`() throws {
        var script = try RunScript()
        #expect(try script.files().record.window == nil)
        try script.add(.runStarted(RunStarted(confirmation: "--yes", window: window("2026-11-21T14:03:02Z"))))
        #expect(try script.files().record.window?.verdict == .unverifiable)
        #expect(
            try page(script).contains(
                "| Change window | The change window closes at 2026-11-21T15:00:00.000Z, in 56 min 58 s"))
    }

    @Test(arguments: [(3_000_000, []), (3_600_000, [.outsideWindow])] as [(Int64, [Deviation.Kind])])
    func `a run that ends after its window has closed deviates`(took: Int64, expected: [Deviation.Kind]) throws {
        var script = try RunScript()
        try script.add(.runStarted(RunStarted(confirmation: "--yes", window: window("2026-11-21T14:03:02Z"))))
        script.pass(milliseconds: took)
        try script.add(.runFinished(RunFinished(outcome: .failed, why: "It was slow")))
        #expect(try script.files().record.deviations.map(\.kind).filter { $0 == .outsideWindow } == expected)
    }
}
