// SPDX-License-Identifier: Apache-2.0

/// An absolute `http` or `https` URL, kept as it was written.
///
/// Only what RFC 3986 allows is accepted, and no user part and no fragment, so that the host on which the rules about
/// credentials decide is for certain the host that is connected to.
package struct WebAddress: Hashable, Sendable, CustomStringConvertible {
    /// The whole text, untouched: a signed operation URL must be sent as it came.
    package let text: String
    package let isSecure: Bool
    /// Lower case, an IPv6 address without brackets.
    package let host: String
    package let port: Int
    /// Path and query as written, beginning with `/`.
    package let target: String

    /// Nil for anything that is not such a URL.
    package init?(_ text: String) {
        let lowered = text.prefix(8).lowercased()
        guard lowered.hasPrefix("https://") || lowered.hasPrefix("http://") else { return nil }
        guard text.utf8.allSatisfy(Self.allowed) else { return nil }
        isSecure = lowered.hasPrefix("https://")
        let rest = text.dropFirst(isSecure ? 8 : 7)
        let authorityEnd = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        guard let (host, port) = Self.split(authority: rest[..<authorityEnd], defaultPort: isSecure ? 443 : 80) else {
            return nil
        }
        self.text = text
        self.host = host
        self.port = port
        let tail = rest[authorityEnd...]
        target = tail.hasPrefix("/") ? String(tail) : "/" + tail
    }

    package var description: String { text }

    package var path: String { String(target.prefix { $0 != "?" }) }

    /// The query without its question mark; empty when there is none.
    package var query: String {
        guard let mark = target.firstIndex(of: "?") else { return "" }
        return String(target[target.index(after: mark)...])
    }

    /// Scheme, host and port: what must be the same for a credential to go along.
    package var origin: String {
        let shownHost = host.contains(":") ? "[\(host)]" : host
        let shownPort = port == (isSecure ? 443 : 80) ? "" : ":\(port)"
        return (isSecure ? "https://" : "http://") + shownHost + shownPort
    }

    /// This machine: 127.0.0.0/8, ::1, `localhost` and every name under it (RFC 6761).
    package var isLoopback: Bool {
        if host == "localhost" || host.hasSuffix(".localhost") || host == "::1" { return true }
        return ipv4.map { $0[0] == 127 } ?? false
    }

    /// 169.254.0.0/16, where a platform serves its machines' identity.
    package var isLinkLocal: Bool { ipv4.map { $0[0] == 169 && $0[1] == 254 } ?? false }

    private var ipv4: [UInt8]? {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        let bytes = parts.compactMap { UInt8($0) }
        return parts.count == 4 && bytes.count == 4 ? bytes : nil
    }

    private static func allowed(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && !"\"<>\\^`{|}#".utf8.contains(byte)
    }

    private static func split(authority: Substring, defaultPort: Int) -> (host: String, port: Int)? {
        var hostText = authority
        var port = defaultPort
        let closing = authority.lastIndex(of: "]")
        if let colon = authority.lastIndex(of: ":"), closing.map({ colon > $0 }) ?? true {
            guard let number = Int(authority[authority.index(after: colon)...]), (1...65_535).contains(number) else {
                return nil
            }
            port = number
            hostText = authority[..<colon]
        }
        if hostText.hasPrefix("[") {
            guard hostText.hasSuffix("]") else { return nil }
            let address = hostText.dropFirst().dropLast()
            guard !address.isEmpty, address.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else { return nil }
            return (address.lowercased(), port)
        }
        let isName = hostText.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "." || $0 == "_" }
        guard !hostText.isEmpty, isName, !hostText.hasPrefix("."), !hostText.contains("..") else { return nil }
        return (hostText.lowercased(), port)
    }
}

/// One path segment or query value with everything but RFC 3986's unreserved characters as `%XX`.
package func percentEncoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF")
    var out = ""
    for byte in text.utf8 {
        let scalar = Unicode.Scalar(byte)
        if byte < 0x80,
            scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || "-._~".unicodeScalars.contains(scalar)
        {
            out.unicodeScalars.append(scalar)
        } else {
            out += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
        }
    }
    return out
}

extension WebAddress {
    /// This address with more path and query. The path must be encoded already; query values are encoded here.
    package func appending(path more: String, query items: [(String, String)] = []) -> WebAddress {
        let base = path == "/" && more.hasPrefix("/") ? "" : path
        let parts = (query.isEmpty ? [] : [query]) + items.map { "\($0.0)=\(percentEncoded($0.1))" }
        let text = origin + base + more + (parts.isEmpty ? "" : "?" + parts.joined(separator: "&"))
        guard let address = WebAddress(text) else { preconditionFailure("a path or query is not encoded: \(text)") }
        return address
    }
}
