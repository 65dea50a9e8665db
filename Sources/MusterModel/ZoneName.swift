// SPDX-License-Identifier: Apache-2.0

/// Whether the text can be a zone's name, such as `Europe/Zurich`: no path that leads elsewhere is one.
package func isZoneName(_ text: String) -> Bool {
    text.utf8.count <= 64
        && text.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
            part.first?.isLetter == true
                && part.utf8.allSatisfy { byte in
                    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                        || "_+-".utf8.contains(byte)
                }
        }
}
