// SPDX-License-Identifier: Apache-2.0

package import MusterModel
package import MusterPluginProtocol

/// What a plugin process did. All its texts have passed the redactor.
package enum PluginEvent: Hashable, Sendable {
    /// The handshake is over: calls may be sent.
    case ready(InitializeResult)
    case answered(call: Int64, PluginAnswer)
    /// The plugin reported a failure, or the process ended before it had answered.
    case failed(call: Int64, StepFailure)
    /// The plugin waits for ``PluginProcess/answerBegin(_:_:)``.
    case begin(request: Int64, call: Int64, undo: JSON)
    case progress(ProgressParameters)
    case log(LogParameters)
    case evidence(EvidenceParameters)
    /// A line of standard error, without its newline.
    case standardError(String)
    /// So much more came on standard error than is kept: the digest is of the dropped bytes.
    case standardErrorDropped(bytes: Int, Digest)
    /// Always the last. Nil when the process had been asked to shut down and did.
    case ended(MusterError?)
}

/// Bounds on what a plugin may use up. They are generous for an honest one and keep the engine's memory and journal
/// bounded.
package struct PluginLimits: Sendable {
    /// From the start to the answer to `initialize`.
    package var handshake: Duration = .seconds(10)
    /// From a call's time-out, when it is cancelled, to the first signal.
    package var grace: Duration = .seconds(5)
    /// From SIGTERM to SIGKILL.
    package var termination: Duration = .seconds(5)
    /// Messages of one call, its answer included: one a second for five hours.
    package var messagesPerCall = 20_000
    /// Bytes of all messages of one call.
    package var bytesPerCall = 64 << 20
    /// Bytes of standard error that are kept from the start of one call to the start of the next.
    package var standardErrorBytes = 1 << 20
    /// A longer line of standard error is cut.
    package var standardErrorLineBytes = 16 << 10

    package init() {}
}
