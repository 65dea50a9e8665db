// SPDX-License-Identifier: Apache-2.0

import CloudSimulator
import MusterModel
import Testing

@Suite struct FaultTests {
    private static let server = "\(Rehearsal.servers)/first"
    private static let key: JSON = ["properties": ["serverKeyType": "AzureKeyVault", "uri": .string(Rehearsal.keyA)]]
    private static let keyPath = "\(server)/keys/\(Rehearsal.nameA)"

    @Test(arguments: [
        ("throttle:retry-after=7", 429, 3), ("unavailable:times=2", 503, 2), ("token-expired", 401, 1),
        ("missing-role:operation=Servers_Get,times=2", 403, 2),
    ])
    func `a fault strikes as often as it was told and then lets pass`(fault: String, status: Int, times: Int) throws {
        var drill = try Rehearsal(faults: [fault])
        for _ in 0..<times { #expect(drill.call("GET", Self.server).status == status) }
        if status == 401 { try drill.renewTokens() }
        #expect(drill.call("GET", Self.server).status == 200)
        #expect(drill.effects.isEmpty)
    }

    @Test func `throttling says when to come back`() throws {
        var drill = try Rehearsal(faults: ["throttle:retry-after=7"])
        let answer = drill.call("GET", Self.server)
        #expect(answer.headers["retry-after"] == "7" && answer.json?["error"]?["code"] == "TooManyRequests")
    }

    @Test func `an expired token stays expired`() throws {
        var drill = try Rehearsal(faults: ["token-expired"])
        #expect(drill.call("GET", Self.server).status == 401)
        #expect(drill.call("GET", Self.server).status == 401)
    }

    @Test(arguments: [("connection-lost-after-effect", 1), ("connection-lost-before-effect", 0)])
    func `a lost connection hides whether the change was made`(fault: String, effects: Int) throws {
        var drill = try Rehearsal(faults: [fault])
        #expect(drill.call("GET", Self.server).dropsConnection == false)
        #expect(drill.call("PUT", Self.keyPath, Self.key).dropsConnection)
        drill.pass(.seconds(60))
        #expect(drill.call("GET", Self.server).dropsConnection == false)
        #expect(drill.effects.count == effects)
        #expect(
            drill.register(Rehearsal.keyA, as: Rehearsal.nameA, on: "first")
                == (effects == 1 ? "ServerKeyNameAlreadyExists" : "Succeeded"))
        #expect(drill.effects == ["server-key.registered"])
    }

    @Test func `a slow operation takes its factor, a stuck one never ends`() throws {
        var slow = try Rehearsal(faults: ["slow-operation:factor=10"])
        let accepted = slow.call("PUT", Self.keyPath, Self.key)
        let url = try #require(accepted.headers["azure-asyncoperation"])
        slow.pass(.seconds(19))
        #expect(slow.poll(url).json?["status"] == "InProgress")
        slow.pass(.seconds(1))
        #expect(slow.poll(url).json?["status"] == "Succeeded")
        var stuck = try Rehearsal(faults: ["stuck-operation"])
        let endless = stuck.call("PUT", Self.keyPath, Self.key)
        let never = try #require(endless.headers["azure-asyncoperation"])
        stuck.pass(.seconds(3000))
        #expect(stuck.poll(never).json?["status"] == "InProgress")
        #expect(stuck.call("PUT", Self.keyPath, Self.key).json?["error"]?["code"] == "ConflictingServerOperation")
    }

    @Test func `a failed operation fails inside HTTP 200, once`() throws {
        var drill = try Rehearsal(faults: ["operation-failed:code=InternalServerError,message=No luck"])
        #expect(drill.register(Rehearsal.keyA, as: Rehearsal.nameA, on: "first") == "InternalServerError")
        #expect(drill.effects.isEmpty)
        #expect(drill.register(Rehearsal.keyA, as: Rehearsal.nameA, on: "first") == "Succeeded")
    }

