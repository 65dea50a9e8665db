// SPDX-License-Identifier: Apache-2.0

package import MusterPlugin

/// What looking at one condition gave, before it has the condition's id.
package enum Finding: Hashable, Sendable {
    case met(String)
    case unmet(String)
    case unverifiable(String)

    package func condition(_ id: String, evidence: [String] = ["requests"]) -> Condition {
        switch self {
        case .met(let says): .met(id, says, evidence: evidence)
        case .unmet(let says): .unmet(id, says, evidence: evidence)
        case .unverifiable(let says): .unverifiable(id, says, evidence: evidence)
        }
    }

    /// The worst of several, each of whose sentences counts: unmet before unverifiable before met.
    package static func all(_ findings: [Finding], none: String) -> Finding {
        // Two looks may tell the same.
        var told: Set<String> = []
        let findings = findings.filter { told.insert($0.text).inserted }
        let unmet = findings.compactMap { if case .unmet(let says) = $0 { says } else { nil } }
        let unverifiable = findings.compactMap { if case .unverifiable(let says) = $0 { says } else { nil } }
        let met = findings.compactMap { if case .met(let says) = $0 { says } else { nil } }
        if !unmet.isEmpty { return .unmet((unmet + unverifiable).joined(separator: " ")) }
        if !unverifiable.isEmpty { return .unverifiable(unverifiable.joined(separator: " ")) }
        return .met(met.isEmpty ? none : met.joined(separator: " "))
    }
}

extension Finding {
    /// For a way back, which asks for little: what is known against it counts. What could not be found out is said, and
    /// hinders nothing.
    package static func nothingAgainst(_ findings: [Finding], none: String) -> Finding {
        let against = findings.compactMap { if case .unmet(let says) = $0 { says } else { nil } }
        if !against.isEmpty { return .unmet(against.joined(separator: " ")) }
        return .met(findings.isEmpty ? none : findings.map(\.text).joined(separator: " "))
    }

    /// The same answer to several conditions, such as that nothing is left to be put back.
    package func conditions(_ ids: [String], evidence: [String] = ["requests"]) -> [Condition] {
        ids.map { condition($0, evidence: evidence) }
    }

    package var isMet: Bool { if case .met = self { true } else { false } }

    package var text: String {
        switch self {
        case .met(let says), .unmet(let says), .unverifiable(let says): says
        }
    }
}

extension [Condition] {
    /// The look right before an effect, over the very list that was asked for before it: what was not found out refuses
    /// the effect as well.
    ///
    /// - Parameter ids: those that are meant; all, where none is named.
    /// - Throws: a permanent ``StepError`` with what speaks against it.
    package func demandMet(_ ids: String..., code: String, remedy: String) throws {
        let broken = filter { $0.verdict != .met && (ids.isEmpty || ids.contains($0.id)) }
        if broken.isEmpty { return }
        throw StepError.permanent(code, broken.map(\.says).joined(separator: " "), remedy: remedy)
    }
}
