// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import Glibc
internal import MusterModel
internal import MusterSystem

/// A token of the person who has signed in with `az login`.
///
/// The command gets only what it needs of this process's environment.
///
/// - Parameter searchPath: where the command is looked for, as `PATH` names it.
func azureCLIToken(
    resource: String, tenant: String, now: Timestamp,
    searchPath: String = processEnvironment("PATH") ?? "/usr/local/bin:/usr/bin:/bin", timeout: Duration = .seconds(10)
) async throws(AzureError) -> AccessToken {
    guard let path = executable("az", in: searchPath) else {
        throw AzureError(
            code: "azure.cli", "The Azure CLI (az) is not on PATH. Install it, or choose another credential type.")
    }
    let passedOn = ["HOME", "PATH", "AZURE_CONFIG_DIR", "LANG", "REQUESTS_CA_BUNDLE"]
    let environment = passedOn.reduce(into: [
        "AZURE_CORE_COLLECT_TELEMETRY": "false", "AZURE_CORE_ONLY_SHOW_ERRORS": "true",
    ]) {
        $0[$1] = processEnvironment($1)
    }
    let arguments = ["account", "get-access-token", "--output", "json", "--resource", resource, "--tenant", tenant]
    let output = try await offCooperativePool { () throws(AzureError) in
        try run(path, arguments, environment, timeout: timeout)
    }
    do {
        return try AccessToken(answer: JSON.parse(output), now: now)
    } catch let error as AzureError {
        throw error
    } catch {
        throw AzureError(code: "azure.cli", "The Azure CLI's answer is not JSON: \(error).")
    }
}

private func executable(_ name: String, in searchPath: String) -> String? {
    searchPath.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
}

/// Runs blocking work on a thread of its own, so that it never holds one of the few that all tasks share.
private func offCooperativePool<Value: Sendable>(
    _ work: @escaping @Sendable () throws(AzureError) -> Value
) async throws(AzureError) -> Value {
    let result: Result<Value, AzureError> = await withCheckedContinuation { continuation in
        var thread = pthread_t()
        let box = Unmanaged.passRetained(Work { continuation.resume(returning: Result(catching: work)) })
        let status = pthread_create(
            &thread, nil,
            { pointer in
                Unmanaged<Work>.fromOpaque(pointer!).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        if status == 0 {
            pthread_detach(thread)
        } else {
            box.release()
            continuation.resume(returning: .failure(AzureError(code: "azure.cli", "No thread could be started.")))
        }
    }
    return try result.get()
}

private final class Work {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
}

private func run(
    _ path: String, _ arguments: [String], _ environment: [String: String], timeout: Duration
) throws(AzureError) -> [UInt8] {
    let child: ChildProcess
    do {
        child = try ChildProcess(path: path, arguments: arguments, environment: environment)
    } catch {
        throw AzureError(code: "azure.cli", error.summary)
    }
    child.closeInput()
    let end = ContinuousClock.now.advanced(by: timeout)
    var output: [UInt8] = []
    var errors: [UInt8] = []
    while child.output >= 0 || child.errors >= 0 {
        let targets = [child.output, child.errors].filter { $0 >= 0 }.map { PollTarget(reading: $0) }
        let remaining = ContinuousClock.now.duration(to: end)
        guard remaining > .zero, output.count + errors.count < 1 << 20 else {
            child.signalGroup(SIGKILL)
            _ = child.reap(blocking: true)
            throw AzureError(
                code: "azure.cli", "The Azure CLI gave no token within \(timeout.readable).", advice: .retryable)
        }
        _ = waitUntilReady(targets, timeout: remaining)
        if case .bytes(let bytes) = child.readOutput() { output += bytes }
        if case .bytes(let bytes) = child.readErrors() { errors += bytes }
    }
    guard child.reap(blocking: true) == .exited(0) else {
        let text = String(decoding: errors.prefix(400), as: UTF8.self).split(whereSeparator: \.isNewline).joined(
            separator: " ")
        throw AzureError(code: "azure.cli", "The Azure CLI gave no token: \(text) Sign in with: az login")
    }
    return output
}
