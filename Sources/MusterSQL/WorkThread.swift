// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization

/// A thread of its own for calls that block, one after the other: Swift's own threads are few, and all tasks need them.
final class WorkThread: Sendable {
    private struct State {
        var work: [@Sendable () -> Void] = []
        var isEnding = false
    }

    private let state = Mutex(State())
    private let wake = Semaphore()

    /// - Throws: ``SQLError`` when the system gives no thread.
    init() throws(SQLError) {
        try startThread { self.run() }
    }

    /// The thread comes to the work when it is done with all before.
    ///
    /// - Parameter isLast: the thread ends with it and takes no more.
    /// - Returns: false when it takes no more.
    @discardableResult
    func enqueue(isLast: Bool = false, _ work: @escaping @Sendable () -> Void) -> Bool {
        let isTaken = state.withLock { state in
            guard !state.isEnding else { return false }
            state.work.append(work)
            state.isEnding = isLast
            return true
        }
        if isTaken { wake.post() }
        return isTaken
    }

    private func run() {
        while true {
            wake.wait()
            let (work, isLast) = state.withLock { state in
                (state.work.removeFirst(), state.isEnding && state.work.isEmpty)
            }
            work()
            if isLast { return }
        }
    }
}

/// - Throws: ``SQLError`` when the system gives no thread.
func startThread(_ body: @escaping @Sendable () -> Void) throws(SQLError) {
    final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
    let retained = Unmanaged.passRetained(Body(body))
    var thread = pthread_t()
    let result = pthread_create(
        &thread, nil,
        { argument in
            Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue().run()
            return nil
        }, retained.toOpaque())
    guard result == 0 else {
        retained.release()
        throw SQLError(
            configuration: "No thread could be started for a database: \(String(cString: strerror(result))).",
            remedy: "Look at this machine's limits of processes and memory.")
    }
    pthread_detach(thread)
}

/// A semaphore may be used by any thread; its memory does not move.
final class Semaphore: @unchecked Sendable {
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(semaphore, 0, 0) }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func post() { sem_post(semaphore) }

    func wait() {
        // Again when a signal interrupts it.
        while sem_wait(semaphore) != 0 {}
    }
}
