// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Compares with a file of the `Golden` folder; with `UPDATE_GOLDEN=1` in the environment writes it instead, for a
/// person to read the difference in review.
func golden(_ name: String, _ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(name)")
    try compare(file, bytes, sourceLocation: sourceLocation)
}

/// The same for a document that lives in the repository's `docs` folder.
func document(_ path: String, _ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    try compare(root.appending(path: "docs/\(path)"), bytes, sourceLocation: sourceLocation)
}

func compare(_ file: URL, _ bytes: [UInt8], sourceLocation: SourceLocation) throws {
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
        return
    }
    let wanted = String(decoding: try Data(contentsOf: file), as: UTF8.self).split(
        separator: "\n", omittingEmptySubsequences: false)
    let found = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    for (number, lines) in zip(wanted, found).enumerated() where lines.0 != lines.1 {
        Issue.record(
            "\(file.lastPathComponent):\(number + 1) differs:\n- \(lines.0)\n+ \(lines.1)\nUPDATE_GOLDEN=1 rewrites it.",
            sourceLocation: sourceLocation)
        return
    }
    #expect(wanted.count == found.count, "\(file.lastPathComponent) has another length", sourceLocation: sourceLocation)
}
