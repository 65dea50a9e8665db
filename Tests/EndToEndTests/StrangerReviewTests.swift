// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import Foundation
import MusterModel
import Testing

/// What somebody says of a run whom the policy does not know, from a clone of their own.
struct StrangerReviewTests {
    private let drill: LedgerDrill
    private let eyes: FourEyes
    private var catalog: Catalog { drill.catalog }

    init() throws {
        drill = try LedgerDrill([.init("one")])
        let asked = FourEyes.policy.components(separatedBy: "approvals:")[0]
        eyes = try FourEyes(drill.catalog, policy: asked + "policy-change: { group: leads, count: 2 }\n")
        let result = try drill.run()
        #expect(result.status == 0, "\(result)")
        try become("Ben", "ben@example.org")
        try catalog.write(
            "../findings.yaml",
            "findings:\n  - { id: F-1, severity: critical, text: All lost, owner: Otto, due: \"2999-12-31\" }\n")
        let found = try catalog.muster(
            "review", "last", "--findings", "\(catalog.root)/findings.yaml", "--key", eyes.key("ben"))
        #expect(found.status == 0, "\(found)")
    }

    private func become(_ name: String, _ email: String) throws {
        try catalog.git("config", "user.name", name)
        try catalog.git("config", "user.email", email)
    }

    /// Eve takes the policy out for the moment, so that her Muster asks for no key.
    private func acceptAsEve(_ more: [String] = []) throws {
        let own = catalog.state
        catalog.state = "\(catalog.root)/eve"
        try catalog.write("muster.yaml", "catalog: test\n")
        try catalog.git("rm", "-q", "policy/allowed-signers")
        try catalog.commit("Nobody is asked")
        try become("Eve", "eve@example.org")
        let planted = try catalog.muster(["review", "last", "--accept"] + more)
        #expect(planted.status == 0, "\(planted)")
        try catalog.git("reset", "-q", "--hard", "HEAD~1")
        catalog.state = own
    }

    private static let pages = [
        ["list"], ["show", "last"], ["report", "last", "--format", "html"], ["report", "last", "--format", "md"],
    ]

    @Test(arguments: [false, true]) func `it closes nothing on any page, and is told as what it is`(
        isSigned: Bool
    ) throws {
        try eyes.makeKey("eve")
        try acceptAsEve(isSigned ? ["--key", eyes.key("eve")] : [])
        for words in Self.pages {
            let page = try catalog.muster(words).output
            #expect(page.contains("1 open finding, 1 review that closes nothing"), "\(words): \(page)")
            #expect(!page.contains("accepted by"), "\(words): \(page)")
        }
        let doubt = isSigned ? "no policy knows a key of the reviewer" : "it is not signed"
        for words in Self.pages.dropFirst() {
            #expect(try catalog.muster(words).output.contains("accepted, closes nothing: \(doubt)"), "\(words)")
        }
        let json = try catalog.muster("report", "last", "--format", "json").json
        #expect(json["standing"]?["closeNothing"]?.array?.first?["why"]?.string == doubt)
        #expect(json["findings"]?.array?.first?["state"] == "open")
        let verified = try drill.verify()
        #expect(verified.status == 0 && verified.errors.contains("closes nothing"), "\(verified)")
    }

    @Test func `whoever is known closes the finding all the same`() throws {
        try acceptAsEve()
        try become("Ben", "ben@example.org")
        let accepted = try catalog.muster("review", "last", "--accept", "--key", eyes.key("ben"))
        #expect(accepted.status == 0, "\(accepted)")
        for words in Self.pages {
            let page = try catalog.muster(words).output
            #expect(page.contains("accepted by Ben, 1 finding closed, 1 review"), "\(words)")
        }
    }
}
