// SPDX-License-Identifier: Apache-2.0

/// A token as Microsoft's driver takes it before connecting, in the attribute `SQL_COPT_SS_ACCESS_TOKEN`: its length in
/// bytes as 32 bits, then the token with a zero behind each byte, which for ASCII is UTF-16, lowest byte first.
///
/// https://learn.microsoft.com/sql/connect/odbc/using-azure-active-directory#authenticating-with-an-access-token
package struct AccessTokenAttribute: Hashable, Sendable {
    /// `SQL_COPT_SS_ACCESS_TOKEN` of `msodbcsql.h`.
    package static let number: Int32 = 1256

    package let bytes: [UInt8]
    /// The token itself.
    let text: String

    /// - Throws: ``SQLError`` of kind refused for what cannot be a token; the driver does not check it, and may crash.
    package init(_ token: String) throws(SQLError) {
        guard !token.isEmpty, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw SQLError(
                kind: .refused, state: nil, native: 0,
                message: "The access token is empty or holds other than visible ASCII.",
                remedy: "Look at the environment's Azure credential.")
        }
        text = token
        let data = token.utf8.flatMap { byte -> [UInt8] in [byte, 0] }
        bytes = withUnsafeBytes(of: UInt32(data.count)) { Array($0) } + data
    }
}

extension AccessTokenAttribute: CustomStringConvertible, CustomDebugStringConvertible {
    package var description: String { "an access token" }
    package var debugDescription: String { description }
}
