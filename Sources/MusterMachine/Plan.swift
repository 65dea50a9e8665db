// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// What kind of run a plan is for.
package enum RunKind: String, Sendable, Codable, CaseIterable {
    /// Against simulated clouds.
    case rehearsal
    case drill
    case change
    case incident
}

/// What one run will do, resolved and observed. Its canonical JSON is what ``digest`` is taken of, what is approved, and
/// what `plan.json` in the record holds; `docs/formats/plan-v1.md` is its norm.
package struct Plan: Hashable, Sendable, Codable {
    /// A document of the catalog, pinned.
    package struct Document: Hashable, Sendable, Codable {
        package var path: String
        package var blob: ObjectID
        package init(path: String, blob: ObjectID) {
            self.path = path
            self.blob = blob
        }
    }

    package struct Runbook: Hashable, Sendable, Codable {
        package var name: String
        package var version: SemanticVersion
        package var summary: String
        package var document: Document
        package init(name: String, version: SemanticVersion, summary: String, document: Document) {
            self.name = name
            self.version = version
            self.summary = summary
            self.document = document
        }
    }

    package struct Environment: Hashable, Sendable, Codable {
        package var name: String
        /// Nil for the environment that a rehearsal makes for itself.
        package var document: Document?
        /// Of the whole environment without any secret.
        package var digest: Digest
        /// Read as `${{ environment.… }}`.
        package var values: [String: JSON]
        package init(name: String, document: Document?, digest: Digest, values: [String: JSON]) {
            self.name = name
            self.document = document
            self.digest = digest
            self.values = values
        }
    }

    package struct Plugin: Hashable, Sendable, Codable {
        /// Kebab case.
        package var name: String
        /// Of the executable that answered the plan's reads and will run.
        package var executable: Digest
        /// Git tree id of `plugins/<Name>` at the catalog's commit.
        package var sources: ObjectID?
        package init(name: String, executable: Digest, sources: ObjectID?) {
            self.name = name
            self.executable = executable
            self.sources = sources
        }
    }

    package var format = 1
    package var kind: RunKind
    package var runbook: Runbook
    /// The commit that everything was read from; nil for uncommitted work, which is only ever rehearsed.
    package var commit: ObjectID?
    package var lock: Document?
    package var environment: Environment
    package var change: String?
    /// Secrets stand here as their references.
    package var inputs: [String: JSON]
    package var locks: [String]
    package var plugins: [Plugin]
    /// By `plugin/step@version`.
    package var definitions: [String: PlannedDefinition]
    /// The runbook's `steps` and then its `finally`, each `for-each` written out, every step after those it needs.
    package var steps: [PlannedStep]
    package var measures: [PlannedMeasure]

    package init(
        kind: RunKind, runbook: Runbook, commit: ObjectID?, lock: Document?, environment: Environment, change: String?,
        inputs: [String: JSON], locks: [String], plugins: [Plugin], definitions: [String: PlannedDefinition],
        steps: [PlannedStep], measures: [PlannedMeasure]
    ) {
        self.kind = kind
        self.runbook = runbook
        self.commit = commit
        self.lock = lock
        self.environment = environment
        self.change = change
        self.inputs = inputs
        self.locks = locks
        self.plugins = plugins
        self.definitions = definitions
        self.steps = steps
        self.measures = measures
    }

    /// Whether a ``RunState`` can be made of it: ids stand once, and steps use known definitions and need earlier steps.
    package var isWellFormed: Bool {
        var seen: Set<String> = []
        for step in steps {
            guard definitions[step.uses] != nil, step.needs.allSatisfy(seen.contains), seen.insert(step.id).inserted
            else {
                return false
            }
        }
        return true
    }

    /// SHA-256 of the plan's canonical JSON.
    package func digest() throws -> Digest { Digest(of: try JSON(encoding: self).canonicalBytes()) }
}

