// SPDX-License-Identifier: Apache-2.0

internal import CMusterSystem
internal import Glibc

/// Kills every process that was started with this environment entry, such as `NAME=value`, wherever it hides.
///
/// A process group does not hold what calls `setsid`, and a parent's number does not hold what forks twice; the
/// environment is inherited by both. One that is executed with an environment of its own is not found.
///
/// - Parameter start: when the first of them was started, as ``processStart(_:)`` tells; nil when it is not known.
/// - Returns: how many were found.
package func killProcesses(markedBy entry: String, since start: UInt64? = nil) -> Int {
    var total = 0
    // Killed, and held up in the kernel all the same: nothing more can be done to them.
    var stuck: Set<pid_t> = []
    // Again until none is left, for one that forked while we looked. The bound is for one that forks faster than we
    // kill.
    for _ in 0..<100 {
        let killed = processIDs().filter { !stuck.contains($0) }.compactMap { number in
            kill(number, ifMarkedBy: Array(entry.utf8), since: start).map { (number: number, descriptor: $0) }
        }
        if killed.isEmpty { break }
        total += killed.count
        // A signal is not yet the end, and until then it would be found again.
        for process in killed {
            var end = [pollfd(fd: process.descriptor, events: Int16(POLLIN), revents: 0)]
            if poll(&end, 1, 1000) == 0 { stuck.insert(process.number) }
            close(process.descriptor)
        }
    }
    return total
}

private func processIDs() -> [pid_t] {
    guard let folder = opendir("/proc") else { return [] }
    defer { closedir(folder) }
    var numbers: [pid_t] = []
    while let entry = readdir(folder) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if let number = pid_t(name), number != getpid() { numbers.append(number) }
    }
    return numbers
}

/// When the process was started, in clock ticks since the machine's start; nil when there is none of this number.
package func processStart(_ number: Int32) -> UInt64? { statField(22, of: number) }

/// A number of `/proc/PID/stat`, counted from 1 as proc(5) does; nil when there is no such process.
private func statField(_ field: Int, of number: pid_t) -> UInt64? {
    // The second field is the program's name in parentheses, which may hold anything.
    // https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    let text = contents(ofFile: "/proc/\(number)/stat")
    guard let nameEnd = text.lastIndex(of: UInt8(ascii: ")")) else { return nil }
    let fields = text[(nameEnd + 1)...].split(separator: UInt8(ascii: " "))
    return fields.count > field - 3 ? UInt64(String(decoding: fields[field - 3], as: UTF8.self)) : nil
}

/// A descriptor of the process, which becomes readable when it has ended; nil when it was not marked.
private func kill(_ number: pid_t, ifMarkedBy entry: [UInt8], since start: UInt64?) -> Int32? {
    guard isMarked(number, by: entry, since: start) else { return nil }
    // Looked at again once it is held: meanwhile its number may have been given to another.
    let process = muster_pidfd_open(number)
    guard process >= 0 else { return nil }
    if isMarked(number, by: entry, since: start), muster_pidfd_send_signal(process, SIGKILL) == 0 { return process }
    close(process)
    return nil
}

private func isMarked(_ number: pid_t, by entry: [UInt8], since start: UInt64?) -> Bool {
    environment(of: number, since: start).split(separator: 0).contains { $0.elementsEqual(entry) }
}

/// Empty for processes of other users, for those that have ended, for the kernel's own and for one that has none.
private func environment(of number: pid_t, since start: UInt64?) -> [UInt8] {
    // How long an exec takes is up to the disk and to the scheduler, so there is a pause between looks and not only a
    // number of them. The bound, some seconds, is for one that stands still in its exec.
    for _ in 0..<2000 {
        guard let bytes = readable("/proc/\(number)/environ") else { return [] }
        if !bytes.isEmpty { return bytes }
        switch stage(of: number) {
        case .withoutEnvironment: return []
        case .withEnvironment: continue
        case .inExec:
            // One that is older than what is searched for, such as git's worker, was not started by it.
            if let start, let itsStart = processStart(number), itsStart < start { return [] }
            poll(nil, 0, 1)
        }
    }
    return []
}

private enum Stage {
    /// It has ended, is the kernel's own, or was executed with none.
    case withoutEnvironment
    /// Its exec ended between two looks.
    case withEnvironment
    /// There is memory, and no environment yet.
    case inExec
}

/// What an environment that reads as empty means.
private func stage(of number: pid_t) -> Stage {
    guard hasMemory(number) else { return .withoutEnvironment }
    // Where the environment begins and ends in its memory; both are 0 until the kernel has put it there.
    guard let first = statField(50, of: number), let last = statField(51, of: number) else {
        return .withoutEnvironment
    }
    if last == 0 { return .inExec }
    return first == last ? .withoutEnvironment : .withEnvironment
}

private func hasMemory(_ number: pid_t) -> Bool {
    let pages = contents(ofFile: "/proc/\(number)/statm")
    return !pages.isEmpty && !pages.starts(with: "0 ".utf8)
}

private func contents(ofFile path: String) -> [UInt8] { readable(path) ?? [] }

/// Nil when the file may not be opened or is not there.
private func readable(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    while true {
        var count = 0
        bytes += [UInt8](unsafeUninitializedCapacity: 8192) { buffer, initialized in
            count = read(descriptor, buffer.baseAddress, 8192)
            initialized = max(0, count)
        }
        guard count > 0 else { return bytes }
    }
}
