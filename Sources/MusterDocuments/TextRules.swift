// SPDX-License-Identifier: Apache-2.0

import MusterExpressions
import MusterModel

/// Stands for environments that are not named, in `muster.yaml`.
package let everyEnvironment = "*"

extension TextRule {
    static let text = TextRule("text") { _ in true }
    /// Something a person reads: not empty.
    static let sentence = TextRule("text that is not empty", pattern: #"\S"#) { text in
        text.unicodeScalars.contains { !$0.properties.isWhitespace }
    }
    static let kebab = TextRule(
        "a name of lower-case letters, digits and hyphens", pattern: "^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
        accepts: isKebabCase)
    /// So that a document that is copied to another name escapes nothing.
    static let environmentOrAll = TextRule(
        "an environment's name, or * for all", pattern: #"^(\*|[a-z][a-z0-9]*(-[a-z0-9]+)*)$"#
    ) { $0 == everyEnvironment || isKebabCase($0) }
    /// Of an input, an output or a value: what an expression can name.
    static let name = TextRule(
        "a name of letters, digits, hyphens and underscores that begins with a letter",
        pattern: "^[A-Za-z][A-Za-z0-9_-]{0,63}$",
        accepts: isMemberName)
    /// A person, as allowed signers name it: often an e-mail address.
    static let person = TextRule(
        "a person's name of letters, digits and . _ @ + - that begins with a letter or digit",
        pattern: "^[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}$"
    ) { text in
        text.utf8.count <= 100 && !text.isEmpty && !"._@+-".contains(text.first!)
            && text.utf8.allSatisfy { isLetter($0) || (48...57).contains($0) || "._@+-".utf8.contains($0) }
    }
    /// Of ASCII characters: an address that looks like another person's would let somebody count twice, or approve their own work.
    static let email = TextRule("an e-mail address", pattern: "^[!-;=?A-~]+@[!-;=?A-~]+$") { text in
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { !$0.isEmpty }
            && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"<>".utf8.contains($0) }
    }
    static let version = TextRule(
        "a version such as 1.2.0", pattern: #"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$"#
    ) { SemanticVersion($0) != nil }
    static let stepName = TextRule("plugin/step", pattern: "^[a-z][a-z0-9-]*/[a-z][a-z0-9-]*$") {
        StepReference($0) != nil
    }
    static let uses = TextRule(
        "plugin/step@version", pattern: #"^[a-z][a-z0-9-]*/[a-z][a-z0-9-]*(@\^?[0-9]+(\.[0-9]+){0,2})?$"#
    ) { StepUse($0) != nil }
    static let duration = TextRule(
        "a duration such as 90s, 20m or 1h30m, of at most 366d", pattern: "^([0-9]+(ms|s|m|h|d))+$"
    ) {
        Duration(durationText: $0).map { $0 > .zero } ?? false
    }
    static let backoff = TextRule(
        "a duration or a range of them such as 5s..2m, each of at most 366d",
        pattern: #"^([0-9]+(ms|s|m|h|d))+(\.\.([0-9]+(ms|s|m|h|d))+)?$"#
    ) { BackoffRange($0) != nil }
    static let template = TextRule("text, with ${{ }} where values stand") { _ in true }
    static let expression = TextRule("${{ expression }}", pattern: #"^\$\{\{[\s\S]*\}\}$"#) { text in
        text.hasPrefix("${{") && text.hasSuffix("}}")
    }
    static let mark = TextRule(
        "run.started, steps.<id>.started or steps.<id>.finished",
        pattern: #"^(run\.started|steps\.[a-z][a-z0-9-]*\.(started|finished))$"#
    ) { MeasureMark($0) != nil }
    static let measuredOutput = TextRule(
        "steps.<id>.outputs.<name>", pattern: #"^steps\.[a-z][a-z0-9-]*\.outputs\.[A-Za-z][A-Za-z0-9_-]{0,63}$"#
    ) { MeasuredOutput($0) != nil }
    static let valueType = TextRule(
        "a type: \(ValueType.names.joined(separator: ", ")), or list of one",
        pattern: "^(list of )?(\(ValueType.names.joined(separator: "|")))$"
    ) { ValueType(name: $0) != nil }
    static let instant = TextRule(
        "a time in UTC such as \"2026-11-22T20:00:00Z\"",
        pattern: #"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{3})?Z$"#
    ) { Timestamp($0) != nil }
    static let guid = TextRule(
        "an id such as 11111111-1111-1111-1111-111111111111",
        pattern: "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$",
        accepts: isGUID)
    static let objectID = TextRule("40 lower-case hexadecimal digits", pattern: "^[0-9a-f]{40}$") {
        ObjectID($0) != nil
    }
    static let endpoint = TextRule("an https address (http only for this machine)", pattern: "^https?://[^/]") {
        endpointMismatch($0) == nil
    }
    static let suffix = TextRule(
        "a DNS suffix such as vault.azure.net", pattern: "^(https?://)?[A-Za-z0-9.-]+(:[0-9]+)?$"
    ) {
        suffixMismatch($0) == nil
    }
    static let resourceType = TextRule(
        "a resource type such as Microsoft.Sql/servers", pattern: "^[A-Za-z0-9.]+(/[A-Za-z0-9]+)+$"
    ) { text in
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count >= 2 && TextRule.namespace.accepts(String(parts[0]))
            && parts.dropFirst().allSatisfy {
                !$0.isEmpty && !$0.contains(".") && $0.utf8.allSatisfy(isResourceTypeByte)
            }
    }
    static let section = TextRule(
        "a section of the environment such as azure, oci or sql.azure", pattern: #"^(azure|oci|sql\.[a-z][a-z0-9-]*)$"#
    ) { isConnectionName($0) }
    static let branch = TextRule(
        "a branch such as muster/records", pattern: "^[A-Za-z0-9_][A-Za-z0-9_./-]*$", accepts: isBranchName)
}

