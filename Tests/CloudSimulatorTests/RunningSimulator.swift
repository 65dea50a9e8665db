// SPDX-License-Identifier: Apache-2.0

import Glibc
import MusterModel
import MusterSystem
import Testing

/// The executable in a process of its own, ready.
final class RunningSimulator {
    let process: ChildProcess
    let ready: JSON

    init(
        _ arguments: [String],
        scenario: String = Files.path("runbooks/tests/failover-group-key-swap/default.yaml"),
        input: String = ""
    ) throws {
        let process = try ChildProcess(
            path: try Files.executable("muster-cloud-simulator"), arguments: ["--scenario", scenario] + arguments,
            environment: [:])
        self.process = process
        #expect(process.send(Array(input.utf8)))
        var line: [UInt8] = []
        while line.last != UInt8(ascii: "\n") {
            _ = waitUntilReady([PollTarget(reading: process.output)], timeout: nil)
            switch process.readOutput() {
            case .bytes(let bytes): line += bytes
            case .nothingYet: continue
            case .endOfFile: throw NotReady(errors: Self.drain { process.readErrors() })
            }
        }
        ready = try JSON.parse(line)
    }

    struct NotReady: Error { var errors: String }

    var port: Int { Int(ready["port"]?.int ?? 0) }

    func stop() {
        process.closeInput()
        _ = process.reap(blocking: true)
    }

    func server(_ name: String) -> String {
        "/subscriptions/\(ready["subscription"]?.string ?? "")/resourceGroups/harshitha_lab/providers/Microsoft.Sql/servers/\(name)"
    }

    func token(_ scope: String) throws -> String {
        let form =
            "grant_type=client_credentials&client_id=\(ready["client-id"]?.string ?? "")&scope=\(scope)"
            + "&client_secret=\(ready["client-secret"]?.string ?? "")"
        let answer = try RawConnection.send(
            "POST", "/\(ready["tenant"]?.string ?? "")/oauth2/v2.0/token", port: port, body: form)
        return try #require(answer.json?["access_token"]?.string)
    }

    /// With a new token for each call.
    func call(
        _ method: String, _ target: String, host: String = "127.0.0.1",
        scope: String = "https://management.azure.com/.default",
        body: String = ""
    ) throws -> RawConnection.Answer {
        let headers = ["Authorization": "Bearer \(try token(scope))", "Content-Type": "application/json"]
        return try RawConnection.send(method, target, port: port, host: host, headers: headers, body: body)
    }

    /// All that comes until the end.
    static func drain(_ read: () -> ChildProcess.ReadResult) -> String {
        var bytes: [UInt8] = []
        while true {
            switch read() {
            case .bytes(let more): bytes += more
            case .nothingYet: sched_yield()
            case .endOfFile: return String(decoding: bytes, as: UTF8.self)
            }
        }
    }
}
