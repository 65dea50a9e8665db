// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Who answered statements that a run asked by SQL, as its evidence tells (`docs/formats/record-v1.md`).
package struct SQLSourceRecord: Hashable, Sendable, Codable {
    /// `odbc`: a database through a driver; `simulator`: the cloud simulator by its own means, no database.
    package var kind: String
    /// The driver with its version; nil where none was needed.
    package var driver: String?
    /// The product with its version.
    package var product: String

    /// The distinct sources of all statements anywhere in the data of one piece of evidence, in its order.
    static func sources(in data: JSON) -> [SQLSourceRecord] {
        switch data {
        case .array(let elements): elements.flatMap(sources).reduce(into: []) { $0.appendNew($1) }
        case .object(let members):
            if data["statement"]?.string != nil, let source = data["source"] {
                SQLSourceRecord(source).map { [$0] } ?? []
            } else {
                members.sorted { $0.key < $1.key }.flatMap { sources(in: $0.value) }.reduce(into: []) {
                    $0.appendNew($1)
                }
            }
        default: []
        }
    }

    private init?(_ source: JSON) {
        guard let kind = source["kind"]?.string, let product = source["product"]?.string else { return nil }
        self.init(kind: kind, driver: source["driver"]?.string, product: product)
    }

    private init(kind: String, driver: String?, product: String) {
        self.kind = kind
        self.driver = driver
        self.product = product
    }
}

extension [SQLSourceRecord] {
    mutating func appendNew(_ source: SQLSourceRecord) { if !contains(source) { append(source) } }
}

/// The sources on the page, the simulator set apart so that nobody takes it for a database.
struct SQLSourceText {
    let sources: [SQLSourceRecord]

    private static let shownMax = 6

    init(_ sources: [SQLSourceRecord]) { self.sources = sources }

    var text: String {
        let more = sources.count > Self.shownMax ? ["and \(sources.count - Self.shownMax) more, in record.json"] : []
        return (sources.prefix(Self.shownMax).map(line) + more).joined(separator: "<br>")
    }

    private func line(_ source: SQLSourceRecord) -> String {
        if source.kind == "simulator" { return "**\(Markdown.text(source.product))**, no database" }
        return Markdown.text(source.product) + (source.driver.map { " over \(Markdown.text($0))" } ?? "")
    }
}
