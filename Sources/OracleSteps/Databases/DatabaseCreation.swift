// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
package import CloudSteps
package import MusterModel
package import MusterPlugin
package import OracleCloudClient

/// What is kept of a database that a run makes, for those who take it up: after a crash, and by hand.
package struct CreatedDatabase: Hashable, Codable, Sendable {
    package let cluster: OracleID
    package let compartment: OracleID
    package let uniqueName: String
    /// By which it is known again where the answer was lost; nil: the service takes none for it.
    package let tags: [String: String]?
    /// Nothing was left to be undone, and so it was.
    package var isUndone: Bool?
    /// Known as soon as the service has accepted the request.
    package var database: OracleID?
    package var operation: OracleOperation?
    /// When this run asked for it; nil in records of before.
    package let asked: String?
    /// Set once it is being deleted again.
    package var deletion: OracleOperation?
    /// For people: the id, or the name where that is not known yet.
    package var named: String

    /// Known by the service's answer, or by the operation that the answer named.
    package var knownID: OracleID? { database ?? operation?.database }

    package init(
        cluster: OracleID, compartment: OracleID, uniqueName: String, tags: [String: String]? = nil,
        asked: Timestamp? = nil
    ) {
        self.asked = asked?.description
        self.cluster = cluster
        self.compartment = compartment
        self.uniqueName = uniqueName
        self.tags = tags
        named = uniqueName
    }
}

/// What stands against deleting a database that a run has made.
package struct DeletionFindings: Sendable {
    package var idle: Finding
    package var unneeded: Finding
    package var young: Finding
}

extension OracleSession {
    /// Reads the database that an earlier attempt may have begun to make, once what it began is at its end.
    ///
    /// - Returns: why it could not be followed; nil when it was, or when there was nothing to follow.
    package func creationUnsettled(_ undo: CreatedDatabase?, _ context: StepContext) async throws -> String? {
        for operation in [undo?.operation, undo?.deletion].compactMap({ $0 }) {
            let unsettled = try await unsettled(following: { () throws(OracleError) in
                _ = try await followDatabase(operation, context)
            })
            if let unsettled { return unsettled.why }
        }
        return nil
    }

    /// Sends the request, follows it to its end, and reads what came of it.
    ///
    /// - Parameter accepted: told as soon as the service has accepted the request.
    /// - Throws: ``StepError`` of unknown outcome when something was left that is no database to work with.
    package func make(
        _ undo: CreatedDatabase, _ context: StepContext, request: () async throws(OracleError) -> BegunDatabase,
        accepted: (CreatedDatabase) async throws -> Void
    ) async throws -> OracleDatabase {
        let begun = try await request()
        var undo = undo
        (undo.database, undo.operation, undo.named) = (begun.database.id, begun.operation, begun.database.id.text)
        try await accepted(undo)
        return try await afterEffect {
            let end = try await followDatabase(begun.operation, context)
            let database = try await oracle.databases.database(begun.database.id).value
            guard database.lifecycleState == "AVAILABLE" else {
                var why = database.lifecycleDetails ?? "The service gives no reason."
                if case .failed(let reason) = end { why = reason }
                throw StepError.unknownOutcome(
                    "oracle.database-not-made", "\(database.label) is \(database.lifecycleState). \(why)",
                    remedy: "Mend what the reason names, delete what was left of the database, then try again.")
            }
            return database
        }
    }

    package func followDatabase(
        _ operation: OracleOperation, _ context: StepContext
    ) async throws(OracleError) -> WorkRequestEnd {
        try await oracle.workRequests.wait(for: operation) { fraction in
            context.progress("\(operation.action) of \(operation.database) is in progress", fraction: fraction)
        }
    }

    /// What a step finds: what the run has made, else what has the name. A list that hides what was made is not believed.
    package func found(
        _ undo: CreatedDatabase?, named uniqueName: String, on cluster: OracleID, in compartment: OracleID
    ) async throws -> Presence {
        if let undo, undo.knownID != nil {
            let made = try await presence(of: undo)
            if case .gone = made {} else { return made }
        }
        let named = try await database(named: uniqueName, on: cluster, in: compartment)
        return named.map(Presence.there) ?? .gone
    }

    /// Whether it is the one that the run has made.
    package func isMade(_ database: OracleDatabase, by undo: CreatedDatabase) -> Bool {
        if let id = undo.knownID { return id == database.id }
        return undo.tags?.allSatisfy { database.freeformTags?[$0.key] == $0.value } ?? false
    }

    /// Why nobody can tell whether the run made what is there; nil where that is known.
    private func unknownOrigin(_ undo: CreatedDatabase) async throws -> String? {
        guard undo.knownID == nil, undo.tags == nil,
            let found = try await database(named: undo.uniqueName, on: undo.cluster, in: undo.compartment)
        else { return nil }
        return "Whether this run made \(found.label) is not known: the answer to its request was lost."
    }

