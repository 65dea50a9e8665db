// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import CloudSimulator
import CloudSteps
import MusterModel
import MusterPlugin
import MusterSQL
import Testing

@testable import AzureClient
@testable import AzureSteps
@testable import TestFailover

struct RolesAndReplicationTests {
    @Test func `roles are what each server says itself`() async throws {
        let lab = try await Lab()
        let before = try await lab.harness(VerifyRoles.self).report(
            lab.with(["primary": lab.primary, "atStart": false]))
        #expect(before.postconditions.notMet.isEmpty)
        #expect(before.outputs?.secondary.name == "tdesecondarytest")
        try await lab.failOver()
        let after = try await lab.harness(VerifyRoles.self).report(
            lab.with(["primary": lab.primary, "atStart": false]))
        #expect(after.postconditions.notMet == ["server-is-primary", "partner-is-secondary"])
        #expect(after.outputs == nil)
    }

    @Test func `a drill that is told the wrong primary does not begin`() async throws {
        let lab = try await Lab()
        for (named, expected) in [(lab.primary, []), (lab.secondary, ["roles-as-named"])] {
            let inputs = lab.with(["primary": named, "atStart": true])
            #expect(try await lab.harness(VerifyRoles.self, run: nil).check(inputs).notMet == expected)
            // In the run the role is what the step shows, and `finally` must not be kept from its work.
            #expect(try await lab.harness(VerifyRoles.self).check(inputs).notMet == [])
        }
    }

    @Test func `a caught-up group is told with the provider's lag`() async throws {
        let lab = try await Lab()
        let report = try await lab.harness(WaitForReplication.self).report(lab.with(["within": "30m"]))
        #expect(report.outputs?.replicationState == "CATCH_UP")
        #expect(report.outputs?.providerLag.hasPrefix("tdedatabase: 0 s behind, last replication 2026-03-10") == true)
        #expect(report.outputs?.providerLag.hasSuffix("as the provider reports it") == true)
    }

    @Test func `a lag that can't be asked fails nothing`() async throws {
        let lab = try await Lab()
        lab.databases.fail { _, _ in .of(.denied, "42000", 300, "VIEW DATABASE STATE permission was denied") }
        let report = try await lab.harness(WaitForReplication.self).report(lab.with(["within": "30m"]))
        #expect(report.postconditions.notMet.isEmpty)
        #expect(report.outputs?.providerLag.contains("could not be asked (VIEW DATABASE STATE") == true)
    }

    @Test func `a suspended group is waited for, no longer than said`() async throws {
        let lab = try await Lab { $0.failoverGroups[SimulatedCloud.group]?.replicationState = "SUSPENDED" }
        let step = try lab.harness(WaitForReplication.self)
        let report = try await step.report(lab.with(["within": "90s"]))
        #expect(report.postconditions.notMet == ["group-caught-up", "links-caught-up"])
        #expect(report.outputs == nil)
        #expect(lab.time.now == SimulatedCloud.start.advanced(by: .seconds(90)))
        #expect(step.progress == ["waiting for tdefailovergroup to be CATCH_UP; it is SUSPENDED"])
    }
}

struct EncryptionTests {
    private func report(_ lab: Lab, _ side: JSON = "primary", within: JSON = "10m") async throws
        -> Report<VerifyEncryption.Outputs>
    {
        try await lab.harness(VerifyEncryption.self).report(lab.with(["side": side, "within": within]))
    }

    @Test func `the primary shows the thumbprint of its own protector, before and after a failover`() async throws {
        let lab = try await Lab()
        let before = try await report(lab)
        #expect(before.postconditions.notMet.isEmpty)
        #expect(before.outputs?.server == "tdeprimarytest")
        try await lab.failOver()
        let after = try await report(lab)
        #expect(after.postconditions.notMet.isEmpty)
        #expect(after.outputs?.server == "tdesecondarytest")
        #expect(after.outputs?.thumbprint != before.outputs?.thumbprint)
        #expect(before.outputs?.thumbprint.count == 40)
    }

    @Test func `a change of keys that is under way is waited for`() async throws {
        let lab = try await Lab { $0.durations.keyChange = .seconds(300) }
        try await lab.failOver()
        let step = try lab.harness(VerifyEncryption.self)
        let report = try await step.report(lab.with(["side": "primary", "within": "10m"]))
        #expect(report.postconditions.notMet.isEmpty)
        #expect(step.progress.contains { $0.contains("getting another protector") })
        let impatient = try await Lab { $0.durations.keyChange = .seconds(300) }
        try await impatient.failOver()
        #expect(try await self.report(impatient, within: "5s").postconditions.notMet.contains("databases-encrypted"))
    }

