// SPDX-License-Identifier: Apache-2.0

/// What is known of names before a run.
package protocol TypeScope {
    /// `guarded`: the reference stands as the first value of `default(…)`, so it may have no value.
    func lookUp(_ reference: Reference, guarded: Bool) -> TypeLookup
}

package enum TypeLookup: Hashable, Sendable {
    case known(ValueType)
    /// There is no such name; the nearest of the candidates is offered.
    case unknown(name: String, candidates: [String])
    /// The name exists and may not be read here.
    case refused(code: String, summary: String, help: String?)
}

/// Types of the roots' members, for documents whose names are all in one place.
package struct TypeTable: TypeScope {
    /// By root, then by name. A root with an empty name has a type of its own (`item`).
    package var roots: [String: [String: ValueType]]

    package init(roots: [String: [String: ValueType]]) { self.roots = roots }

    package func lookUp(_ reference: Reference, guarded: Bool) -> TypeLookup {
        guard let members = roots[reference.root] else {
            return .unknown(name: reference.root, candidates: Array(roots.keys))
        }
        if let own = members[""] { return reference.path.isEmpty ? .known(own) : memberType(of: own) }
        guard let name = reference.path.first else { return .known(.object) }
        guard let type = members[name] else { return .unknown(name: name, candidates: Array(members.keys)) }
        return reference.path.count == 1 ? .known(type) : memberType(of: type)
    }

    private func memberType(of type: ValueType) -> TypeLookup { memberLookup(of: type) }
}

/// What `.name` on a value of the type gives.
package func memberLookup(of type: ValueType) -> TypeLookup {
    switch type.wrapped {
    case .any, .object: .known(.any)
    default:
        .refused(code: "expression.wrong-type", summary: "A value of type \(type) has no members", help: nil)
    }
}
