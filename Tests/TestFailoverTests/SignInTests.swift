// SPDX-License-Identifier: Apache-2.0

import CloudHTTP
import MusterModel
import MusterPlugin
import MusterSQL
import SQLSteps
import Testing

@testable import TestFailover

struct SignInTests {
    /// Asks one database once.
    private struct Asking: ProofStep {
        static let name = "ask"
        static let definition: [UInt8] = []
        struct Inputs: Codable, Sendable {}

        func verify(_ inputs: Inputs, _ context: StepContext) async throws -> [Condition] {
            let target = SQLTarget(server: "s", host: "s.localhost", database: "d", intent: .readWrite)
            return try await Databases.run(context) { databases in
                try await asStepError { [.met("asked", "\(try await databases.ask(target, "SELECT 1"))")] }
            }
        }
    }

    @Test func `the exchange about a database's token is kept as evidence, so that its refusal can be found`()
        async throws
    {
        let lab = try await Lab()
        // The simulator knows no tokens for databases, and refuses.
        let step = try lab.harness(Asking.self, sql: ["connection": "Driver={No Such Driver}", "token": "azure"])
        let error = await #expect(throws: StepError.self) { _ = try await step.verify(Asking.Inputs()) }
        #expect(error?.code == "sql.refused", "\(String(describing: error))")
        let exchanges = try #require(try step.evidence("sql-sign-in", as: [Exchange].self).first)
        #expect(exchanges.map(\.status) == [400] && exchanges.first?.requestID != nil, "\(exchanges)")
        #expect(exchanges.first?.url.hasSuffix("/oauth2/v2.0/token") == true)
        #expect(try step.evidence("sql", as: JSON.self).count == 1)
    }
}
