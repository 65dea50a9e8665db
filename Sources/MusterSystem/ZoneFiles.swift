// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// The system's time zone database. It is kept up to date with the system, as a copy of ours would not be.
package struct ZoneFiles: Sendable {
    private let folders: [String]

    /// - Parameter folders: nil: that of the variable TZDIR, else where systems keep it.
    package init(folders: [String]? = nil) {
        self.folders = folders ?? Host.variable("TZDIR").map { [$0] } ?? ["/usr/share/zoneinfo", "/usr/lib/zoneinfo"]
    }

    /// The rules of the zones that are named.
    ///
    /// - Throws: `zone.unknown`.
    package func rules(of names: Set<String>) throws(MusterError) -> [String: ZoneRules] {
        var rules: [String: ZoneRules] = [:]
        for name in names.sorted() { rules[name] = try self.rules(of: name) }
        return rules
    }

    /// - Parameter name: such as `Europe/Zurich`; `UTC` is known without a file.
    package func rules(of name: String) throws(MusterError) -> ZoneRules {
        if name == "UTC" { return .utc }
        for folder in isZoneName(name) ? folders : [] {
            if let bytes = readSmallFile("\(folder)/\(name)", onlyRegular: true), let rules = ZoneRules(zoneFile: bytes)
            {
                return rules
            }
        }
        throw MusterError(
            code: "zone.unknown", "This machine's time zone database has no zone \"\(visibleText(name))\".",
            help: "Name a place such as Europe/Zurich; the package tzdata brings the database.")
    }
}