    @Test func `the secondary may show either server's thumbprint, and it is said whose`() async throws {
        let report = try await report(try await Lab(), "secondary")
        #expect(report.postconditions.notMet.isEmpty)
        let says = report.postconditions["thumbprint-of-protector"]?.says ?? ""
        #expect(says.contains("which protects tde"), "\(says)")
    }

    @Test func `what a secondary does not show is unverifiable, with why`() async throws {
        let lab = try await Lab()
        lab.databases.fail { _, _ in .of(.denied, "42000", 297, "The user does not have permission") }
        let report = try await report(lab, "secondary")
        #expect(report.postconditions.count { $0.verdict == .unverifiable } == 3)
        #expect(report.postconditions["databases-encrypted"]?.says.contains("does not have permission") == true)
        #expect(report.outputs == nil)
    }

    @Test func `a database that can't be opened is no proof`() async throws {
        let lab = try await Lab(faults: ["secondary-without-key"])
        _ = try await lab.harness(PlannedFailover.self).apply(lab.over)
        let report = try await report(lab, within: "30s")
        #expect(report.postconditions.count == report.postconditions.notMet.count)
        #expect(report.postconditions["databases-encrypted"]?.says.contains("not accessible") == true)
    }

    @Test func `the statement is the documented one, and its answer is kept with who gave it`() async throws {
        let lab = try await Lab()
        let step = try lab.harness(VerifyEncryption.self)
        _ = try await step.report(lab.with(["side": "primary", "within": "10m"]))
        #expect(lab.databases.asked.map(\.host) == ["tdeprimarytest.database.windows.net"])
        let evidence = try #require(try step.evidence("sql", as: [JSON].self).first?.first)
        #expect(evidence["source"]?["kind"] == "simulator")
        #expect(evidence["statement"] == .string(EncryptionRow.query))
        #expect(evidence["columns"]?.array?.count == 7)
        #expect(evidence["rows"]?.array?.first?.array?[3] == "AES")
    }
}

/// Rows as drivers write them, and what is made of them.
struct EncryptionRowTests {
    static let columns = [
        "DATABASE_NAME", "encryption_state", "encryption_state_desc", "key_algorithm", "key_length", "encryptor_type",
        "encryptor_thumbprint",
    ]

    private func rows(_ state: SQLValue, _ type: String, _ thumbprint: SQLValue) throws -> [EncryptionRow] {
        try #require(
            EncryptionRow.read(
                SQLRows(
                    columns: Self.columns,
                    rows: [[.text("db"), state, .text(""), .text("AES "), .integer(256), .text(type), thumbprint]])))
    }

    private func proof(_ rows: [EncryptionRow], service: Bool = false) -> EncryptionProof {
        let key = ExpectedEncryptor.Key(server: "s", keyName: service ? nil : "k", thumbprint: service ? nil : "AB01")
        return EncryptionProof(
            server: "s", expected: ExpectedEncryptor(right: [key], registered: ["AB01": "k", "CD02": "old"]),
            answers: [("db", .rows(rows))])
    }

    @Test(arguments: [SQLValue.bytes([0xAB, 1]), .text("0xab01"), .text("AB01  ")])
    func `a thumbprint reads the same from every driver`(value: SQLValue) throws {
        let proof = proof(try rows(.integer(3), "ASYMMETRIC KEY ", value))
        #expect(
            [proof.isEncrypted, proof.encryptorFits, proof.thumbprintFits].allSatisfy {
                if case .met = $0 { true } else { false }
            })
        #expect(proof.passing == nil)
    }

    @Test(arguments: [(0, "without an encryption key"), (1, "unencrypted"), (5, "being decrypted"), (9, "not known")])
    func `every state but encrypted is told by name`(state: Int64, says: String) throws {
        let proof = proof(try rows(.text("\(state)"), "ASYMMETRIC KEY", .bytes([0xAB, 1])))
        guard case .unmet(let text) = proof.isEncrypted else {
            Issue.record("not encrypted")
            return
        }
        #expect(text.contains(says))
        #expect((proof.passing != nil) == (state == 5))
    }

    @Test func `another known key may still go away, an unknown one does not`() throws {
        let old = proof(try rows(.integer(3), "ASYMMETRIC KEY", .bytes([0xCD, 2])))
        #expect(old.passing?.contains("still shows the thumbprint of old") == true)
        let foreign = proof(try rows(.integer(3), "ASYMMETRIC KEY", .bytes([0xEE])))
        #expect(foreign.passing == nil)
        guard case .unmet(let says) = foreign.thumbprintFits else {
            Issue.record("a foreign thumbprint is wrong")
            return
        }
        #expect(says.contains("of no key that the servers know"))
    }

    @Test func `a certificate is right only where the server has no key of its own`() throws {
        let rows = try rows(.integer(3), "CERTIFICATE", .bytes([1]))
        guard case .met = proof(rows, service: true).thumbprintFits, case .unmet = proof(rows).encryptorFits else {
            Issue.record("the encryptor's type is not held against the settings")
            return
        }
    }

    @Test func `no row and other columns show nothing`() throws {
        guard case .unmet = proof([]).isEncrypted else {
            Issue.record("a database without an encryption key is not encrypted")
            return
        }
        #expect(EncryptionRow.read(SQLRows(columns: ["simulated"], rows: [[.integer(1)]])) == nil)
    }
}

