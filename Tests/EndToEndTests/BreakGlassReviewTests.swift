// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterModel
import Testing

/// Who may close what was done without approvals: a person by their key, who had no part in it.
struct BreakGlassReviewTests {
    private let drill: LedgerDrill
    private let eyes: FourEyes
    private var catalog: Catalog { drill.catalog }

    init() throws {
        drill = try LedgerDrill([.init("one")])
        let policy = FourEyes.policy.replacing("[ada@example.org]", with: "[ada@example.org, ada@home.example]")
        eyes = try FourEyes(drill.catalog, policy: policy)
        let result = try drill.run("--key", eyes.key("ada"), "--break-glass", "--reason", "It burns")
        #expect(result.status == 0, "\(result)")
    }

    private func become(_ name: String, _ email: String) throws {
        try catalog.git("config", "user.name", name)
        try catalog.git("config", "user.email", email)
    }

    private func accept(_ more: String...) throws -> CommandResult {
        try catalog.muster(["review", "last", "--accept"] + more)
    }

    @Test func `the operator closes it under no other address or name, and nobody without a key`() throws {
        try become("Ada", "ada@home.example")
        let own = try accept("--key", eyes.key("ada"))
        #expect(own.status == 3 && own.errors.contains("[review.own-run]"), "\(own)")
        try become("Nobody", "nobody@elsewhere.example")
        #expect(try accept("--key", eyes.key("ada")).errors.contains("[approval.other-identity]"))
        try become("Ben", "ben@example.org")
        #expect(try accept().errors.contains("[review.no-key]"))
        #expect(try accept("--key", eyes.key("ada")).errors.contains("[approval.other-identity]"))
        #expect(try drill.verify().errors.contains("[record.break-glass]"))
        let closed = try accept("--key", eyes.key("ben"))
        #expect(closed.status == 0, "\(closed)")
        let verified = try drill.verify()
        #expect(verified.status == 0 && !verified.errors.contains("[record.break-glass]"), "\(verified)")
        #expect(try catalog.muster("list").output.contains("break-glass, accepted"))
    }

    @Test func `a review that was made where there was no policy closes nothing`() throws {
        // A machine that knows nothing, and a catalog whose policy was taken out for the moment.
        catalog.state = "\(catalog.root)/other"
        try catalog.write("muster.yaml", "catalog: test\n")
        try catalog.git("rm", "-q", "policy/allowed-signers")
        try catalog.commit("Nobody is asked")
        try become("Ben", "ben@example.org")
        let planted = try accept()
        try become("Nobody", "nobody@elsewhere.example")
        let signed = try accept("--key", eyes.key("ada"))
        #expect(planted.status == 0 && signed.status == 0, "\(planted) \(signed)")
        try catalog.git("reset", "-q", "--hard", "HEAD~1")
        let verified = try catalog.muster("verify", "last")
        // Anybody who pushes can add one: it says nothing against the record, and nobody is kept from accepting it.
        #expect(verified.status == 0 && verified.errors.contains("[record.review-of-nobody]"), "\(verified)")
        #expect(verified.errors.contains("[record.review-not-signed]"), "\(verified)")
        #expect(verified.errors.contains("[record.break-glass]"), "\(verified)")
        let list = try catalog.muster("list")
        #expect(list.output.contains("BREAK-GLASS, open") && !list.output.contains("accepted by"), "\(list)")
        try become("Ben", "ben@example.org")
        let accepted = try accept("--key", eyes.key("ben"))
        #expect(accepted.output.contains("accepted by Ben, 2 reviews that close nothing"), "\(accepted)")
        #expect(try catalog.muster("list").output.contains("break-glass, accepted"))
    }

    /// Whoever brings it back, be it the reviewer, who then cannot accept that.
    @Test(arguments: [("Ada", "ada"), ("Ben", "ben")])
    func `what came after the acceptance is open`(name: String, person: String) throws {
        try become("Ben", "ben@example.org")
        #expect(try accept("--key", eyes.key("ben")).status == 0)
        #expect(try catalog.muster("list").output.contains("break-glass, accepted"))
        try become(name, "\(person)@example.org")
        let back = try drill.rollBack("--key", eyes.key(person))
        #expect(back.status == 0, "\(back)")
        let list = try catalog.muster("list")
        #expect(list.output.contains("BREAK-GLASS, open"), "\(list)")
        #expect(list.output.contains("accepted by Ben before it was rolled back, needs a review"), "\(list)")
        let verified = try drill.verify()
        #expect(verified.status == 0 && verified.errors.contains("[record.break-glass]"), "\(verified)")
        try become("Ben", "ben@example.org")
        #expect(try accept("--key", eyes.key("ben")).status == (person == "ben" ? 3 : 0))
    }
}
