// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterGit
internal import MusterModel
internal import MusterSystem

/// When an environment may be changed, by a plan's commit and by the catalog's newest one: a freeze that was declared since
/// holds, too.
struct WindowCalendar {
    let calendar: ChangeCalendar
    private let zones: [String: ZoneRules]

    /// - Parameter name: the environment's document.
    /// - Throws: `zone.unknown`; document errors.
    init(_ name: String, _ git: Catalog, _ state: RepositoryState, at commit: ObjectID) throws(MusterError) {
        let old = try Self.configuration(git, at: commit)
        let environment = try Self.environment(name, git, at: commit)
        let pinned = Self.calendar(old, environment)
        var both = pinned
        if let head = state.head, head != commit {
            // One that is gone from there still is what the plan was made for.
            let newest = Self.calendar(
                try Self.configuration(git, at: head), try Self.environment(name, git, at: head) ?? environment)
            if newest != pinned {
                both = ChangeCalendar(lists: pinned.lists + newest.lists, freezes: pinned.freezes + newest.freezes)
            }
        }
        calendar = both
        zones = try ZoneFiles().rules(of: both.zones)
    }

    private static func calendar(_ configuration: Configuration?, _ environment: Environment?) -> ChangeCalendar {
        guard let configuration, let environment else { return ChangeCalendar(lists: [], freezes: []) }
        return configuration.calendar(of: environment)
    }

    private static func configuration(_ git: Catalog, at commit: ObjectID) throws(MusterError) -> Configuration? {
        guard let file = try git.file("muster.yaml", at: commit) else { return nil }
        return try Configuration.parse(file.content.bytes, file: "muster.yaml").get()
    }

    private static func environment(
        _ name: String, _ git: Catalog, at commit: ObjectID
    ) throws(MusterError) -> Environment? {
        let path = "environments/\(name).yaml"
        guard let file = try git.file(path, at: commit) else { return nil }
        return try Environment.parse(file.content.bytes, file: path).get()
    }

    /// Nil where nothing limits it.
    func windows(around now: Timestamp) -> [ChangeWindow]? { calendar.windows(around: now, zones) }

    func frozen(around now: Timestamp) -> [ChangeCalendar.Frozen] { calendar.frozen(around: now, zones) }
}
