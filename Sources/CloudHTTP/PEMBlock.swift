// SPDX-License-Identifier: Apache-2.0

/// One block of a PEM file (RFC 7468); what stands between the blocks is ignored.
package struct PEMBlock: Hashable, Sendable {
    /// Such as `RSA PRIVATE KEY`.
    package var label: String
    /// The lines between, joined: Base64, and in old encrypted keys also the headers `Proc-Type` and `DEK-Info`.
    package var content: String

    package static func all(in text: String) -> [PEMBlock] {
        var blocks: [PEMBlock] = []
        var open: PEMBlock?
        for line in text.split(whereSeparator: \.isNewline) {
            if line.hasPrefix("-----BEGIN "), line.hasSuffix("-----") {
                open = PEMBlock(label: String(line.dropFirst(11).dropLast(5)), content: "")
            } else if line.hasPrefix("-----END ") {
                if let block = open { blocks.append(block) }
                open = nil
            } else {
                open?.content += line
            }
        }
        return blocks
    }
}
