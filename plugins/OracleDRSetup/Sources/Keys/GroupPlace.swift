// SPDX-License-Identifier: Apache-2.0

internal import AzureClient
internal import AzureSteps
internal import CloudHTTP
internal import CloudSteps
internal import MusterPlugin

/// A group by its display name or object id. Display names are not unique, and a new group may be missing from a search
/// for some seconds.
struct GroupPlace {
    let name: String
    let session: AzureSession

    init(_ name: String, _ session: AzureSession) {
        self.name = name
        self.session = session
    }

    private var isID: Bool { RequestID.isUUID(name.lowercased()) }

    /// All groups that are meant; more than one is a question to people.
    func candidates() async throws(AzureError) -> [DirectoryGroup] {
        guard isID else { return try await session.azure.graph.groups(named: name) }
        return try await session.azure.graph.group(name).map { [$0] } ?? []
    }

    /// Nil when there is none.
    ///
    /// - Throws: ``StepError`` for a name that several groups have.
    func group() async throws -> DirectoryGroup? {
        let found = try await candidates()
        guard found.count <= 1 else { throw ambiguous(found) }
        return found.first
    }

    /// The group that a step needs.
    func existing() async throws -> DirectoryGroup {
        guard let group = try await group() else {
            throw StepError.permanent(
                "oracle-dr-setup.no-group", "There is no group \(name).", remedy: "Set the group up first.")
        }
        return group
    }

    func ambiguous(_ found: [DirectoryGroup]) -> StepError {
        .permanent(
            "oracle-dr-setup.ambiguous-group",
            "\(found.count) groups are named \(name): \(found.map(\.id).joined(separator: ", ")).",
            remedy: "Give the object id of the one that is meant.")
    }

    /// Whether there is exactly one, and one that roles can be granted to.
    func finding(isNeeded: Bool) async throws -> Finding {
        switch try await attempt({ () throws(AzureError) in try await candidates() }) {
        case .failure(let error): return .unverifiable("Groups could not be read: \(error)")
        case .success(let found):
            guard found.count <= 1 else { return .unmet(ambiguous(found).message) }
            guard let group = found.first else {
                return isNeeded ? .unmet("There is no group \(name).") : .met("There is no group \(name) yet.")
            }
            return group.securityEnabled == false
                ? .unmet("\(name) is no security group, so it can be granted nothing.")
                : .met("\(name) is the group \(group.id).")
        }
    }
}
