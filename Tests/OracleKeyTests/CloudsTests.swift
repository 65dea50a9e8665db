// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import CloudHTTP
import Foundation
import MusterModel
import Testing

@testable import CloudSimulator

struct CloudsTests {
    @Test func `a request reaches the cloud that it is meant for`() async throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = "runbooks/tests/data-guard-drill/default.yaml"
        let bytes = Array(try Data(contentsOf: root.appendingPathComponent(file)))
        let clouds = try Clouds(try CloudScenario(bytes, file: file), time: ManualTime())
        let oracle = try #require(WebAddress("https://simulated.example/oci/eu-frankfurt-1/20160918/databases"))
        let refused = try await clouds.send(HTTPRequest(.get, oracle), timeout: .seconds(1))
        #expect(String(decoding: refused.body, as: UTF8.self).contains("NotAuthenticated"))
        let azure = try #require(WebAddress("https://simulated.example/subscriptions?api-version=2022-12-01"))
        let other = try await clouds.send(HTTPRequest(.get, azure), timeout: .seconds(1))
        #expect(!String(decoding: other.body, as: UTF8.self).contains("NotAuthenticated"))
        #expect(other.status >= 400)
    }
}
