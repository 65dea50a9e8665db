// SPDX-License-Identifier: Apache-2.0

internal import CMusterSystem
internal import Glibc

/// What identifies this machine and process in a record.
package enum Host {
    package static var name: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "unknown" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Changes at each boot; empty where the kernel does not tell.
    package static var bootID: String {
        guard let bytes = readSmallFile("/proc/sys/kernel/random/boot_id") else { return "" }
        return String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
    }

    package static var processID: Int32 { getpid() }

    /// Whether a process with this number runs on this machine.
    package static func isAlive(_ process: Int32) -> Bool { kill(process, 0) == 0 || errno == EPERM }

    /// Whether a process is stopped by a signal or by a debugger.
    package static func isStopped(_ process: Int32) -> Bool {
        guard let stat = readSmallFile("/proc/\(process)/stat") else { return false }
        // "pid (name) state …"; the name may hold anything.
        let rest = String(decoding: stat, as: UTF8.self).split(separator: ")").last ?? ""
        return ["T", "t"].contains(rest.split(separator: " ").first ?? "")
    }

    /// The login name of the user that the process runs as.
    package static var userName: String {
        guard let entry = getpwuid(geteuid()), let name = entry.pointee.pw_name else { return "uid-\(geteuid())" }
        return String(cString: name)
    }

    /// 32 bits that nobody can guess: Swift's system generator reads the kernel's.
    package static func random() -> UInt32 { UInt32.random(in: .min ... .max) }

    /// A variable of this process's environment.
    package static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// All variables of this process's environment.
    package static var variables: [String: String] {
        var variables: [String: String] = [:]
        var entry = muster_environment()
        while let text = entry?.pointee {
            let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            entry = entry?.advanced(by: 1)
        }
        return variables
    }

    /// The folder that this process's executable is in, links resolved.
    package static var executableFolder: String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = buffer.withUnsafeMutableBytes { readlink("/proc/self/exe", $0.baseAddress!, $0.count) }
        guard count > 0 else { return nil }
        let path = String(decoding: buffer.prefix(count), as: UTF8.self)
        return path.lastIndex(of: "/").map { String(path[..<$0]) }
    }

    package static var currentFolder: String {
        guard let path = getcwd(nil, 0) else { return "." }
        defer { free(path) }
        return String(cString: path)
    }
}