struct ProbeTests {
    @Test func `good reads in a row over the listener`() async throws {
        let lab = try await Lab()
        let step = try lab.harness(Probe.self)
        let report = try await step.report(lab.probe())
        #expect(report.postconditions.notMet.isEmpty)
        #expect(report.outputs?.failedReads == 0)
        #expect(report.outputs?.lastGoodRead == SimulatedCloud.start.advanced(by: .seconds(4)))
        #expect(Set(lab.databases.asked.map(\.host)) == ["tdefailovergroup.database.windows.net"])
    }

    @Test func `one bad read begins the row anew, and is told`() async throws {
        let lab = try await Lab()
        let bad = SimulatedCloud.start.advanced(by: .seconds(3))
        lab.databases.fail { [time = lab.time] _, _ in
            time.now > bad && time.now < bad.advanced(by: .seconds(2)) ? .of(.connectionLost, "08S01", 0, "broke") : nil
        }
        let report = try await lab.harness(Probe.self).report(lab.probe())
        #expect(report.outputs?.failedReads == 1)
        #expect(report.outputs?.firstGoodRead == SimulatedCloud.start.advanced(by: .seconds(6)))
        #expect(report.postconditions["reads-good"]?.says.contains("1 times: tdedatabase: broke") == true)
    }

    @Test func `a server that is not primary serves nobody`() async throws {
        let lab = try await Lab()
        let report = try await lab.harness(Probe.self).report(
            lab.probe(["primary": lab.secondary, "within": "20s"]))
        #expect(report.postconditions.notMet == ["reads-good", "server-is-primary"])
        #expect(report.postconditions["reads-good"]?.says.contains("tdesecondarytest is Secondary") == true)
        #expect(lab.databases.asked.isEmpty)
    }

    @Test func `a listener that still leads to the old primary is not taken for good`() async throws {
        let lab = try await Lab(faults: ["dns-delay"])
        try await lab.failOver()
        let report = try await lab.harness(Probe.self).report(lab.probe(["primary": lab.secondary]))
        #expect(report.postconditions.notMet.isEmpty)
        #expect((report.outputs?.failedReads ?? 0) > 0)
        #expect(report.postconditions["reads-good"]?.says.contains("is READ_ONLY") == true)
    }

    @Test func `dropped connections are counted`() async throws {
        let lab = try await Lab(faults: ["failover-drops-connections"])
        try await lab.failOver()
        let report = try await lab.harness(Probe.self).report(lab.probe(["primary": lab.secondary]))
        #expect(report.outputs?.failedReads == 3)
    }

    @Test func `an answer without a row is no good read`() async throws {
        var reads = ProbeReads(wanted: 2)
        reads.noteGood(at: SimulatedCloud.start)
        reads.noteFailure("no row", at: SimulatedCloud.start)
        reads.noteFailure("no row", at: SimulatedCloud.start.advanced(by: .seconds(1)))
        #expect(reads.good.isEmpty)
        #expect(reads.failures.map(\.rounds) == [2])
        #expect(!reads.isDone)
    }

    @Test(arguments: [
        ("SELECT 1", true), ("  with a as (select 1 as x) select x from a;", true), ("DELETE FROM t", false),
        ("SELECT 1; DROP TABLE t", false), ("SELECT * INTO t2 FROM t", false), ("", false), ("EXEC p", false),
    ])
    func `a probe reads`(statement: String, isRead: Bool) async throws {
        #expect(readsOnly(statement) == isRead)
        let lab = try await Lab()
        let conditions = try await lab.harness(Probe.self).check(lab.probe(["query": .string(statement)]))
        #expect(conditions.notMet == (isRead ? [] : ["query-reads"]))
    }
}
