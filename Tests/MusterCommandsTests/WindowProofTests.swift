// SPDX-License-Identifier: Apache-2.0

import MusterDocuments
import MusterMachine
import MusterModel
import MusterSystem
import Testing

@testable import MusterCommands

/// A journal that names another window than its commit declares, or none, does not pass.
struct WindowProofTests {
    private static let windows =
        "change-windows:\n  lab: [{ opens: \"2026-11-22T20:00\", closes: \"2026-11-22T23:00\", zone: Europe/Zurich }]\n"
    private static let freeze =
        "freezes: [{ opens: \"2026-11-22T21:00\", closes: \"2026-11-22T22:00\", zone: Europe/Zurich, why: Audit }]\n"

    private func findings(
        _ declared: String, at moment: String, outside: String? = nil, isForced: Bool = false,
        zones: ZoneFiles = ZoneFiles()
    ) throws -> [String] {
        let environment = try Environment.parse(Array("environment: lab\n".utf8), file: "lab.yaml").get()
        let catalog = try Configuration.parse(Array("catalog: test\n\(declared)".utf8), file: "muster.yaml").get()
        let effect = HeldEffect(
            line: 7, step: "a", moment: Timestamp(moment)!, outside: outside, isForced: isForced, isResumed: false,
            ticket: nil)
        let rules = ChangeRules(environment: environment, configuration: catalog)
        return WindowProof(rules: rules, zoneFiles: zones).findings([effect]).map {
            "\($0.severity.rawValue) \($0.code)\($0.location.map { " \($0.line)" } ?? "")"
        }
    }

    @Test(arguments: [
        ("2026-11-22T18:59:59Z", false), ("2026-11-22T19:00:00Z", true), ("2026-11-22T20:00:00Z", false),
        ("2026-11-22T20:59:59Z", false), ("2026-11-22T21:00:00Z", true), ("2026-11-22T22:00:00Z", false),
    ])
    func `an effect is held to the windows and freezes of the plan's commit`(moment: String, isAllowed: Bool) throws {
        let found = try findings(Self.windows + Self.freeze, at: moment)
        #expect(found == (isAllowed ? [] : ["error record.outside-window 7"]))
        #expect(try findings("", at: moment).isEmpty)
    }

    @Test func `what is told already, or was decided, is not told again`() throws {
        #expect(try findings(Self.windows, at: "2026-11-22T10:00:00Z", outside: "it is closed").isEmpty)
        #expect(try findings(Self.windows, at: "2026-11-22T10:00:00Z", isForced: true).isEmpty)
        #expect(
            try findings(Self.windows, at: "2026-11-22T10:00:00Z", outside: "it is closed", isForced: true)
                == ["warning record.window-broken 7"])
    }

    @Test func `a machine without time zones says that it proves nothing of them`() throws {
        let found = try findings(Self.windows, at: "2026-11-22T19:00:00Z", zones: ZoneFiles(folders: ["/nowhere"]))
        #expect(found == ["warning record.windows-unproven"])
    }
}
