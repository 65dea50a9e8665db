// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import CloudHTTP
import MusterModel
import Testing

@testable import OracleCloudClient

struct WorkRequestTests {
    private let operation = OracleOperation(action: "switchover", database: ashburn, workRequest: "ocid1.workrequest.x")

    private func status(_ status: String, percent: Double = 0, headers: HeaderFields = [:]) -> ScriptedTransport.Reply {
        .answer(
            ["id": "ocid1.workrequest.x", "status": .string(status), "percentComplete": .double(percent)],
            headers: headers)
    }

    @Test func `a work request is followed at its own host in the database's region`() async throws {
        let bench = try Bench([
            status("ACCEPTED"), status("IN_PROGRESS", percent: 50, headers: ["retry-after": "7"]), status("SUCCEEDED"),
        ])
        var fractions: [Double?] = []
        let end = try await bench.calls().workRequests.wait(for: operation) { fractions.append($0) }
        #expect(end == .succeeded)
        #expect(fractions == [0, 0.5])
        #expect(bench.time.slept == [.seconds(2), .seconds(7)])
        #expect(bench.transport.requests[0].url.host == "iaas.us-ashburn-1.oraclecloud.com")
    }

    @Test func `a failed work request is given with its reasons`() async throws {
        let bench = try Bench([
            status("FAILED"), .answer([["code": "ORA-16664", "message": "no reply", "timestamp": "t"]]),
        ])
        let end = try await bench.calls().workRequests.wait(for: operation)
        #expect(end == .failed("Work request ocid1.workrequest.x is FAILED: no reply [ORA-16664]"))
    }

    @Test func `time that runs out leaves the outcome unknown`() async throws {
        let bench = try Bench(Array(repeating: status("IN_PROGRESS"), count: 9))
        let error = await oracleError {
            try await bench.calls(within: .seconds(60)).workRequests.wait(for: operation)
        }
        #expect(error?.code == "oracle.still-running")
        #expect(error?.advice == .unknownOutcome)
    }

    @Test func `without a work request the database's own state is followed`() async throws {
        let bench = try Bench([.answer(databaseJSON(ashburn, state: "UPDATING")), .answer(databaseJSON(ashburn))])
        var silent = operation
        silent.workRequest = nil
        #expect(try await bench.calls().workRequests.wait(for: silent) == .settled)
    }

    @Test(
        arguments: [
            ("0 seconds", 0), ("1 second", 1000), ("1 minute 5 seconds", 65_000), ("2 hours, 3 minutes", 7_380_000),
            ("+00 00:00:03", 3000), ("+01 00:00:00", 86_400_000), ("3.5 s", 3500), ("250 ms", 250),
            ("1 day 1 second", 86_401_000),
        ] as [(String, Int64)])
    func `a lag is read as the service words it`(text: String, milliseconds: Int64) {
        #expect(lag(text) == .milliseconds(milliseconds))
    }

    @Test(arguments: ["", "-", "unknown", "5", "5 parsecs", "-3 seconds", "+x 00:00:00", "+00 00:00", "1e99 seconds"])
    func `a lag that is not understood is unknown, not zero`(text: String) {
        #expect(lag(text) == nil)
        #expect(lag(nil) == nil)
    }
}
