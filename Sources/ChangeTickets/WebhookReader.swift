// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import MusterMachine
internal import MusterModel

/// Change tickets by a contract of our own (`docs/formats/environment-v1.md`), for any system that somebody puts a few lines in
/// front of. An answer that is not exactly by the contract is none.
struct WebhookReader: TicketReader {
    func request(_ question: TicketQuestion) throws(TicketTrouble) -> HTTPRequest {
        let body: JSON = [
            "format": 1, "ticket": .string(question.ticket), "runbook": .string(question.runbook),
            "environment": .string(question.environment), "kind": .string(question.kind.rawValue),
            "plan": .string(question.plan.description), "operator": .string(question.operatorName),
        ]
        return HTTPRequest(
            .post, try question.system.address(), headers: ["content-type": "application/json"],
            body: body.canonicalBytes())
    }

    private static let members: Set<String> = ["allowed", "state", "opens", "closes", "says"]

    func read(_ json: JSON, _ question: TicketQuestion) throws(TicketTrouble) -> TicketAnswer {
        guard let object = json.object else { throw TicketTrouble("its answer is no object") }
        if let stranger = object.keys.filter({ !Self.members.contains($0) }).min() {
            throw TicketTrouble(
                "its answer has a member \"\(bounded(stranger, 40))\", which the contract does not know")
        }
        guard let isAllowed = object["allowed"]?.bool else { throw TicketTrouble("its answer has no \"allowed\"") }
        guard let state = try text("state", of: object) else { throw TicketTrouble("its answer has no \"state\"") }
        return .standing(
            TicketStanding(
                state: bounded(state, 80), isAllowed: isAllowed, opens: try moment("opens", of: object),
                closes: try moment("closes", of: object),
                says: try text("says", of: object).map { bounded($0, TicketClient.textMax) }))
    }

    /// Nil where the member is missing or null.
    private func text(_ name: String, of object: [String: JSON]) throws(TicketTrouble) -> String? {
        guard let member = object[name], member != .null else { return nil }
        guard let text = member.string, !text.isEmpty else { throw TicketTrouble("its \"\(name)\" is no text") }
        return text
    }

    private func moment(_ name: String, of object: [String: JSON]) throws(TicketTrouble) -> Timestamp? {
        guard let text = try text(name, of: object) else { return nil }
        guard let moment = zonedMoment(text) else {
            throw TicketTrouble("its \"\(name)\" is no time with a zone: \"\(bounded(text, 40))\"")
        }
        return moment
    }
}

/// A time of RFC 3339 in any zone; what is finer than a millisecond is left out. Nil for anything else.
func zonedMoment(_ text: String) -> Timestamp? {
    let form =
        /([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?(?:[Zz]|([+\-])([0-9]{2}):([0-9]{2}))/
    guard let match = text.wholeMatch(of: form) else { return nil }
    let fraction = (match.3.map(String.init) ?? "") + "000"
    guard let local = Timestamp("\(match.1)T\(match.2).\(fraction.prefix(3))Z") else { return nil }
    guard let sign = match.4 else { return local }
    guard let hours = match.5.flatMap({ Int($0) }), let minutes = match.6.flatMap({ Int($0) }), hours < 24, minutes < 60
    else { return nil }
    let offset = Duration.seconds(hours * 3600 + minutes * 60)
    let moment = local.advanced(by: sign == "+" ? .zero - offset : offset)
    // Beyond the year 9999, and before the first, no text of ours can hold it.
    return Timestamp(moment.description) == moment ? moment : nil
}
