// SPDX-License-Identifier: Apache-2.0

/// Attributes as ODBC takes them, in their order. Its descriptions leave values out: some are secrets.
///
/// The grammar: https://learn.microsoft.com/openspecs/sql_server_protocols/ms-odbcstr/55953f0e-2d30-4ad4-8e56-b4207e491409
package struct ConnectionString: Hashable, Sendable {
    package struct Attribute: Hashable, Sendable {
        package var name: String
        package var value: String
        /// As it stands behind `=`: in braces or not.
        fileprivate var written: String
    }

    package private(set) var attributes: [Attribute] = []

    package init() {}

    /// Names are compared without case.
    package subscript(_ name: String) -> String? {
        attributes.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// The value is put into braces where something in it has a meaning of its own.
    package mutating func append(_ name: String, _ value: String) {
        attributes.append(Attribute(name: name, value: value, written: Self.quoted(value)))
    }

    /// Written as an author has: not every driver takes braces away, nor everything without them.
    mutating func append(_ name: String, author value: String, inBraces: Bool) {
        attributes.append(Attribute(name: name, value: value, written: inBraces ? Self.braced(value) : value))
    }

    /// What the driver manager is given.
    package var text: String { attributes.map { "\($0.name)=\($0.written);" }.joined() }

    static func quoted(_ value: String) -> String {
        let isPlain = value.unicodeScalars.allSatisfy {
            $0.value >= 0x20 && $0.value != 0x7F && !";{}=".unicodeScalars.contains($0)
        }
        return isPlain && value.first != " " && value.last != " " ? value : braced(value)
    }

    private static func braced(_ value: String) -> String { "{\(value.replacing("}", with: "}}"))}" }
}

extension ConnectionString: CustomStringConvertible, CustomDebugStringConvertible {
    package var description: String { attributes.map { "\($0.name)=…;" }.joined() }
    package var debugDescription: String { description }
}
