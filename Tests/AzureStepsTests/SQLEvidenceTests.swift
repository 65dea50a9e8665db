// SPDX-License-Identifier: Apache-2.0

import MusterModel
import MusterSQL
import Testing

@testable import SQLSteps

struct SQLEvidenceTests {
    private let target = SQLTarget(server: "one", host: "one.example", database: "db", intent: .readWrite)

    private func evidence(_ rows: [[SQLValue]]) -> SQLEvidence {
        SQLEvidence(
            "SELECT a FROM b", of: target, source: nil, answer: .success(SQLRows(columns: ["a"], rows: rows)))
    }

    @Test func `a long answer is kept by its beginning and its length`() {
        let long = evidence((1...51).map { [.integer(Int64($0))] })
        #expect(long.rows?.count == 50 && long.rowCount == 51)
        let short = evidence((1...50).map { [.integer(Int64($0))] })
        #expect(short.rows?.count == 50 && short.rowCount == nil)
    }

    @Test(arguments: [
        SQLValue.text(String(repeating: "é", count: 1001)), .bytes([UInt8](repeating: 7, count: 4_000_000)),
    ])
    func `a long value is kept by its beginning`(value: SQLValue) throws {
        let text = try #require(evidence([[value]]).rows?[0][0].string)
        #expect(text.count == 1001 && text.hasSuffix("…"))
    }

    @Test func `a thumbprint is whole`() {
        let thumbprint = [UInt8](repeating: 0xAB, count: 20)
        #expect(evidence([[.bytes(thumbprint)]]).rows?[0][0] == .string("0x" + String(repeating: "AB", count: 20)))
    }
}
