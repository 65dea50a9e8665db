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
    // Again until none is left, for one that forked while we looked. The bound is for one that forks faster than we
    // kill.
    for _ in 0..<100 {
        let found = processIDs().count { kill($0, ifMarkedBy: Array(entry.utf8), since: start) }
        if found == 0 { break }
        total += found
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
package func processStart(_ number: Int32) -> UInt64? {
    // The second field is the program's name in parentheses, which may hold anything; the start is the 22nd.
    // https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    let text = contents(ofFile: "/proc/\(number)/stat")
    guard let nameEnd = text.lastIndex(of: UInt8(ascii: ")")) else { return nil }
    let fields = text[(nameEnd + 1)...].split(separator: UInt8(ascii: " "))
    return fields.count > 19 ? UInt64(String(decoding: fields[19], as: UTF8.self)) : nil
}

/// Whether it was so.
private func kill(_ number: pid_t, ifMarkedBy entry: [UInt8], since start: UInt64?) -> Bool {
    guard isMarked(number, by: entry, since: start) else { return false }
    // Looked at again once it is held: meanwhile its number may have been given to another.
    let process = muster_pidfd_open(number)
    guard process >= 0 else { return false }
    defer { close(process) }
    return isMarked(number, by: entry, since: start) && muster_pidfd_send_signal(process, SIGKILL) == 0
}

private func isMarked(_ number: pid_t, by entry: [UInt8], since start: UInt64?) -> Bool {
    environment(of: number, since: start).split(separator: 0).contains { $0.elementsEqual(entry) }
}

/// Empty for processes of other users, for those that have ended, for the kernel's own and for one that has none.
private func environment(of number: pid_t, since start: UInt64?) -> [UInt8] {
    // In the middle of an exec there is memory and no environment yet: look again, for as long as that may take. One that
    // is older than what is searched for, such as git's worker, just has none.
    for _ in 0..<50 {
        let bytes = contents(ofFile: "/proc/\(number)/environ")
        if !bytes.isEmpty || !hasMemory(number) { return bytes }
        if let start, let itsStart = processStart(number), itsStart < start { return [] }
        sched_yield()
    }
    return []
}

private func hasMemory(_ number: pid_t) -> Bool {
    let pages = contents(ofFile: "/proc/\(number)/statm")
    return !pages.isEmpty && !pages.starts(with: "0 ".utf8)
}

private func contents(ofFile path: String) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
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
