// SPDX-License-Identifier: Apache-2.0

internal import MusterMachine
package import MusterModel

extension RunFold {
    /// What is known so far.
    ///
    /// - Parameter lastLine: SHA-256 in hex of the journal's last line.
    /// - Throws: `record.no-run` before the `run-created` entry.
    package func record(lastLine: String) throws(MusterError) -> RunRecord {
        guard let created, let createdAt, let last else {
            throw MusterError(
                code: "record.no-run", "The journal does not begin with the creation of a run.",
                help: "Check that it is a journal of Muster and that its first line is there.",
                status: .verificationFailed)
        }
        let outputs = stepOutputs
        let places = changedPlaces
        let steps = self.steps.map { stepRecord($0, outputs, places) }
        return RunRecord(
            run: created.run, outcome: outcome, why: finish?.why, kind: created.kind, runbook: plan.runbook,
            environment: .init(
                name: plan.environment.name, digest: plan.environment.digest, document: plan.environment.document),
            change: created.change, operatorName: created.operatorName, host: created.host, bootID: created.bootID,
            processID: created.processID, engine: created.engine, rules: created.rules, confirmation: confirmation,
            accepted: accepted, commit: plan.commit,
            plan: created.plan, inputs: plan.inputs, createdAt: createdAt.at, startedAt: startedAt?.at,
            finishedAt: finishedAt?.at, asOf: last.at, tookMilliseconds: end.milliseconds(since: createdAt),
            waitedForPeopleMilliseconds: allWaiting.milliseconds(from: createdAt, to: end),
            deviations: deviations(steps),
            measures: plan.measures.map(measure), window: window, ticket: ticket, steps: steps,
            waiting: waitingRecords.orNil,
            interventions: (created.rules ?? 1) < 2 ? nil : interventions.orNil, resumes: resumes.orNil,
            rollbacks: rollbacks.orNil, leases: leases.orNil, approvals: approvals.orNil, policies: policies.orNil,
            breakGlass: breakGlass, leftBehind: places.left,
            sqlSources: sqlSources.isEmpty ? nil : sqlSources,
            definitions: usedDefinitions, plugins: plan.plugins,
            journal: .init(entries: entryCount, lastLine: lastLine))
    }

    var outcome: RunRecord.Outcome {
        switch finish?.outcome {
        case nil: outcomeSoFar
        case .succeeded: .succeeded
        case .failed: .failed
        case .cancelled: .cancelled
        case .stuck: .stuck
        case .rolledBack: .rolledBack
        }
    }

    /// The run's end, or the last that was heard of it.
    private var end: Moment { finishedAt ?? last ?? Moment(at: Timestamp(milliseconds: 0), elapsed: 0) }

    /// Waiting that is over, and that which goes on.
    private var allWaiting: WaitingTime {
        var all = waiting
        guard let last else { return all }
        let open = steps.compactMap(\.waitsForPersonSince) + steps.compactMap(\.waitsForDecisionSince)
        for since in open + [atRestSince].compactMap(\.self) { all.add(from: since, to: last) }
        return all
    }

    private func stepRecord(_ fold: StepFold, _ outputs: JSON, _ places: ChangedPlaces) -> StepRecord {
        var record = fold.record
        if finish != nil, record.result == .pending { record.result = .notReached }
        if finish == nil, let startedAt = fold.startedAt, fold.finishedAt == nil, let last {
            record.tookMilliseconds = last.milliseconds(since: startedAt)
        }
        if record.effect != nil, let template = fold.definition?.rollback {
            record.rollback = render(template, roots(for: fold, outputs))
        }
        record.putBackBy = places.stepsThatPutBack(record)
        return record
    }

    /// Read by rollback notes as `steps.<id>.outputs.<name>`.
    private var stepOutputs: JSON {
        var outputs: [String: JSON] = [:]
        for step in steps { outputs[step.step.id] = ["outputs": .object(step.record.outputs)] }
        return .object(outputs)
    }

    private func roots(for fold: StepFold, _ outputs: JSON) -> [String: JSON] {
        [
            "inputs": .object(fold.record.inputs), "undo": fold.record.undo ?? .object([:]),
            "environment": .object(plan.environment.values), "steps": outputs,
            "item": fold.step.group?.item ?? .null,
            "run": ["id": .string(created?.run.text ?? ""), "kind": .string(plan.kind.rawValue)],
        ]
    }

    private var usedDefinitions: [UsedDefinition] {
        plan.definitions.sorted { $0.key < $1.key }.map { uses, definition in
            UsedDefinition(
                uses: uses, summary: definition.summary, effect: definition.effect, document: definition.document,
                commit: definition.commit,
                file: definition.document.map { RecordFiles.definitionFile($0, definition.version) })
        }
    }
}
