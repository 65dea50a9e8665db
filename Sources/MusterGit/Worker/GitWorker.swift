// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterModel

/// The hidden first argument that makes `muster` the git worker.
package let gitWorkerArgument = "git-worker"

/// The process in which libgit2 runs: reads requests on standard input, answers each on standard output, one at a time,
/// and ends when its input ends.
package func runGitWorker() -> Never {
    limitResources()
    var input = FrameReader()
    var repository: Result<Repository, MusterError>?
    while let message = nextMessage(&input) {
        armProcessorLimit()
        guard let opened = repository else {
            repository = Result { () throws(MusterError) in
                try startLibGit2()
                return try Repository(GitClient.decode(message, as: WorkerOpening.self))
            }
            continue
        }
        writeFully(answer(to: message, in: opened))
    }
    if case .success(let opened)? = repository { opened.leases = nil }
    exit(0)
}

private func answer(to message: JSON, in repository: Result<Repository, MusterError>) -> [UInt8] {
    let id = Int(message["id"]?.int ?? 0)
    do {
        let request = try GitClient.decode(message["request"] ?? .null, as: GitRequest.self)
        let value = try asMusterErrors { try repository.get().answer(request) }
        return try Frame.encode(try encodeMessage(WorkerAnswer(id: id, value: value)))
    } catch {
        return failureFrame(id: id, error)
    }
}

private func failureFrame(id: Int, _ error: MusterError) -> [UInt8] {
    do {
        return try Frame.encode(try encodeMessage(WorkerAnswer(id: id, error: error)))
    } catch {
        complain("an error cannot be written: \(error.summary)")
    }
}

private func asMusterErrors<Value>(_ work: () throws -> Value) throws(MusterError) -> Value {
    do {
        return try work()
    } catch let error as MusterError {
        throw error
    } catch let error as GitFailure {
        throw error.asMusterError
    } catch {
        throw MusterError(code: "git.failed", "Git's worker failed: \(error).", status: .stuck)
    }
}

/// The next request; nil when the engine has closed the pipe.
private func nextMessage(_ reader: inout FrameReader) -> JSON? {
    while true {
        do {
            if let message = try reader.next() { return message }
        } catch {
            complain(error.summary)
        }
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, initialized in
            repeat { count = read(STDIN_FILENO, buffer.baseAddress, 65_536) } while count < 0 && errno == EINTR
            initialized = max(0, count)
        }
        guard count > 0 else { return nil }
        reader.append(bytes)
    }
}

private func writeFully(_ bytes: [UInt8]) {
    var at = 0
    while at < bytes.count {
        let written = bytes[at...].withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
        if written < 0, errno == EINTR { continue }
        guard written > 0 else { exit(0) }  // the engine is gone: nobody is left to tell
        at += written
    }
}

private func complain(_ what: String) -> Never {
    let line = Array("git worker: \(what)\n".utf8)
    _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    exit(1)
}

private func limitResources() {
    set(RLIMIT_CORE, soft: 0, hard: 0)
    set(RLIMIT_AS, soft: rlim_t(GitLimits.memoryBytes), hard: rlim_t(GitLimits.memoryBytes))
}

/// Gives the next request its own share of processor time. A worker in an endless loop whose engine is gone ends by it.
private func armProcessorLimit() {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    let used = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
    var current = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_CPU.rawValue), &current)
    set(RLIMIT_CPU, soft: rlim_t(used + GitLimits.cpuSeconds), hard: current.rlim_max)
}

private func set(_ resource: __rlimit_resource, soft: rlim_t, hard: rlim_t) {
    // A limit that cannot be set leaves the stricter one of the caller in place, which is as good.
    var limit = rlimit(rlim_cur: min(soft, hard), rlim_max: hard)
    setrlimit(__rlimit_resource_t(resource.rawValue), &limit)
}

extension Repository {
    func answer(_ request: GitRequest) throws -> JSON {
        switch request {
        case .state: try JSON(encoding: state())
        case .uncommittedPaths: try JSON(encoding: uncommittedPaths())
        case .resolve(let revision): try JSON(encoding: resolve(revision))
        case .readFiles(let commit, let paths): try JSON(encoding: readFiles(commit, paths))
        case .readBlobs(let ids): try JSON(encoding: readBlobs(ids))
        case .listFolder(let commit, let path): try JSON(encoding: listFolder(commit, path))
        case .treeID(let commit, let path): try JSON(encoding: treeID(commit, path))
        case .definitionHistories(let commit, let paths): try JSON(encoding: definitionHistories(commit, paths))
        case .commitRun(let commit): try JSON(encoding: commitRun(commit))
        case .mergeRecord(let merge): try JSON(encoding: mergeRecord(merge))
        case .listRecords(let query): try JSON(encoding: listRecords(query))
        case .listRecordFiles(let place): try JSON(encoding: listRecordFiles(place))
        case .readRecord(let place, let paths): try JSON(encoding: readRecord(place, paths))
        case .runTips: try JSON(encoding: runTips())
        case .reviewBreaches(let run): try JSON(encoding: reviewBreaches(run))
        case .damagedRunRefs: try JSON(encoding: damagedRunRefs())
        case .push(let order): try JSON(encoding: push(order))
        case .contains(let newer, let older): .bool(try exists(older) && contains(newer, older))
        case .remoteRunTips: try JSON(encoding: remoteRunTips())
        case .runCommits(let run): try JSON(encoding: runCommits(run))
        case .root(let commit): try JSON(encoding: root(of: commit))
        case .asideTips: try JSON(encoding: asideTips())
        case .fetchRun(let remote, let run, let givesWay):
            try JSON(encoding: fetchRun(remote, run, givingWay: givesWay))
        case .leaseRead(let remote, let name): try JSON(encoding: readLease(remote, name))
        case .leaseTake(let order): try JSON(encoding: takeLease(order))
        case .authors(let commits): try JSON(encoding: authors(commits))
        case .keepStatement(let parcel): try JSON(encoding: keep(parcel))
        case .statements(let plan): try JSON(encoding: statements(plan))
        case .fetchStatements(let remote, let plan): try JSON(encoding: fetchStatements(remote, plan))
        }
    }
}
