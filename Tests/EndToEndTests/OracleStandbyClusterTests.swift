// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import MusterModel
import Testing

/// A standby that is there before the key moves: its cluster first, then the move.
struct OracleStandbyClusterTests {
    private static let runbook = "oracle-standby-cluster"

    @Test func `the cluster of an existing standby is made ready, and its nodes prove that they reach the key`() throws
    {
        let rehearsal = try OracleRehearsal(Self.runbook)
        #expect(try rehearsal.run.outcome == "succeeded")
        #expect(try rehearsal.run.result(of: "prove-reach") == "shown")
        try rehearsal.expectPage(says: ["is that of the cluster of SALES", "reach-time"])
    }

    @Test func `nodes that never get at the vault end in a truthful record`() throws {
        let rehearsal = try OracleRehearsal(Self.runbook, "vault-unreachable")
        #expect(try rehearsal.run.outcome == "failed")
        try rehearsal.expectPage(says: ["Not all of the identities of tde-keys-standby (ams-1, ams-2) get at the vault"]
        )
    }

    @Test func `a second run changes nothing`() throws {
        let lab = try OracleLab(Self.runbook)
        let first = try lab.run()
        #expect(first.status == 0, "\(first)")
        let effects = (try lab.cloud.effects(), try lab.oracleEffects())
        let second = try lab.run()
        #expect(second.status == 0, "\(second)")
        #expect(try (lab.cloud.effects(), lab.oracleEffects()) == effects)
    }

    // MARK: What leads there

    @Test func `a primary whose key is in its wallet gets no standby made, and the plan says the way`() throws {
        let result = try refused("oracle-standby-connector") { $0.replacing("key: tde-keys/sales, ", with: "") }
        #expect((result.output + result.errors).contains("primary-key"), "\(result)")
        #expect((result.output + result.errors).contains("run oracle-standby-cluster for it"), "\(result)")
    }

    @Test func `a database in a group is not rotated past a standby that has no way to the key`() throws {
        let result = try refused("oracle-rotate-key") { text in
            text.replacing("        alone: true\n", with: "").replacing("  oracle:\n", with: Self.group) + Self.standby
        }
        #expect(
            (result.output + result.errors).contains("the cluster exa-ams (eu-amsterdam-1) has no identity connector"),
            "\(result)")
    }

    private static let group = "  oracle:\n    database-name: SALES\n"
    private static let standby = """
              SALES_AMS:
                id: ocid1.database.oc1.eu-amsterdam-1.salesams
                name: SALES
                role: STANDBY
                cluster: exa-ams
                key: tde-keys/sales

        """

    /// A rehearsal in clouds that are a little other than the shipped scenario's, of which nothing comes.
    private func refused(_ runbook: String, _ change: (String) -> String) throws -> CommandResult {
        let catalog = try Catalog(.shipped)
        let path = "runbooks/tests/\(runbook)/default.yaml"
        let text = try catalog.read(path)
        let cluster = """
                  exa-ams:
                    id: ocid1.cloudvmcluster.oc1.eu-amsterdam-1.exaams
                    compartment: ocid1.compartment.oc1..drill
                    nodes: [ams-1, ams-2]
                    key-store: true
                    azure: { resource-group: drill, location: westeurope }
                connectors:

            """
        let changed = change(text)
        let whole =
            changed.contains("exa-ams:\n        id") ? changed : changed.replacing("    connectors:\n", with: cluster)
        try catalog.write(path, whole)
        let result = try catalog.muster("rehearse", runbook, "--speed", "400")
        #expect(result.status == 3, "\(result)")
        #expect(catalog.runFolders.isEmpty)
        return result
    }
}
