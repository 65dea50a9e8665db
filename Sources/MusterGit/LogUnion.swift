// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// What becomes of one name when two logs of executions are joined. Nothing that either of them holds is dropped.
package enum LogUnion: Hashable, Sendable {
    case mine
    case theirs
    /// Both have a folder of this name with different contents.
    case both
    /// Both have a record of the run, and not the same one.
    case laterRecord(of: RunID)
    /// Both have the name for things that cannot be one.
    case clash

    /// - Parameters:
    ///   - mine, theirs: the object of this name in either log; nil where it has none.
    ///   - areFolders: whether what is there is folders alone.
    ///   - path: the name's place from the log's root, with the name.
    package static func choose(_ mine: ObjectID?, _ theirs: ObjectID?, areFolders: Bool, at path: String) -> LogUnion {
        guard let theirs else { return .mine }
        guard let mine else { return .theirs }
        if mine == theirs { return .mine }
        guard areFolders else { return .clash }
        let name = path.split(separator: "/").last.map(String.init) ?? ""
        if let run = RunID(name), run.recordPath == path { return .laterRecord(of: run) }
        // Below the days there are records alone: any other folder there is none of Muster's, and is not put together.
        return path.split(separator: "/").count < "records/YYYY/MM/DD/run".split(separator: "/").count ? .both : .clash
    }
}
