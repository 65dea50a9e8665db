// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// A commit on a run's branch: the branch's whole new tree, and who says what about it.
package struct RunCommit: Hashable, Sendable, Codable {
    /// What stands at a path: bytes, or a blob that the repository holds (a definition).
    package enum Source: Hashable, Sendable, Codable {
        case content(FileContent)
        case blob(ObjectID)
    }

    package struct File: Hashable, Sendable, Codable {
        package var path: String
        package var source: Source

        package init(path: String, _ source: Source) {
            self.path = path
            self.source = source
        }
    }

    package var run: RunID
    /// The run's tip as the caller knows it; nil for the first commit, which has no parent.
    package var parent: ObjectID?
    package var files: [File]
    package var note: CommitNote

    package init(run: RunID, parent: ObjectID?, files: [File], note: CommitNote) {
        self.run = run
        self.parent = parent
        self.files = files
        self.note = note
    }
}

/// Message, author and time of a commit. Author and committer are the same.
package struct CommitNote: Hashable, Sendable, Codable {
    /// One line, or a line, an empty one, and a text.
    package var message: String
    /// `Run: …` and the like, written below the message in this order.
    package var trailers: [Trailer]
    package var author: GitIdentity
    package var time: Timestamp
    /// The SSH key, or the public half of one that the agent holds, that signs the commit as `git verify-commit` checks it; nil: none.
    package var signingKey: String?

    package struct Trailer: Hashable, Sendable, Codable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package init(
        message: String, trailers: [Trailer] = [], author: GitIdentity, time: Timestamp, signingKey: String? = nil
    ) {
        self.signingKey = signingKey
        self.message = message
        self.trailers = trailers
        self.author = author
        self.time = time
    }

    /// The commit's message. Line breaks inside a trailer become spaces, so that none can forge another.
    package var text: String {
        let lines = trailers.map { trailer in
            let value = trailer.value.split(whereSeparator: \.isNewline).joined(separator: " ")
            return "\(trailer.name): \(value)\n"
        }
        var body = Substring(message)
        while body.last?.isWhitespace == true { body.removeLast() }
        let whole = body + "\n" + (lines.isEmpty ? "" : "\n" + lines.joined())
        // A message ends at its first zero byte; other control characters would confuse the terminals that show it.
        return String(
            whole.filter { $0.isNewline || $0.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F } })
    }
}

/// Adds a run to the log of executions.
package struct RecordMerge: Hashable, Sendable, Codable {
    package var run: RunID
    /// The log's branch, short: `muster/records`.
    package var branch: String
    package var note: CommitNote

    package init(run: RunID, branch: String, note: CommitNote) {
        self.run = run
        self.branch = branch
        self.note = note
    }
}

package struct MergedRecord: Hashable, Sendable, Codable {
    /// The log's tip with the record in it.
    package var commit: ObjectID
    /// The record had been there, with the same content.
    package var wasThere: Bool
    /// How often the log's tip moved under us, and once more.
    package var attempts: Int
}

/// Which records to list.
package struct RecordQuery: Hashable, Sendable, Codable {
    package var branch: String
    package var limit: Int
    /// Only runs whose id is smaller, that is older.
    package var before: RunID?
    /// A file of each record to read along, such as `record.json`.
    package var file: String?
    /// A folder of each record, such as `reviews`: all its files of this name, one folder deeper, are read along.
    package var each: Each?

    package struct Each: Hashable, Sendable, Codable {
        package var folder: String
        package var file: String

        package init(folder: String, file: String) {
            self.folder = folder
            self.file = file
        }
    }

    package init(branch: String, limit: Int, before: RunID? = nil, file: String? = nil, each: Each? = nil) {
        self.branch = branch
        self.limit = limit
        self.before = before
        self.file = file
        self.each = each
    }
}

package struct RecordEntry: Hashable, Sendable, Codable {
    package var run: RunID
    package var tree: ObjectID
    /// The file asked for; nil when none was, or the record has none.
    package var file: FileContent?
    /// The files of ``RecordQuery/each``, by their folders' names.
    package var each: [FileContent]?
}

