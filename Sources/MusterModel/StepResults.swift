// SPDX-License-Identifier: Apache-2.0

/// What a step answered for one precondition or postcondition.
package struct ConditionResult: Hashable, Sendable, Codable {
    package enum Verdict: String, Sendable, Codable {
        case met
        case unmet
        /// It could not be checked. Never counts as met.
        case unverifiable
    }

    /// The condition's id in the definition.
    package var id: String
    package var verdict: Verdict
    /// What was seen, in one sentence with names and values.
    package var says: String
    /// Names of the evidence of this step that shows it.
    package var evidence: [String]

    package init(id: String, verdict: Verdict, says: String, evidence: [String] = []) {
        self.id = id
        self.verdict = verdict
        self.says = says
        self.evidence = evidence
    }
}

/// One difference between the target and what the step wants.
package struct Change: Hashable, Sendable, Codable {
    /// What differs, such as `servers/tdeprimarytest/encryptionProtector`.
    package var path: String
    /// The value now; nil when there is none.
    package var from: String?
    /// The value wanted; nil when it goes away.
    package var to: String?

    package init(path: String, from: String?, to: String?) {
        self.path = path
        self.from = from
        self.to = to
    }
}

/// Where a step's target stands: the answer of `observe`.
package struct Observation: Hashable, Sendable, Codable {
    package enum Standing: String, Sendable, Codable {
        /// As the step wants it: nothing to do.
        case satisfied
        /// Not as the step wants it, and applying brings it about. Nothing of it is there, unless `why` says what is.
        case needed
        /// Some of it is done.
        case partial
        /// It could not be found out.
        case unknown
    }

    package var standing: Standing
    package var changes: [Change]
    /// Why it is partial or unknown. With `needed`: what is there all the same, from which applying goes on and which an undo
    /// takes away. With `satisfied`, where it is not plain: why there is nothing to do.
    package var why: String?
    /// With `needed`, where nothing of the effect is there: what no undo takes away all the same. Nil in journals of
    /// Muster 0.2 and before.
    package var remains: String?
    /// With `satisfied`: the outputs, as `apply` would return them.
    package var outputs: [String: JSON]

    package init(
        standing: Standing, changes: [Change] = [], why: String? = nil, remains: String? = nil,
        outputs: [String: JSON] = [:]
    ) {
        self.standing = standing
        self.changes = changes
        self.why = why
        self.remains = remains
        self.outputs = outputs
    }

    /// Nothing of the effect is there.
    package var isAbsent: Bool { standing == .needed && why == nil }
}

/// Why a call of a step failed. Data: it is journaled, recorded and must decode years later.
package struct StepFailure: Error, Hashable, Sendable, Codable {
    package enum Kind: String, Sendable, Codable {
        /// Trying again may help.
        case retryable
        /// Trying again cannot help.
        case permanent
        /// Whether the effect happened is not known; it must be observed before anything is sent again.
        case unknownOutcome = "unknown-outcome"
    }

    package var kind: Kind
    /// The cloud's or the plugin's own code, such as `AzureKeyVaultMissingPermissions` or `plugin.exited`.
    package var code: String
    package var message: String
    /// What a person can do.
    package var remedy: String?

    package init(kind: Kind, code: String, message: String, remedy: String? = nil) {
        self.kind = kind
        self.code = code
        self.message = message
        self.remedy = remedy
    }
}
