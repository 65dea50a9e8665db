// SPDX-License-Identifier: Apache-2.0

import CommandFixture
import MusterModel
import Testing

extension RecordedRun {
    /// The record shows that both keys stand on both servers, and that each server is protected by its own.
    func expectSwapped(changes: String = "verified", sourceLocation: Testing.SourceLocation = #_sourceLocation) throws {
        #expect(try outcome == "succeeded", sourceLocation: sourceLocation)
        for step in KeySwap.changingSteps {
            #expect(try result(of: step) == changes, "\(step)", sourceLocation: sourceLocation)
        }
        let proofs = try postconditions(of: "verify-protectors")
        #expect(try result(of: "verify-protectors") == "shown" && proofs.count == 4, sourceLocation: sourceLocation)
        #expect(proofs.values.allSatisfy { $0 == "met" }, sourceLocation: sourceLocation)
        #expect(
            try postconditions(of: "verify-registered-keys") == ["keys-registered": "met"],
            sourceLocation: sourceLocation)

        let inputs = try #require(try json("plan.json")["inputs"])
        let keys = try ["primaryKey", "secondaryKey"].map { try #require(inputs[$0]?.string) }
        let servers = try ["primary", "secondary"].map { try #require(inputs[$0]?.string) }
        let protectors = try #require(try json("evidence/verify-protectors/protectors.json")["data"]?.array)
        #expect(protectors.map { $0["server"]?.string } == servers, sourceLocation: sourceLocation)
        #expect(protectors.map { $0["uri"]?.string } == keys, sourceLocation: sourceLocation)
        let listed = try #require(try json("evidence/verify-registered-keys/server-keys.json")["data"]?.array)
        #expect(listed.map { $0["server"]?.string } == servers, sourceLocation: sourceLocation)
        for server in listed {
            let registered = (server["keys"]?.array ?? []).compactMap { $0["uri"]?.string }
            #expect(Set(registered).isSuperset(of: keys), sourceLocation: sourceLocation)
        }
    }
}
