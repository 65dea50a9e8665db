// SPDX-License-Identifier: Apache-2.0

// stdout is a variable to C and a constant to everybody.
@preconcurrency internal import Glibc
internal import MusterModel
internal import MusterPluginProtocol
internal import Synchronization

/// The main function of a plugin.
public enum PluginMain {
    /// Serves the engine on standard input and output until it closes them or asks to shut down, then ends the process.
    ///
    /// Standard output is kept for the protocol: what the plugin or a library prints goes to standard error instead,
    /// which the engine keeps line by line. The calls run as tasks on Swift's own threads, several at a time.
    ///
    /// ```swift
    /// @main struct Main {
    ///     static func main() async { await PluginMain.run("failover-group-key-swap", [RegisterKey.self,
    ///     SetProtector.self]) }
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - name: the plugin's name in kebab case.
    ///   - steps: every step of the plugin, each name once.
    public static func run(_ name: String, _ steps: [any Step.Type]) async -> Never {
        signal(SIGPIPE, SIG_IGN)
        let names = steps.map { $0.name }
        if let wrong = ([name] + names).first(where: { !isKebabCase($0) }) {
            end(EX_SOFTWARE, "\"\(wrong)\" is not kebab case")
        }
        if Set(names).count < names.count { end(EX_SOFTWARE, "plugin \(name) has two steps of one name") }
        if isatty(STDIN_FILENO) == 1 {
            end(EX_USAGE, "this is the Muster plugin \(name) (\(names.joined(separator: ", "))); muster starts it")
        }
        let lines = LineWriter(descriptor: takeStandardOutput())
        let runtime = PluginRuntime(name: name, steps: steps) { lines.write($0) }
        onOwnThread { serve(runtime) }
        while true { await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in } }
    }

    /// The descriptor of the engine's pipe; descriptor 1 becomes standard error.
    private static func takeStandardOutput() -> Int32 {
        let pipe = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
        guard pipe >= 0, dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 else {
            end(EX_OSERR, "standard output: \(String(cString: strerror(errno)))")
        }
        setvbuf(stdout, nil, _IOLBF, 0)
        return pipe
    }

    private static func serve(_ runtime: PluginRuntime) -> Never {
        var lines = LineReader(descriptor: STDIN_FILENO)
        do {
            while let line = try lines.next() {
                if try runtime.receive(line: line) == .shutDown { break }
            }
        } catch {
            end(EX_PROTOCOL, "the engine's line cannot be served: \(error)")
        }
        let idle = Latch()
        runtime.cancelAll { idle.open() }
        idle.wait(secondsMax: 2)
        exit(EX_OK)
    }

    fileprivate static func end(_ status: Int32, _ message: String) -> Never {
        let line = Array("error: \(message)\n".utf8)
        _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        exit(status)
    }

    private static func onOwnThread(_ body: @escaping @Sendable () -> Void) {
        final class Box: Sendable {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var thread = pthread_t()
        let box = Unmanaged.passRetained(Box(body))
        let result = pthread_create(
            &thread, nil,
            { pointer in
                Unmanaged<Box>.fromOpaque(pointer!).takeRetainedValue().body()
                return nil
            }, box.toOpaque())
        guard result == 0 else { end(EX_OSERR, "thread: \(String(cString: strerror(result)))") }
    }
}

/// Writes whole lines, one at a time.
private final class LineWriter: Sendable {
    private let descriptor: Mutex<Int32>

    init(descriptor: Int32) { self.descriptor = Mutex(descriptor) }

    func write(_ line: [UInt8]) {
        descriptor.withLock { descriptor in
            var from = 0
            while from < line.count {
                let written = line[from...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                if written > 0 {
                    from += written
                } else if errno != EINTR {
                    // Nobody is left to report to: the engine is gone.
                    PluginMain.end(EX_IOERR, "the engine no longer listens: \(String(cString: strerror(errno)))")
                }
            }
        }
    }
}

/// Opened once by one thread, waited for by another.
private final class Latch: @unchecked Sendable {
    // The semaphore is a C object with an address of its own, safe from any thread.
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(semaphore, 0, 0) }

    func open() { sem_post(semaphore) }

    func wait(secondsMax: Int) {
        var until = timespec()
        clock_gettime(CLOCK_REALTIME, &until)
        until.tv_sec += secondsMax
        while sem_timedwait(semaphore, &until) != 0, errno == EINTR {}
    }
}
