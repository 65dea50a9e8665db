// SPDX-License-Identifier: Apache-2.0

import CloudSimulator
import MusterModel
import Testing

@Suite struct ScenarioTests {
    private static let folder = "runbooks/tests/failover-group-key-swap"

    @Test func `every scenario that ships can be rehearsed`() throws {
        let names = try Files.names(Self.folder)
        #expect(names.contains("default.yaml"))
        for name in names {
            let scenario = try CloudScenario(try Files.bytes("\(Self.folder)/\(name)"), file: name)
            #expect("\(scenario.name).yaml" == name)
            let state = try scenario.state(at: Rehearsal.start, clientSecret: "")
            #expect(state.servers.count == 2)
        }
    }

    @Test func `the default scenario is the published starting point`() throws {
        let scenario = try CloudScenario(try Files.bytes("\(Self.folder)/default.yaml"), file: "default.yaml")
        let state = try scenario.state(at: Rehearsal.start, clientSecret: "")
        #expect(state.servers.values.map(\.name).sorted() == ["tdeprimarytest", "tdesecondarytest"])
        #expect(Set(state.servers.values.map(\.group)) == ["harshitha_lab"])
        #expect(
            Set(state.servers.values.map { $0.protectorKey?.name }) == [
                "tdesharedvault_tdeshared_5d0f6c1c2b7e4a3f9a8b7c6d5e4f3a21"
            ])
        #expect(state.failoverGroups.values.first?.replicationState == "CATCH_UP" && scenario.faults.isEmpty)
    }

    @Test func `the format's example can be rehearsed`() throws {
        let page = try Files.text("docs/formats/scenario-v1.md")
        let example = try #require(page.firstMatch(of: /```yaml\n((?s).*?)```/)?.1)
        let scenario = try CloudScenario(Array(example.utf8), file: "scenario-v1.md")
        #expect(scenario.name == "purge-protection-missing" && scenario.faults.map(\.kind) == [.throttle])
    }

    @Test func `all that is wrong is said at once, each with its place`() throws {
        let text = """
            scenario: broken
            summary: Nothing fits
            cloud:
              resource-group: lab
              severs: {}
              servers:
                one: { location: eastus, idntity: none }
              vaults: {}
            faults:
              - { fault: nonsense }
              - { times: 3 }
            """
        let error = try #require(throws: MusterError.self) { try CloudScenario(Array(text.utf8), file: "broken.yaml") }
        #expect(error.code == "simulator.invalid-scenario")
        let places = error.diagnostics.map { "\($0.location?.line ?? 0):\($0.location?.column ?? 0)" }
        #expect(places == ["5:3", "7:30", "10:5", "11:5"])
    }

    @Test(
        arguments: [
            (
                ["cloud", "servers", "first", "protector"],
                "https://vaulta.vault.azure.net/keys/a/ffffffffffffffffffffffffffffffff", "which no vault"
            ),
            (["cloud", "servers", "first", "protector"], "some key", "names a key"),
            (["cloud", "failover-groups", "pair", "secondary"], "first", "joins first and first"),
            (["cloud", "role-assignments"], [["principal": "first", "role": "King"]], "no role \"King\""),
            (
                ["cloud", "role-assignments"], [["principal": "first", "role": "Reader", "scope": "none"]],
                "the scope \"none\""
            ),
            (["cloud", "durations"], ["key": "soon"], "key is \"soon\""),
            (["cloud", "durations"], ["keys": "1s"], "no duration \"keys\""),
            (["cloud", "vaults", "vaulta", "keys"], ["a": ["versions": ["1": [:]]]], "a version \"1\""),
            (["cloud", "servers", "first", "location"], 3, "location"), (["cloud", "vaults"], "none", "vaults"),
        ] as [([String], JSON, String)])
    func `a cloud that does not hang together is refused`(path: [String], value: JSON, says: String) throws {
        let error = #expect(throws: MusterError.self) {
            try Rehearsal { document in
                switch path.count {
                case 2: document.set(path[0], path[1], to: value)
                default: document.set(path[0], path[1], path[2], path[3], to: value)
                }
            }
        }
        #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
    }
}
