// SPDX-License-Identifier: Apache-2.0

internal import MusterModel

/// Why a verb failed, and what the engine may do next.
///
/// The texts go into the journal and the record: no secrets.
public struct StepError: Error, Hashable, Sendable {
    /// What the engine may do next.
    public enum Kind: Hashable, Sendable {
        /// Trying again may help, and is safe: the request had no effect.
        case retryable
        /// Trying again cannot help.
        case permanent
        /// Whether the effect happened is not known. The engine observes before anything is sent again.
        case unknownOutcome
    }

    /// What the engine may do next.
    public let kind: Kind
    /// The cloud's own code where there is one (`AzureKeyVaultMissingPermissions`), so that the definition's
    /// `known-errors` match it; else a name such as `my-plugin.no-replica`.
    public let code: String
    /// What happened, in full sentences, with names and values.
    public let message: String
    /// What a person can do about it.
    public let remedy: String?

    /// Trying again may help, and is safe.
    public static func retryable(_ code: String, _ message: String, remedy: String? = nil) -> StepError {
        StepError(kind: .retryable, code: code, message: message, remedy: remedy)
    }

    /// Trying again cannot help.
    public static func permanent(_ code: String, _ message: String, remedy: String? = nil) -> StepError {
        StepError(kind: .permanent, code: code, message: message, remedy: remedy)
    }

    /// Whether the effect happened is not known.
    public static func unknownOutcome(_ code: String, _ message: String, remedy: String? = nil) -> StepError {
        StepError(kind: .unknownOutcome, code: code, message: message, remedy: remedy)
    }
}

extension StepError: CustomStringConvertible {
    /// Message, code and remedy on one line.
    public var description: String { "\(message) [\(code)]" + (remedy.map { " \($0)" } ?? "") }
}

extension StepError {
    init(_ wire: StepFailure) {
        let kind: Kind =
            switch wire.kind {
            case .retryable: .retryable
            case .permanent: .permanent
            case .unknownOutcome: .unknownOutcome
            }
        self.init(kind: kind, code: wire.code, message: wire.message, remedy: wire.remedy)
    }

    var wire: StepFailure {
        let kind: StepFailure.Kind =
            switch kind {
            case .retryable: .retryable
            case .permanent: .permanent
            case .unknownOutcome: .unknownOutcome
            }
        return StepFailure(kind: kind, code: code, message: message, remedy: remedy)
    }

    /// What any error means to the engine.
    ///
    /// - Parameter begun: whether the effect had been allowed to begin, so that nobody knows how far it came.
    init(meaningOf error: any Error, begun: Bool) {
        if let error = error as? StepError {
            self = error
        } else if error is CancellationError {
            self =
                begun
                ? .unknownOutcome("plugin.cancelled", "The call was cancelled after its effect had begun.")
                : .retryable("plugin.cancelled", "The call was cancelled before any effect.")
        } else {
            let text = "The step ended with an error of type \(type(of: error)): \(error)"
            self =
                begun ? .unknownOutcome("plugin.unexpected-error", text) : .permanent("plugin.unexpected-error", text)
        }
    }
}