    /// Deletes what was made. It does nothing where nothing is left.
    package func deleteMade(
        _ undo: CreatedDatabase, _ context: StepContext, begin: (CreatedDatabase) async throws -> Void
    ) async throws {
        if let why = try await creationUnsettled(undo, context) {
            throw StepError.retryable("oracle.still-running", why)
        }
        if let why = try await unknownOrigin(undo) {
            throw StepError.permanent(
                "oracle.origin-unknown", why, remedy: "Look up who made it; delete it by hand when it was this run.")
        }
        let left: OracleDatabase
        switch try await settledPresence(of: undo, context) {
        case .there(let database): left = database
        case .disputed(let why): throw Self.disputed(why)
        case .gone:
            var data = undo
            data.isUndone = true
            return try await begin(data)
        }
        let read = try await oracle.databases.database(left.id)
        if let role = read.value.dataGuardGroup?.members?.first(where: { $0.databaseId == left.id })?.role,
            role == DataGuardRole.primary, (read.value.dataGuardGroup?.members?.count ?? 1) > 1
        {
            throw StepError.permanent(
                "oracle.primary-kept", "\(read.value.label) is the PRIMARY of a group, and is not deleted.",
                remedy: "Switch over to another database of the group first, or keep this one.")
        }
        var data = undo
        (data.database, data.named, data.deletion) = (left.id, left.id.text, nil)
        try await begin(data)
        context.progress("deleting \(read.value.label)")
        data.deletion = try await oracle.databases.delete(read)
        try await begin(data)
        try await afterEffect {
            if let deletion = data.deletion {
                do throws(OracleError) {
                    _ = try await followDatabase(deletion, context)
                } catch {
                    guard error.isNotFound else { throw error }
                }
            }
            switch try await settledPresence(of: data, context) {
            case .gone: return
            case .disputed(let why): throw Self.disputed(why, afterEffect: true)
            case .there(let still):
                throw StepError.unknownOutcome(
                    "oracle.database-not-deleted", "\(still.label) is still \(still.lifecycleState).",
                    remedy: "Look up the reason in its work requests, then undo again.")
            }
        }
    }

    private static func disputed(_ why: String, afterEffect: Bool = false) -> StepError {
        let remedy = "Look the database up by its OCID in Oracle's console. Once OCID and list agree, undo again."
        return afterEffect
            ? .unknownOutcome("oracle.lists-disagree", why, remedy: remedy)
            : .permanent("oracle.lists-disagree", why, remedy: remedy)
    }

    /// What an undo that deletes a database needs.
    ///
    /// - Parameters:
    ///   - pluggables: the names that were made with it; nil: a standby, which has its primary's.
    ///   - limit: a database that is older is one that somebody may live by.
    package func deletionConditions(
        _ undo: CreatedDatabase, pluggables: [String]?, youngerThan limit: Duration, _ context: StepContext
    ) async throws -> DeletionFindings {
        func unverifiable(_ why: String) -> DeletionFindings {
            DeletionFindings(idle: .unverifiable(why), unneeded: .unverifiable(why), young: .unverifiable(why))
        }
        if let why = try await creationUnsettled(undo, context) { return unverifiable(why) }
        if let why = try await unknownOrigin(undo) { return unverifiable(why) }
        let left: OracleDatabase
        switch try await settledPresence(of: undo, context) {
        case .there(let database): left = database
        case .disputed(let why): return unverifiable(why)
        case .gone:
            let gone = Finding.met("There is no \(undo.uniqueName) that this run made.")
            return DeletionFindings(idle: gone, unneeded: gone, young: gone)
        }
        let view = try await KeyedDatabase.read(left.id, self)
        let idle: Finding =
            view.database.isBusy
            ? .unmet("\(view.name) is \(view.database.lifecycleState).")
            : .met("No operation works on \(view.name).")
        return DeletionFindings(
            idle: idle, unneeded: unneeded(view, pluggables: pluggables),
            young: young(view.database, undo, limit: limit))
    }

    /// What was written to a database nobody can tell from here; how long it has been there for anybody to write to, one can.
    private func young(_ database: OracleDatabase, _ undo: CreatedDatabase, limit: Duration) -> Finding {
        guard let made = (undo.asked ?? database.timeCreated).flatMap(Timestamp.init) else {
            return .unverifiable("Neither the record nor the service tells when \(database.label) was made.")
        }
        let age = time.now.duration(since: made)
        return age <= limit
            ? .met("\(database.label) was made \(max(age, .zero).readable) ago, within \(limit.readable).")
            : .unmet(
                "\(database.label) was made \(age.readable) ago, longer than \(limit.readable): what was written to it since would be "
                    + "lost, without a last backup.")
    }

    private func unneeded(_ view: KeyedDatabase, pluggables: [String]?) -> Finding {
        let members = view.database.dataGuardGroup?.members ?? []
        let role = members.first { $0.databaseId == view.database.id }?.role
        if members.count > 1, role == DataGuardRole.primary {
            return .unmet("\(view.name) is the PRIMARY of a group with \(members.count - 1) others.")
        }
        if let pluggables {
            let others = view.pluggables.map(\.pdbName).filter { !pluggables.contains($0) }
            if !others.isEmpty {
                return .unmet("Somebody has made \(others.joined(separator: ", ")) in \(view.name).")
            }
        }
        return .met(
            (pluggables == nil ? "" : "No pluggable database was added to \(view.name). ")
                + "It is the PRIMARY of no Data Guard group; standbys of the older kind were not looked for.")
    }
}