func isMemberName(_ text: String) -> Bool {
    guard let first = text.utf8.first, isLetter(first), text.utf8.count <= 64 else { return false }
    return text.utf8.allSatisfy {
        isLetter($0) || (48...57).contains($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
    }
}

private func isLetter(_ byte: UInt8) -> Bool { (65...90).contains(byte) || (97...122).contains(byte) }

private func isResourceTypeByte(_ byte: UInt8) -> Bool {
    isLetter(byte) || (48...57).contains(byte) || byte == UInt8(ascii: ".")
}

private func isConnectionName(_ text: String) -> Bool {
    text == "azure" || text == "oci" || (text.hasPrefix("sql.") && isKebabCase(String(text.dropFirst(4))))
}

/// The part of git's rules for refs (https://git-scm.com/docs/git-check-ref-format) that names here need.
private func isBranchName(_ text: String) -> Bool {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    return text.utf8.count <= 200
        && parts.allSatisfy { part in
            !part.isEmpty && !part.hasPrefix(".") && !part.hasPrefix("-") && !part.hasSuffix(".lock")
                && !part.hasSuffix(".")
                && !part.contains("..")
                && part.utf8.allSatisfy { isLetter($0) || (48...57).contains($0) || "-_.".utf8.contains($0) }
        }
}

private func isGUID(_ text: String) -> Bool {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    return parts.map(\.utf8.count) == [8, 4, 4, 4, 12]
        && parts.joined().utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...70).contains(byte) || (97...102).contains(byte)
        }
}

extension TextRule {
    static let tenant = TextRule("a tenant's id or domain name", pattern: "^[A-Za-z0-9][A-Za-z0-9.-]*$") { text in
        suffixMismatch(text) == nil && !text.contains(":")
    }
    static let platformEndpoint = TextRule("an address of the platform", pattern: "^https?://[^/]") {
        platformEndpointMismatch($0) == nil
    }
    static let namespace = TextRule(
        "a resource provider such as Microsoft.Sql", pattern: #"^[A-Za-z0-9]+(\.[A-Za-z0-9]+)+$"#
    ) { text in
        text.contains(".") && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { !$0.isEmpty }
            && text.utf8.allSatisfy(isResourceTypeByte)
    }
    static let apiVersion = TextRule(
        "an API version such as \"2023-08-01\" or 2023-08-01-preview",
        pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}(-preview)?$"
    ) { text in
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3 || (parts.count == 4 && parts[3] == "preview") else { return false }
        return parts.prefix(3).map(\.utf8.count) == [4, 2, 2]
            && Timestamp(parts.prefix(3).joined(separator: "-") + "T00:00:00Z") != nil
    }
}