/// Where a record is read: in the log of executions, or, while its run lives, on the run's own branch.
package struct RecordPlace: Hashable, Sendable, Codable {
    package var run: RunID
    /// What a remote's branches are called here, in full.
    package static let remoteBranches = "refs/remotes/"

    /// The log's branch, short, or in full what was last seen of a remote's; nil reads the run's own branch.
    package var branch: String?
    /// A commit of what another machine wrote of the run, to be read in place of both.
    package var aside: ObjectID?

    package init(run: RunID, branch: String?) {
        self.run = run
        self.branch = branch
    }

    package init(_ aside: AsideTip) {
        self.init(run: aside.run, branch: nil)
        self.aside = aside.commit
    }
}

package struct RecordFile: Hashable, Sendable, Codable {
    package var path: String
    package var id: ObjectID
    package var size: Int
}

/// The newest commit of a run's branch.
package struct RunTip: Hashable, Sendable, Codable {
    package var run: RunID
    package var commit: ObjectID
}

/// The newest commit of what one machine wrote of a run that went another way.
package struct AsideTip: Hashable, Sendable, Codable {
    package var run: RunID
    /// `refs/heads/muster/conflicts/<run>/<host>`, or what a remote has of that name.
    package var ref: String
    package var commit: ObjectID

    /// Whether it is a branch of this repository.
    package var isHere: Bool { ref.hasPrefix("refs/heads/") }
}

/// A commit of a run's branch, and the signature that it bears.
package struct SignedCommit: Hashable, Sendable, Codable {
    package var commit: ObjectID
    package var time: Timestamp
    /// It added reviews, and so is no commit of the run's own.
    package var addsReview: Bool
    /// Whether it has no commit before it.
    package var isFirst: Bool
    /// The signature in its armour, and all the rest of the commit, over which it is; nil for a commit without one.
    package var signature: String?
    package var content: FileContent?
}

/// What to send where. Never forced, never a deletion.
///
/// A run's branch that went another way on the remote is left alone there, and this machine's is sent to
/// `refs/heads/muster/conflicts/<run>/<host>` beside it.
package struct PushOrder: Hashable, Sendable, Codable {
    /// A remote's name in the repository's configuration; a URL is refused.
    package var remote: String
    /// Full names of local refs; each goes to the ref of the same name.
    package var refs: [String]
    /// Which of the refs is a log that is to meet the remote's when that has runs which this one lacks; without it such a log
    /// is rejected.
    package var log: LogJoin?

    package init(remote: String, refs: [String], log: LogJoin? = nil) {
        self.remote = remote
        self.refs = refs
        self.log = log
    }
}

/// How the log of executions meets a remote's that another machine brought further: the branch here is moved forward to it, or
/// to one commit that joins the two and drops nothing.
package struct LogJoin: Hashable, Sendable, Codable {
    /// The log's branch, short: `muster/records`.
    package var branch: String
    /// Author and committer of the commit that joins.
    package var author: GitIdentity
    package var time: Timestamp
    /// As in ``CommitNote``.
    package var signingKey: String?

    package init(branch: String, author: GitIdentity, time: Timestamp, signingKey: String? = nil) {
        self.signingKey = signingKey
        self.branch = branch
        self.author = author
        self.time = time
    }
}

package struct PushReport: Hashable, Sendable, Codable {
    package enum Outcome: Hashable, Sendable, Codable {
        /// The remote has it.
        case accepted
        /// The remote, or the rule against forcing, said no; why.
        case rejected(String)
        /// Nothing was sent, or it is not known whether it arrived; why. Pushing again is safe.
        case unreachable(String)
    }

    package struct Ref: Hashable, Sendable, Codable {
        package var ref: String
        package var outcome: Outcome
        /// Where the remote now keeps this machine's commits of a run that went another way there; a person must look.
        package var conflict: String?
    }

    package var refs: [Ref]

    package var isComplete: Bool { refs.allSatisfy { $0.outcome == .accepted } }
}

/// A run's branch after it was fetched.
package struct FetchedRun: Hashable, Sendable, Codable {
    package var run: RunID
    /// The tip of this repository's branch, which holds all that the remote has of the run.
    package var tip: ObjectID
    package var remoteTip: ObjectID
    /// The branch moved, or was made.
    package var isNew: Bool
    /// Where commits of this repository are kept that the branch, which gave way to the remote's, does not hold any more.
    package var aside: String?

    /// This repository has commits of the run that the remote lacks.
    package var isAhead: Bool { tip != remoteTip }
}
