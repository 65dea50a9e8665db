// SPDX-License-Identifier: Apache-2.0

import MusterSQL
import OracleSteps
import Testing

struct KeyAgeTests {
    private func answers(_ activated: [String?]) throws -> KeyAnswers {
        let rows = activated.enumerated().map { number, time -> [SQLValue] in
            [
                .integer(Int64([1, 3, 4][number])), .text("key\(number)"), .text("HSM"),
                time.map { .text($0) } ?? .null,
                .text("2026-03-10 12:00:00"),
            ]
        }
        let keys = try #require(
            MasterKeyRow.read(
                SQLRows(columns: ["con_id", "key_id", "keystore_type", "activated", "read_at"], rows: rows)))
        return KeyAnswers(keystores: [], keys: keys, instances: [], pluggables: keys.count - 1)
    }

    @Test func `the newest key tells since when a node must have been started`() throws {
        let age = try answers(["2026-03-10 11:00:00", "2026-03-10 11:59:00"]).newestAge
        #expect(age == .seconds(60))
    }

    @Test func `a key whose age is not told may be the newest`() throws {
        #expect(try answers(["2026-03-10 11:00:00", nil]).newestAge == nil)
        #expect(try answers([]).newestAge == nil)
    }
}
