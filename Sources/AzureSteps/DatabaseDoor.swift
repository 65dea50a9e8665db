// SPDX-License-Identifier: Apache-2.0

package import MusterModel
package import MusterPlugin
package import MusterSQL

/// The way to the databases of one `sql.azure` section.
package struct DatabaseDoor: Sendable {
    /// - Parameters:
    ///   - target: which database.
    ///   - timeout: how long reaching it may take.
    package typealias Open = @Sendable (_ target: SQLTarget, _ timeout: Duration) async throws(SQLError) -> any SQLSession

    package let open: Open

    package init(open: @escaping Open) { self.open = open }
}

/// One door for each section, for the whole process.
package actor DatabaseDoors {
    package static let shared = DatabaseDoors()
    fileprivate var doors: [JSON: DatabaseDoor] = [:]

    /// Puts another door in the place of the one for this section.
    package func use(_ door: DatabaseDoor, for section: JSON) { doors[section] = door }
}

extension DatabaseDoors {
    /// The door for the step's own `sql.azure` section.
    package func door(for context: StepContext) throws -> DatabaseDoor {
        let section = try context.connection("sql.azure", as: JSON.self)
        guard let door = doors[section] else {
            throw StepError.permanent("azure.no-door", "No way to the databases of sql.azure is known.")
        }
        return door
    }
}
