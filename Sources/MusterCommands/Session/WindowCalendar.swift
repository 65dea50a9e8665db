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
        let pinned = try Self.calendar(name, git, at: commit)
        var both = pinned
        if let head = state.head, head != commit {
            let newest = try Self.calendar(name, git, at: head)
            if newest != pinned {
                both = ChangeCalendar(lists: pinned.lists + newest.lists, freezes: pinned.freezes + newest.freezes)
            }
        }
        calendar = both
        zones = try ZoneFiles().rules(of: both.zones)
    }

    private static func calendar(
        _ name: String, _ git: Catalog, at commit: ObjectID
    ) throws(MusterError) -> ChangeCalendar {
        let path = "environments/\(name).yaml"
        guard let file = try git.file("muster.yaml", at: commit), let environment = try git.file(path, at: commit)
        else {
            return ChangeCalendar(lists: [], freezes: [])
        }
        return try Configuration.parse(file.content.bytes, file: "muster.yaml").get()
            .calendar(of: Environment.parse(environment.content.bytes, file: path).get())
    }

    /// Nil where nothing limits it.
    func windows(around now: Timestamp) -> [ChangeWindow]? { calendar.windows(around: now, zones) }

    func frozen(around now: Timestamp) -> [ChangeCalendar.Frozen] { calendar.frozen(around: now, zones) }
}
