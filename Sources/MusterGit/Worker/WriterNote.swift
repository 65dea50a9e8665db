// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import MusterModel

/// Says, beside the repository, which process is about to move which ref where. It stands in `muster/writer-<pid>` for as
/// long as the move lasts; one that outlives its writer proves whose the lock file is that stayed behind.
struct WriterNote: Codable, Equatable {
    var process: Int32
    /// Clock ticks between boot and the process's start: tells a process from a later one with the same number.
    var started: UInt64
    var boot: String
    var host: String
    var ref: String
    var target: ObjectID

    static func ofThisProcess(ref: String, target: ObjectID) -> WriterNote {
        WriterNote(
            process: getpid(), started: startTime(of: getpid()) ?? 0, boot: currentBoot(), host: hostName(), ref: ref,
            target: target)
    }

    /// Nobody can still be at work under this note. A note from another machine (a shared disk) is never known to be dead.
    var isDead: Bool {
        guard host == hostName() else { return false }
        return boot != Self.currentBoot() || Self.startTime(of: process) != started
    }

    /// The 22nd field of `/proc/<pid>/stat` (proc(5)); nil when there is no such process.
    static func startTime(of process: Int32) -> UInt64? {
        guard let text = smallFile("/proc/\(process)/stat"), let nameEnd = text.lastIndex(of: ")") else { return nil }
        let fields = text[nameEnd...].split(separator: " ")  // the second field's end, then the third and so on
        guard fields.count > 20, fields[1] != "Z" else { return nil }
        return UInt64(fields[20])
    }

    static func currentBoot() -> String {
        (smallFile("/proc/sys/kernel/random/boot_id") ?? "").filter { !$0.isNewline }
    }
}

private func hostName() -> String { (smallFile("/proc/sys/kernel/hostname") ?? "").filter { !$0.isNewline } }

/// The text of a file of at most 4 KiB; nil when it cannot be read or is not UTF-8.
func smallFile(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var count = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, initialized in
        count = read(descriptor, buffer.baseAddress, 4096)
        initialized = max(0, count)
    }
    return count < 0 ? nil : String(validating: bytes, as: UTF8.self)
}
