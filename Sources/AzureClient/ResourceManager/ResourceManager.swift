// SPDX-License-Identifier: Apache-2.0

package import CloudHTTP
package import MusterModel

/// Azure Resource Manager: reads, changes and the operations that follow changes.
package struct ResourceManager: Sendable {
    var sender: AuthorizedSender
    let base: WebAddress
    let scope: String
    var polling = PollingPolicy()

    private static let pagesMax = 1000

    /// Builds the address of a resource, or of something below it.
    package func address(_ id: ResourceID, _ more: String = "", version: String, query: [(String, String)] = [])
        -> WebAddress
    {
        base.appending(path: id.text + more, query: [("api-version", version)] + query)
    }

    package func get(_ url: WebAddress) async throws(AzureError) -> JSON {
        try parsed(await sender.send(ServiceRequest(.get, url, scope: scope)))
    }

    /// Nil for an answer without a body, which says that there is nothing.
    func getIfAny(_ url: WebAddress) async throws(AzureError) -> JSON? {
        let answer = try await sender.send(ServiceRequest(.get, url, scope: scope))
        return answer.body.isEmpty ? nil : try parsed(answer)
    }

    /// Sends a change that is done when it is answered.
    func send(_ method: RequestMethod, _ url: WebAddress, _ body: JSON? = nil) async throws(AzureError) {
        _ = try await sender.send(ServiceRequest(method, url, scope: scope, body: body))
    }

    /// All members of a list, over its pages. `nextLink` is followed as it came, but only on Resource Manager's own host.
    package func list(_ url: WebAddress) async throws(AzureError) -> [JSON] {
        var items: [JSON] = []
        var next: WebAddress? = url
        for _ in 0..<Self.pagesMax {
            guard let page = next else { return items }
            let body = try await get(page)
            guard let values = body["value"]?.array else {
                // As from a proxy in between: what is no list must not pass for an empty one.
                throw AzureError(code: "azure.answer", "\(page.shortened) answered something that is no list.")
            }
            items += values
            next = try body["nextLink"]?.string.flatMap { $0.isEmpty ? nil : $0 }.map { (link) throws(AzureError) in
                try ownAddress(link, what: "The next page")
            }
        }
        throw AzureError(code: "azure.endless-list", "\(url.shortened) has more than \(Self.pagesMax) pages.")
    }

    /// Sends a changing request and waits until its operation has ended.
    ///
    /// - Parameter started: told about the operation as soon as it is known, so that it can be stored before the wait. What
    ///   it throws ends the wait and is passed on; the operation itself goes on.
    /// - Parameter isShown: whether the resource is as it was asked to be. For a while after the operation some reads may
    ///   still show what was before: the resource is read until it is so, for ``settlingPatience``.
    /// - Returns: for PUT and PATCH the resource as it is afterwards, for POST the result if there is one, else nil.
    /// - Throws: ``AzureError``.
    package func perform(
        _ method: RequestMethod, _ url: WebAddress, body: JSON? = nil,
        isShown: (JSON) -> Bool = { _ in true },
        started: (LongRunningOperation) async throws -> Void = { _ in }
    ) async throws -> JSON? {
        let answer = try await sender.send(ServiceRequest(method, url, scope: scope, body: body))
        switch try Acceptance(method: method, target: url, answer: answer) {
        case .finished(let body): return body
        case .running(let operation):
            let firstWait = retryAfter(answer.headers, now: sender.sender.time.now)
            try await started(operation)
            return try await wait(for: operation, firstWait: firstWait, isShown: isShown)
        }
    }

    /// Waits for an operation, also one that was begun before a crash.
    package func wait(
        for operation: LongRunningOperation, firstWait: Duration? = nil, isShown: (JSON) -> Bool = { _ in true }
    ) async throws(AzureError) -> JSON? {
        let url = try ownAddress(operation.url, what: "The operation")
        var asked = firstWait
        for poll in 0... {
            try await pause(polling.wait(beforePoll: poll, retryAfter: asked), operation)
            let answer: HTTPResponse
            do throws(AzureError) {
                answer = try await sender.send(ServiceRequest(.get, url, scope: scope))
            } catch {
                throw unknown(error, operation)
            }
            if case .succeeded(let body) = try pollResult(operation, answer) {
                return try await settledResult(of: operation, lastBody: body, isShown)
            }
            asked = retryAfter(answer.headers, now: sender.sender.time.now)
        }
        return nil
    }

    private func pause(_ wait: Duration, _ operation: LongRunningOperation) async throws(AzureError) {
        let remaining = sender.context.deadline.remaining(sender.sender.time)
        guard wait < remaining, await sender.sender.time.pause(wait) else {
            throw AzureError(
                code: Task.isCancelled ? "azure.cancelled" : "azure.deadline",
                "The operation of \(operation.method.rawValue) \(shortened(operation.target)) had not ended when the wait was given up.",
                advice: .unknownOutcome)
        }
    }

    /// Not to be able to ask is not the operation's failure.
    private func unknown(_ error: AzureError, _ operation: LongRunningOperation) -> AzureError {
        // Where no status resource tells it, the operation's failure is the answer to the poll.
        if operation.tracking == .location, let status = error.status, [400, 409, 412, 422].contains(status) {
            return error
        }
        var copy = error
        copy.advice = .unknownOutcome
        copy.message =
            "The operation of \(operation.method.rawValue) \(shortened(operation.target)) could not be followed: \(error.message)"
        return copy
    }

    private func pollResult(_ operation: LongRunningOperation, _ answer: HTTPResponse) throws(AzureError) -> PollResult
    {
        do throws(AzureError) {
            return try PollResult(tracking: operation.tracking, answer: answer)
        } catch  where error.code == "azure.answer" {
            throw unknown(error, operation)
        }
    }

    /// The operation has succeeded: not to be able to read its result does not make it retryable.
    private func settledResult(
        of operation: LongRunningOperation, lastBody: JSON?, _ isShown: (JSON) -> Bool
    ) async throws(AzureError) -> JSON? {
        do throws(AzureError) {
            return try await result(of: operation, lastBody: lastBody, isShown)
        } catch {
            throw error.inDoubt
        }
    }

    private func result(
        of operation: LongRunningOperation, lastBody: JSON?, _ isShown: (JSON) -> Bool
    ) async throws(AzureError) -> JSON? {
        switch (operation.method, operation.tracking) {
        case (.put, .asyncOperation), (.patch, .asyncOperation), (.put, .location), (.patch, .location):
            return try await get(ownAddress(operation.target, what: "The resource"), until: isShown)
        case (.post, .asyncOperation):
            guard let location = operation.resultURL else { return nil }
            let answer = try await sender.send(
                ServiceRequest(.get, ownAddress(location, what: "The result"), scope: scope))
            return answer.body.isEmpty ? Optional.none : try parsed(answer)
        case (.delete, _): return nil
        default: return lastBody
        }
    }

    /// Longest time in which a read after a change is not taken at its word; no figure of it is published.
    static let settlingPatience = Duration.seconds(120)

    /// Reads until what is read is as it must be, for ``settlingPatience`` and as far as the work's time allows.
    ///
    /// - Returns: what was read last, as it must be or not.
    func settled<Value>(
        _ isSettled: (Value) -> Bool, _ read: () async throws(AzureError) -> Value
    ) async throws(AzureError) -> Value {
        let time = sender.sender.time
        let end = Deadline(after: Self.settlingPatience, from: time)
        var value = try await read()
        for look in 0... {
            let wait = polling.wait(beforePoll: look, retryAfter: nil)
            guard !isSettled(value), wait < min(end.remaining(time), sender.context.deadline.remaining(time)),
                await time.pause(wait)
            else { break }
            value = try await read()
        }
        return value
    }

    /// A resource that is not found is one that is not shown yet.
    private func get(_ url: WebAddress, until isShown: (JSON) -> Bool) async throws(AzureError) -> JSON {
        let isSettled = { (read: Result<JSON, AzureError>) in
            if case .success(let body) = read { isShown(body) } else { false }
        }
        let found = try await settled(isSettled) { () throws(AzureError) in
            do throws(AzureError) { return .success(try await get(url)) } catch  where error.isNotFound {
                return .failure(error)
            }
        }
        return try found.get()
    }

    /// An address that a service gave us. The token goes to Resource Manager alone.
    private func ownAddress(_ text: String, what: String) throws(AzureError) -> WebAddress {
        guard let url = WebAddress(text), url.origin == base.origin else {
            throw AzureError(
                code: "azure.foreign-host",
                "\(what) is at \(WebAddress(text)?.origin ?? "no valid URL"), not at \(base.origin); the token was not sent there.",
                advice: .unknownOutcome)
        }
        return url
    }

    private func shortened(_ text: String) -> String { WebAddress(text)?.shortened ?? text }
}