    @Test(arguments: [
        ("key-disabled:key=vaulta/a", "AzureKeyVaultKeyDisabled"), ("key-disabled", "AzureKeyVaultKeyDisabled"),
        ("key-deleted", "AzureKeyVaultKeyNameNotFound"), ("busy", "ConflictingServerOperation"),
        ("purge-protection-missing:vault=vaulta", "SecurityInvalidAzureKeyVaultRecoveryLevel"),
        ("server-identity-without-rights:server=first", "AzureKeyVaultMissingPermissions"),
        ("role-propagation:delay=1h", "AzureKeyVaultMissingPermissions"), ("missing-role", "AuthorizationFailed"),
    ])
    func `a fault of the world refuses the registration`(fault: String, code: String) throws {
        var drill = try Rehearsal(faults: [fault])
        #expect(drill.register(Rehearsal.keyA, as: Rehearsal.nameA, on: "first") == code)
        #expect(drill.effects.isEmpty)
    }

    @Test func `keys disabled without a name are those that protect nothing`() throws {
        var drill = try Rehearsal(faults: ["key-disabled"])
        let enabled = [("shared", "old"), ("vaulta", "a"), ("vaultb", "b")].map { vault, key in
            drill.key(vault, "/keys/\(key)/").json?["attributes"]?["enabled"]?.bool
        }
        #expect(enabled == [true, false, false])
    }

    @Test func `broken replication is seen on both servers and fails a planned failover`() throws {
        var drill = try Rehearsal(faults: ["replication-broken"])
        for server in ["first", "second"] {
            let group = drill.get("\(Rehearsal.servers)/\(server)/failoverGroups/pair")
            #expect(group["properties"]?["replicationState"] == "SUSPENDED")
        }
        #expect(
            drill.follow("POST", "\(Rehearsal.servers)/second/failoverGroups/pair/failover")
                == "PlannedFailoverTimedOut")
    }

    @Test(arguments: ["html", "truncated", "empty", "other-json"])
    func `a wrong answer has HTTP 200 and is not the server`(form: String) throws {
        var drill = try Rehearsal(faults: ["wrong-answer:form=\(form)"])
        let answer = drill.call("GET", Self.server)
        #expect(answer.status == 200)
        #expect((try? JSON.parse(answer.bytes))?["properties"] == nil)
        #expect(drill.get(Self.server)["properties"]?["state"] == "Ready")
    }

    @Test func `a rule meets only what it names, after as many as it was told`() throws {
        var drill = try Rehearsal(faults: ["unavailable:method=GET,path=*/servers/SECOND,after=1,times=1"])
        let paths = ["first", "second", "second", "second"].map { "\(Rehearsal.servers)/\($0)" }
        #expect(paths.map { drill.call("GET", $0).status } == [200, 200, 503, 200])
        let struck = drill.world.requestsJSON["requests"]?.array?.filter { $0["faults"] == ["unavailable"] }
        #expect(struck?.count == 1 && struck?.first?["status"] == 503)
    }

    @Test(arguments: [
        ("nonsense", "simulator.unknown-fault"), ("throttle:times=many", "simulator.invalid-fault"),
        ("throttle:color=red", "simulator.invalid-fault"), ("throttle:times", "simulator.invalid-fault"),
        ("slow-operation:factor=0", "simulator.invalid-fault"),
        ("role-propagation:delay=soon", "simulator.invalid-fault"),
        ("wrong-answer:form=xml", "simulator.invalid-fault"),
    ])
    func `a fault that can't be read is refused with the way out`(text: String, code: String) {
        let error = #expect(throws: MusterError.self) { try FaultRule(commandLine: text) }
        #expect(error?.code == code && error?.help?.isEmpty == false)
    }

    @Test func `every fault says what a drill should do, and is in the guide`() throws {
        let guide = try Files.text("docs/guides/rehearse.md")
        for kind in FaultKind.allCases {
            #expect(!kind.description.summary.isEmpty && !kind.description.drill.isEmpty)
            #expect(guide.contains("`\(kind.rawValue)`"), "docs/guides/rehearse.md does not list \(kind.rawValue)")
        }
    }
}