/// The parts of a step definition that a run and its record need, taken from the pinned blob.
package struct PlannedDefinition: Hashable, Sendable, Codable {
    package enum Effect: String, Sendable, Codable { case reversible, irreversible, none }

    package struct Precondition: Hashable, Sendable, Codable {
        package enum Moment: String, Sendable, Codable {
            /// Before the run's first effect.
            case start
            /// Just before the step.
            case step
            /// Before the step is undone.
            case undo
        }

        package var id: String
        package var at: Moment
        package var says: String
        package var why: String?
        package var remedy: String?
        package init(id: String, at: Moment, says: String, why: String?, remedy: String?) {
            self.id = id
            self.at = at
            self.says = says
            self.why = why
            self.remedy = remedy
        }
    }

    package struct Postcondition: Hashable, Sendable, Codable {
        package var id: String
        package var says: String
        package var remedy: String?
        package init(id: String, says: String, remedy: String? = nil) {
            self.id = id
            self.says = says
            self.remedy = remedy
        }
    }

    package struct KnownError: Hashable, Sendable, Codable {
        /// A code, compared whole.
        package var match: String
        package var means: String
        package var remedy: String
        package init(match: String, means: String, remedy: String) {
            self.match = match
            self.means = means
            self.remedy = remedy
        }
    }

    /// An input, with its type as the definition writes it.
    package struct Input: Hashable, Sendable, Codable {
        package var name: String
        package var type: String
        package var resource: String?
        package var values: [String]
        /// False: null stands for one that was left out.
        package var isRequired: Bool
        package init(name: String, type: String, resource: String?, values: [String], isRequired: Bool) {
            self.name = name
            self.type = type
            self.resource = resource
            self.values = values
            self.isRequired = isRequired
        }
    }

    /// An output's type as the definition writes it.
    package struct OutputType: Hashable, Sendable, Codable {
        package var type: String
        package var resource: String?
        /// Of an enum.
        package var values: [String]?
        package init(type: String, resource: String?, values: [String]?) {
            self.type = type
            self.resource = resource
            self.values = values
        }
    }

    package var reference: StepReference
    package var version: SemanticVersion
    /// Nil for the engine's built-in steps.
    package var document: Plan.Document?
    /// Where this version was published.
    package var commit: ObjectID?
    package var summary: String
    package var effect: Effect
    package var timeoutMilliseconds: Int64
    /// Sections of the environment that the step is given, such as `azure`.
    package var connections: [String]
    /// Those that it is given where the environment has them; nil for none.
    package var optionalConnections: [String]?
    package var preconditions: [Precondition]
    package var postconditions: [Postcondition]
    package var permissions: [String]
    package var inputs: [Input]
    /// Names of the declared outputs.
    package var outputs: [String]
    /// By the output's name. Nil in plans of Muster 0.1, which held no output against its type.
    package var outputTypes: [String: OutputType]?
    /// Template with `${{ }}` of `inputs` and `undo`.
    package var rollback: String?
    package var knownErrors: [KnownError]

    package init(
        reference: StepReference, version: SemanticVersion, document: Plan.Document?, commit: ObjectID?,
        summary: String,
        effect: Effect, timeoutMilliseconds: Int64, connections: [String], preconditions: [Precondition],
        postconditions: [Postcondition], permissions: [String], inputs: [Input], outputs: [String],
        outputTypes: [String: OutputType]? = nil, rollback: String?, knownErrors: [KnownError]
    ) {
        self.reference = reference
        self.version = version
        self.document = document
        self.commit = commit
        self.summary = summary
        self.effect = effect
        self.timeoutMilliseconds = timeoutMilliseconds
        self.connections = connections
        self.preconditions = preconditions
        self.postconditions = postconditions
        self.permissions = permissions
        self.inputs = inputs
        self.outputs = outputs
        self.outputTypes = outputTypes
        self.rollback = rollback
        self.knownErrors = knownErrors
    }
}

extension PlannedDefinition {
    /// Names of the inputs that are secrets: their values are references, resolved only on the way to the plugin.
    package var secretInputs: [String] { inputs.filter { $0.type == "secret" }.map(\.name) }
}

/// One step of a run.
package struct PlannedStep: Hashable, Sendable, Codable {
    package enum Section: String, Sendable, Codable { case steps, finally }
    package enum OnFailure: String, Sendable, Codable { case stop, `continue`, rollback }

    package struct Retry: Hashable, Sendable, Codable {
        /// Tries in all, the first one included.
        package var attempts: Int
        package var backoffMinMilliseconds: Int64
        package var backoffMaxMilliseconds: Int64
        package init(attempts: Int, backoffMinMilliseconds: Int64, backoffMaxMilliseconds: Int64) {
            self.attempts = attempts
            self.backoffMinMilliseconds = backoffMinMilliseconds
            self.backoffMaxMilliseconds = backoffMaxMilliseconds
        }
    }

    /// What a plan saw of the step's target.
    package struct Preview: Hashable, Sendable, Codable {
        /// Results of the preconditions that could be checked now.
        package var preconditions: [ConditionResult]
        /// Nil for a step without an effect, and for one that could not be looked at yet.
        package var observation: Observation?
        /// The earlier steps whose outputs or effects decide; empty when all of it was known.
        package var knownAfter: [String]
        package init(preconditions: [ConditionResult], observation: Observation?, knownAfter: [String]) {
            self.preconditions = preconditions
            self.observation = observation
            self.knownAfter = knownAfter
        }
    }

    /// The runbook's id; an instance of a `for-each` has its position behind it: `register[0]`.
    package var id: String
    package var section: Section
    /// `plugin/step@version`, a key of ``Plan/definitions``.
    package var uses: String
    package var needs: [String]
    /// Most instances of the same `for-each` at once, and the group's id; nil outside one.
    package var group: Group?
    /// A condition, without `${{ }}`.
    package var condition: String?
    /// Values or `${{ }}` templates.
    package var with: [String: JSON]
    package var retry: Retry
    package var onFailure: OnFailure
    package var timeoutMilliseconds: Int64
    package var preview: Preview?

    package struct Group: Hashable, Sendable, Codable {
        package var id: String
        package var parallel: Int
        /// The element that this instance is for; read as `${{ item }}`.
        package var item: JSON
        package init(id: String, parallel: Int, item: JSON) {
            self.id = id
            self.parallel = parallel
            self.item = item
        }
    }

    package init(
        id: String, section: Section, uses: String, needs: [String], group: Group?, condition: String?,
        with: [String: JSON],
        retry: Retry, onFailure: OnFailure, timeoutMilliseconds: Int64, preview: Preview?
    ) {
        self.id = id
        self.section = section
        self.uses = uses
        self.needs = needs
        self.group = group
        self.condition = condition
        self.with = with
        self.retry = retry
        self.onFailure = onFailure
        self.timeoutMilliseconds = timeoutMilliseconds
        self.preview = preview
    }
}
