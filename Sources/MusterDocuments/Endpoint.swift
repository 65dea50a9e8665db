// SPDX-License-Identifier: Apache-2.0

/// Why the text is not an endpoint that credentials may be sent to; nil when it is.
///
/// `https://host[:port][/path]`. Plain `http` is for this machine alone: `localhost`, names under it, 127.0.0.0/8,
/// `[::1]`.
func endpointMismatch(_ text: String) -> String? { endpointMismatch(text, plainAllowed: isLoopback) }

/// Why the text is not a DNS suffix; nil when it is. `http://` before it and a port behind it are for this machine.
func suffixMismatch(_ text: String) -> String? {
    let (scheme, rest) = splitScheme(text) ?? ("https", text)
    guard !rest.contains("/"), !rest.hasPrefix("[") else { return "It is a suffix, not an address" }
    return hostMismatch(rest, plainAllowed: scheme == "https" ? { _ in true } : isLoopback)
}

/// Where the platform hands out tokens of a managed identity: over plain `http` also on link-local addresses, as
/// https://learn.microsoft.com/azure/app-service/overview-managed-identity describes.
func platformEndpointMismatch(_ text: String) -> String? {
    endpointMismatch(text) { isLoopback($0) || isAddress($0, beginning: ["169", "254"]) }
}

private func endpointMismatch(_ text: String, plainAllowed: ([String]) -> Bool) -> String? {
    guard let (scheme, rest) = splitScheme(text) else { return "It needs https:// at its start" }
    let authority = rest.prefix { $0 != "/" }
    guard rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"?#\\@\"<>".utf8.contains($0) }) else {
        return "It may hold a host, a port and a path only"
    }
    return hostMismatch(String(authority), plainAllowed: scheme == "https" ? { _ in true } : plainAllowed)
}

private func splitScheme(_ text: String) -> (scheme: String, rest: String)? {
    for scheme in ["https", "http"] where text.hasPrefix(scheme + "://") {
        return (scheme, String(text.dropFirst(scheme.utf8.count + 3)))
    }
    return nil
}

private func hostMismatch(_ authority: String, plainAllowed: ([String]) -> Bool) -> String? {
    var host = authority[...]
    if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
        let port = authority[authority.index(after: end)...]
        guard port.isEmpty || (port.hasPrefix(":") && isPort(port.dropFirst())) else {
            return "Its port is not a number"
        }
        guard authority[...end] == "[::1]" else { return "Of IPv6 addresses only [::1] is understood" }
        return nil
    }
    if let colon = authority.lastIndex(of: ":") {
        guard isPort(authority[authority.index(after: colon)...]) else { return "Its port is not a number" }
        host = authority[..<colon]
    }
    let labels = host.split(separator: ".", omittingEmptySubsequences: false)
    guard host.utf8.count <= 253, labels.allSatisfy(isLabel) else { return "Its host is not a name" }
    guard plainAllowed(labels.map(String.init)) else { return "http is for this machine only" }
    return nil
}

private func isPort(_ text: Substring) -> Bool {
    text.utf8.allSatisfy { (48...57).contains($0) } && UInt16(text).map { $0 > 0 } == true
}

private func isLabel(_ label: Substring) -> Bool {
    !label.isEmpty && label.utf8.count <= 63 && label.first != "-" && label.last != "-"
        && label.utf8.allSatisfy {
            (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == UInt8(ascii: "-")
        }
}

private func isLoopback(_ labels: [String]) -> Bool {
    if labels.last?.lowercased() == "localhost" { return true }
    return isAddress(labels, beginning: ["127"])
}

/// All four parts must be numbers: a resolver would look up the name `127.0.0.1.example`.
private func isAddress(_ labels: [String], beginning: [String]) -> Bool {
    labels.count == 4 && labels.starts(with: beginning) && labels.allSatisfy { UInt8($0) != nil }
}
