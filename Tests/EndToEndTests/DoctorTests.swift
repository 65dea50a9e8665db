// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import MusterModel
import Testing

/// Checks of an environment: read-only, without a record.
struct DoctorTests {
    private static let runbook = """
        runbook: watch
        version: 1.0.0
        summary: Looks whether the group stands as it should
        inputs:
          failoverGroup: { type: azure-resource-id, resource: Microsoft.Sql/servers/failoverGroups }
          primary: { type: azure-resource-id, resource: Microsoft.Sql/servers }
        steps:
          - id: roles
            uses: test-failover/verify-roles@^1.1
            with:
              failoverGroup: ${{ inputs.failoverGroup }}
              primary: ${{ inputs.primary }}
              atStart: true

        """

    private let catalog: Catalog
    private let cloud: LabCloud

    init() throws {
        catalog = try Catalog(.shipped)
        for name in try Catalog.shippedRunbooks() { try catalog.git("rm", "-qr", "runbooks/\(name).yaml") }
        cloud = try LabCloud(scenario: catalog.scenario(of: "failover-group-drill"))
        try catalog.write("runbooks/watch.yaml", Self.runbook)
        try catalog.write("environments/lab.yaml", cloud.environment() + values(primary: Lab.primary))
        try catalog.commit("A watch")
        try catalog.lock("watch")
        catalog.variables = [LabCloud.secretName: cloud.secret]
    }

    private func values(primary: String) -> String {
        let servers =
            "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/harshitha_lab/providers/Microsoft.Sql/servers"
        return """
            values:
              failoverGroup: "\(servers)/\(Lab.primary)/failoverGroups/tdefailovergroup"
              primary: "\(servers)/\(primary)"

            """
    }

    private func effects() throws -> Int64? { try cloud.look(at: "effects")["total"]?.int }

    @Test func `what stands as it should ends with 0, and leaves no record`() throws {
        let result = try catalog.muster("doctor", "-e", "lab", "--verbose")
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output.contains("✓ roles server-is-primary"))
        #expect(result.output.contains("5 of 5 hold"))
        #expect(try effects() == 0)
        #expect(try !catalog.git("branch", "--list", "muster/*").contains("muster"))
    }

    @Test func `what does not hold ends with 3, with its remedy`() throws {
        try catalog.write("environments/lab.yaml", cloud.environment() + values(primary: Lab.secondary))
        try catalog.commit("The wrong side")
        let result = try catalog.muster("doctor", "watch", "-e", "lab")
        #expect(result.status == 3, "\(result.output)")
        #expect(result.output.contains("✗ unmet: roles roles-as-named"))
        #expect(result.output.contains("→ Exchange the two servers"))
        #expect(try effects() == 0)
        let json = try JSON.parse(try catalog.muster("doctor", "-e", "lab", "--json").output)
        #expect(json["examined"]?.array?.first?["runbook"] == "watch")
    }

    @Test func `inputs without a value are named, and a runbook with effects is left to plan`() throws {
        try catalog.write("environments/lab.yaml", cloud.environment())
        try catalog.commit("No values")
        let result = try catalog.muster("doctor", "-e", "lab")
        #expect(result.status == 3)
        #expect(result.output.contains("watch  not looked at: it needs failoverGroup, primary."))
        try catalog.write(
            "runbooks/swing.yaml",
            Self.runbook.replacing("runbook: watch", with: "runbook: swing")
                + "  - { id: rest, uses: muster/wait, with: { for: 1s } }\n")
        try catalog.commit("With a wait")
        try catalog.lock("swing")
        let refused = try catalog.muster("doctor", "swing", "-e", "lab")
        #expect(refused.status == 2)
        #expect(refused.errors.contains("[doctor.has-effects]"))
    }
}
