// SPDX-License-Identifier: Apache-2.0

internal import CYaml
import MusterExpressions
import MusterModel

/// A document's bytes by line, to find again in the source what the parser has already unquoted and unfolded.
struct SourceText {
    private let bytes: [UInt8]
    private let lineStarts: [Int]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var starts = [0]
        for (index, byte) in bytes.enumerated() where byte == 0x0A { starts.append(index + 1) }
        lineStarts = starts
    }

    /// Where each `${{` between the two marks stands.
    func expressionStarts(from start: yaml_mark_t, to end: yaml_mark_t, file: String) -> [SourceLocation] {
        var found: [SourceLocation] = []
        var line = Int(start.line)
        var column = Int(start.column)
        var at = offset(line: line, column: column)
        let last = min(offset(line: Int(end.line), column: Int(end.column)), bytes.count)
        while at + 2 < last {
            if bytes[at] == UInt8(ascii: "$"), bytes[at + 1] == UInt8(ascii: "{"), bytes[at + 2] == UInt8(ascii: "{") {
                found.append(SourceLocation(file: file, line: line + 1, column: column + 1))
            }
            if bytes[at] == 0x0A {
                line += 1
                column = 0
            } else if bytes[at] & 0xC0 != 0x80 {
                column += 1
            }
            at += 1
        }
        return found
    }

    /// Whether `${{` stands in the line, counted from 0.
    func lineHasExpression(_ line: Int) -> Bool {
        guard line < lineStarts.count else { return false }
        let end = line + 1 < lineStarts.count ? lineStarts[line + 1] : bytes.count
        return Template.hasExpression(String(decoding: bytes[lineStarts[line]..<end], as: UTF8.self))
    }

    /// Columns count characters, so that many characters of the line are passed.
    private func offset(line: Int, column: Int) -> Int {
        guard line < lineStarts.count else { return bytes.count }
        var at = lineStarts[line]
        var left = column
        while left > 0, at < bytes.count {
            at += 1
            while at < bytes.count, bytes[at] & 0xC0 == 0x80 { at += 1 }
            left -= 1
        }
        return at
    }
}
