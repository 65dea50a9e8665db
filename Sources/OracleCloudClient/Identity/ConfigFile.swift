// SPDX-License-Identifier: Apache-2.0

/// One profile of an OCI configuration file, such as `~/.oci/config`
/// (docs.oracle.com/iaas/Content/API/Concepts/sdkconfig.htm).
package struct ConfigProfile: Hashable, Sendable {
    package let name: String
    /// The file, for messages.
    package let file: String
    private let entries: [String: String]

    /// Reads INI without interpolation; what stands under `DEFAULT` holds for every profile that does not say else.
    ///
    /// - Throws: ``OracleError`` `oracle.profile` when a line cannot be read or the profile is not there.
    package init(_ name: String, in text: String, file: String) throws(OracleError) {
        var sections: [String: [String: String]] = [:]
        var current: String?
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let line = trimmed(line)
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasPrefix("["), line.hasSuffix("]") {
                let section = String(trimmed(line.dropFirst().dropLast()))
                current = section
                sections[section, default: [:]] = sections[section] ?? [:]
            } else if let section = current, let mark = line.firstIndex(where: { $0 == "=" || $0 == ":" }) {
                let key = trimmed(line[..<mark]).lowercased()
                sections[section]?[key] = String(trimmed(line[line.index(after: mark)...]))
            } else {
                throw OracleError(
                    code: "oracle.profile", "\(file):\(index + 1) is neither a [profile] nor a line key=value of one.")
            }
        }
        guard name == "DEFAULT" || sections[name] != nil, !sections.isEmpty else {
            let known = sections.keys.sorted().joined(separator: ", ")
            throw OracleError(
                code: "oracle.profile", "\(file) has no profile \"\(name)\".",
                remedy: known.isEmpty ? "It has none at all." : "It has \(known).")
        }
        self.name = name
        self.file = file
        entries = (sections["DEFAULT"] ?? [:]).merging(sections[name] ?? [:]) { $1 }
    }

    /// Nil when absent or empty.
    package func optional(_ key: String) -> String? { entries[key].flatMap { $0.isEmpty ? nil : $0 } }

    package func required(_ key: String) throws(OracleError) -> String {
        guard let value = optional(key) else {
            throw OracleError(code: "oracle.profile", "The profile \(name) of \(file) has no \(key).")
        }
        return value
    }
}

private func trimmed(_ text: some StringProtocol) -> Substring {
    var text = Substring(text)
    while let first = text.first, first.isWhitespace { text.removeFirst() }
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return text
}
