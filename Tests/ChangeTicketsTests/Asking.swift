// SPDX-License-Identifier: Apache-2.0

import CloudHTTP
import CommandFixture
import MusterMachine
import MusterModel

@testable import ChangeTickets

/// What a test asks a server, and how patiently.
struct Asking {
    static let token = "a-token-of-the-test"
    static let table = ServiceNowTable(
        name: "change_request", states: ["Scheduled", "-1"], opensField: "start_date", closesField: "end_date")

    var kind = TicketSystem.Kind.serviceNow(table)
    var ticket = "CHG0001"
    var credential = TicketSystem.Credential.token(token)
    /// Behind the server's address.
    var path = ""
    var caFile: String?
    /// A server that says nothing is waited for no longer than that.
    var answerTimeout = Duration.seconds(36_000)
    var attemptsMax = 1

    func answer(of server: TicketServer) async throws -> TicketAnswer { try await answer(at: server.url + path) }

    func answer(at url: String) async throws -> TicketAnswer {
        // A server that is starved of the processor is no fault.
        let transport = try NetworkTransport(
            caFile: caFile, answerLimit: TicketClient.answerBytesMax,
            patience: .init(connection: answerTimeout, silence: answerTimeout))
        let client = TicketClient(
            transport: transport, retry: RetryPolicy(attemptsMax: attemptsMax, firstWait: .zero, waitMax: .zero),
            patience: .seconds(36_000), answerTimeout: answerTimeout)
        let answer = await client.answer(to: question(at: url))
        await transport.shutdown()
        return answer
    }

    func question(at url: String) -> TicketQuestion {
        TicketQuestion(
            system: TicketSystem(kind: kind, url: url, credential: credential, caFile: caFile), ticket: ticket,
            runbook: "drill", environment: "lab", kind: .drill, plan: Digest(of: []),
            operatorName: "Ada Operator <ada@example.org>")
    }
}

/// A record of change_request; a list stands for value and shown value.
func changeRequest(
    _ number: String = "CHG0001", state: JSON = ["-1", "Implement"], opens: JSON = "2026-11-22 20:00:00",
    closes: JSON = "2026-11-23 02:00:00"
) -> JSON {
    ["number": .string(number), "state": state, "start_date": opens, "end_date": closes]
}

extension TicketAnswer {
    /// Why there is none; nil where there is one.
    var why: String? { if case .unknown(let why) = self { why } else { nil } }
    var standing: TicketStanding? { if case .standing(let standing) = self { standing } else { nil } }
}
