// SPDX-License-Identifier: Apache-2.0

import MusterDocuments
import MusterModel
import Testing

@testable import MusterCommands

/// Leases in muster.yaml that `muster run` would refuse.
@Suite struct LeaseLintTests {
    @Test(arguments: [
        ("", []), ("leases: local\n", []), ("leases: remote\n", ["error lint.no-lease-remote 2"]),
        ("records: { remote: origin }\nleases: required\n", []),
        ("records: { remote: folder }\nleases: required\n", ["warning lint.lease-remote-is-folder 3"]),
        ("records: { remote: folder }\nleases: remote\n", ["warning lint.lease-remote-is-folder 3"]),
        ("records: { remote: folder }\n", []),
    ])
    func `are told with their line`(text: String, says: [String]) throws {
        let bytes = Array("catalog: test\n\(text)".utf8)
        let configuration = try #require(Configuration.parse(bytes, file: "muster.yaml").value)
        let found = lintLeases(configuration, bytes, folderRemotes: ["folder"])
        #expect(found.map { "\($0.severity.rawValue) \($0.code) \($0.location?.line ?? 0)" } == says)
    }
}
