// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import MusterModel
import Testing

/// Commands that only tell what the catalog has.
struct ListingTests {
    @Test func `a runbook's scenarios are listed with how they end and what they show`() throws {
        let catalog = try Catalog(.shipped)
        let text = try catalog.muster("rehearse", "failover-group-drill", "--list")
        #expect(text.status == 0, "\(text)")
        #expect(text.output.contains(/default +succeeded +A quiet day:/), "\(text)")
        #expect(text.output.contains(/left-suspended +failed/), "\(text)")
        let all = try catalog.muster("rehearse", "--list")
        #expect(all.status == 0 && all.output.contains("failover-group-drill\n  "), "\(all)")
        #expect(try catalog.muster("rehearse").status == 2)
        let list = try catalog.muster("rehearse", "failover-group-drill", "--list", "--json").json
        let one = list.array?.first { $0["scenario"]?.string == "secondary-without-key" }
        #expect(one?["expect"]?.string == "failed" && one?["summary"]?.string?.isEmpty == false)
        #expect(catalog.runFolders.isEmpty)
    }

    @Test func `plugins are listed with the executable that a run would use, and none is needed`() throws {
        let drill = try LedgerDrill([.init("one")])
        let without = try drill.catalog.muster("plugin", "list")
        #expect(without.status == 0 && without.output.contains("no executable"), "\(without)")
        let list = try drill.catalog.muster("plugin", "list", "--plugins", drill.catalog.plugins, "--json").json
        let plugin = try #require(list.array?.first)
        #expect(plugin["executable"]?.string?.hasPrefix(drill.catalog.plugins) == true)
        #expect(plugin["digest"]?.string?.hasPrefix("sha256:") == true)
        #expect(plugin["steps"]?.object?.isEmpty == false)
    }

    @Test func `a lock that is as it should be is not written again, and one document is one`() throws {
        let catalog = try Catalog(.shipped)
        let again = try catalog.muster("lock", "failover-group-drill")
        #expect(again.status == 0 && again.output.contains("is up to date: nothing was written"), "\(again)")
        #expect(try catalog.git("status", "--short").isEmpty)
        let lint = try catalog.muster("lint", "nope.yaml")
        #expect(lint.status == 2 && lint.output.contains("1 document: 1 error, 0 warnings"), "\(lint)")
    }
}
