// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import MusterMachine
internal import MusterModel

/// Change tickets as records of a table, by ServiceNow's Table API
/// (https://www.servicenow.com/docs/r/yokohama/api-reference/rest-apis/c_TableAPI.html).
///
/// - `GET /api/now/table/{table}` answers `{"result": [record, …]}`, an empty list where nothing matches. With
///   `sysparm_display_value=all` each column is an object of `value`, what the database holds, and `display_value`, what people
///   read. Dates of the database are in UTC, `yyyy-MM-dd HH:mm:ss`; shown ones are in the user's own zone
///   (https://www.servicenow.com/community/developer-blog/actual-vs-display-value-the-most-misunderstood-concept-in/ba-p/3311327),
///   so that only the former are read.
/// - In an encoded query `^` joins conditions (https://servicenow.github.io/sdk/guides/encoded-query-guide), so that an id with one in
///   it is never sent. A part of a query that an instance does not understand it leaves out, and answers with other records
///   (https://docs.servicenow.com/bundle/geneva-servicenow-platform/page/integrate/inbound_rest/reference/r_TableAPI-GET.html): only a
///   record of the very number that was asked for counts.
struct ServiceNowReader: TicketReader {
    let table: ServiceNowTable

    func request(_ question: TicketQuestion) throws(TicketTrouble) -> HTTPRequest {
        guard TicketAssessment.isID(question.ticket) else { throw TicketTrouble("the id cannot stand in a query") }
        let base = try question.system.address()
        let columns = ["number", "state", table.opensField, table.closesField]
        let url = base.appending(
            path: (base.path.hasSuffix("/") ? "" : "/") + "api/now/table/\(percentEncoded(table.name))",
            query: [
                ("sysparm_query", "number=\(question.ticket)"), ("sysparm_display_value", "all"),
                ("sysparm_fields", columns.joined(separator: ",")),
                ("sysparm_exclude_reference_link", "true"),
                // The second shows that the number does not name one ticket.
                ("sysparm_limit", "2"),
            ])
        return HTTPRequest(.get, url)
    }

    func read(_ json: JSON, _ question: TicketQuestion) throws(TicketTrouble) -> TicketAnswer {
        guard let records = json["result"]?.array else { throw TicketTrouble("its answer is not that of a table") }
        guard let record = records.first else { return .notFound }
        guard records.count == 1 else { throw TicketTrouble("it has more than one ticket of that number") }
        let number = try column("number", of: record).value
        guard number == question.ticket else {
            throw TicketTrouble("it answers with the ticket \(bounded(number, 80)), which is another one")
        }
        let state = try column("state", of: record)
        return .standing(
            TicketStanding(
                value: bounded(state.value, 80), shown: bounded(state.shown, 80), allowed: table.states,
                opens: try moment(table.opensField, of: record), closes: try moment(table.closesField, of: record)))
    }

    /// A column that is not there may be one that the user may not read: nothing is concluded from it.
    private func column(_ name: String, of record: JSON) throws(TicketTrouble) -> (value: String, shown: String) {
        guard let column = record[name], let value = column["value"]?.string else {
            throw TicketTrouble(
                "its answer has no \(name): the table has no such column, or the sign-in may not read it")
        }
        return (value, column["display_value"]?.string ?? value)
    }

    private func moment(_ name: String, of record: JSON) throws(TicketTrouble) -> Timestamp? {
        let text = try column(name, of: record).value
        if text.isEmpty { return nil }
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 2, text.utf8.count == 19, let moment = Timestamp("\(parts[0])T\(parts[1])Z") else {
            throw TicketTrouble("its \(name) is no time: \"\(bounded(text, 40))\"")
        }
        return moment
    }
}
