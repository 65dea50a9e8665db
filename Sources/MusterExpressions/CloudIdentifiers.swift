// SPDX-License-Identifier: Apache-2.0

/// Why the text is not the id of an Azure resource (of the named type); nil when it is.
///
/// `/subscriptions/<guid>[/resourceGroups/<name>][/providers/<namespace>/<type>/<name>…]`. Names of types and the fixed
/// words compare without regard to case, as Resource Manager does
/// (https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules). The id becomes part of
/// request paths, so characters that could change a path are refused.
func azureResourceIDMismatch(_ text: String, resource: String?) -> String? {
    let shape =
        "'\(text)' is not an Azure resource id, /subscriptions/<id>/resourceGroups/<group>/providers/<type>/<name>"
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count >= 3, parts[0].isEmpty, parts[1].lowercased() == "subscriptions", isGUID(parts[2]),
        parts.dropFirst().allSatisfy(isResourceNameSegment)
    else { return shape }
    var rest = parts.dropFirst(3)
    if rest.first?.lowercased() == "resourcegroups" {
        guard rest.count >= 2 else { return shape }
        rest = rest.dropFirst(2)
    }
    var type = parts.count == 3 ? "Microsoft.Resources/subscriptions" : "Microsoft.Resources/resourceGroups"
    while !rest.isEmpty {
        guard rest.first?.lowercased() == "providers", rest.count >= 4 else { return shape }
        type = rest[rest.startIndex + 1]
        rest = rest.dropFirst(2)
        while !rest.isEmpty, rest.first?.lowercased() != "providers" {
            guard rest.count >= 2 else { return shape }
            type += "/" + rest[rest.startIndex]
            rest = rest.dropFirst(2)
        }
    }
    guard let resource, type.lowercased() != resource.lowercased() else { return nil }
    return "'\(text)' is a \(type), a \(resource) is needed"
}

/// Why the text is not the identifier of one version of a key; nil when it is.
///
/// `https://<vault>.<suffix>/keys/<name>/<32 hexadecimal digits>`
/// (https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates). Plain `http` and a port are
/// accepted for names under `localhost` alone.
func keyVaultKeyIDMismatch(_ text: String) -> String? {
    let shape =
        "'\(text)' is not a versioned key identifier, https://<vault>.vault.azure.net/keys/<name>/<32 hex digits>"
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 6, parts[1].isEmpty, parts[3] == "keys" else { return shape }
    let host = parts[2].split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    let labels = host[0].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    let isLocal = labels.last == "localhost"
    guard parts[0] == "https:" || (parts[0] == "http:" && isLocal) else { return shape }
    guard host.count == 1 || (host.count == 2 && UInt16(host[1]) != nil) else { return shape }
    guard labels.count >= 2, labels.allSatisfy(isHostLabel), labels[0].utf8.count <= 24 else { return shape }
    guard isHostLabel(parts[4]), parts[4].utf8.count <= 127 else { return shape }
    guard parts[5].utf8.count == 32, parts[5].utf8.allSatisfy(isHexDigit) else { return shape }
    return nil
}

func isGUID(_ text: String) -> Bool {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    return parts.map(\.utf8.count) == [8, 4, 4, 4, 12] && parts.allSatisfy { $0.utf8.allSatisfy(isHexDigit) }
}

private func isResourceNameSegment(_ text: String) -> Bool {
    guard !text.isEmpty, text.utf8.count <= 260, text != ".", text != ".." else { return false }
    return text.unicodeScalars.allSatisfy { scalar in
        !"%?#\\<>&:\"".unicodeScalars.contains(scalar) && scalar.value > 0x20 && scalar.value != 0x7F
            && !scalar.properties.isWhitespace
    }
}

private func isHostLabel(_ text: String) -> Bool {
    !text.isEmpty && !text.hasPrefix("-") && !text.hasSuffix("-")
        && text.utf8.allSatisfy {
            (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == UInt8(ascii: "-")
        }
}

private func isHexDigit(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...70).contains(byte) || (97...102).contains(byte)
}
