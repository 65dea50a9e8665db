// SPDX-License-Identifier: Apache-2.0

import MusterExpressions
import MusterModel

extension Runbook {
    static let shape = ObjectShape([
        .required("runbook", .text(.kebab), "The runbook's name; the file is named for it"),
        .required("version", .text(.version), "Its version"),
        .required("summary", .text(.sentence), "What it is for, in one line"),
        .optional("inputs", .map(names: .name, InputDeclaration.shape), "What an operator gives"),
        .optional(
            "locks", .list(.text(.sentence)),
            "What no two runs may work on at once; templates of inputs and environment"),
        .optional("measures", .list(Measure.shape), "Clocks and outputs with their objectives"),
        .required("steps", .list(stepShape, atLeast: 1), "What is done"),
        .optional("finally", .list(stepShape), "Back to normal: done whatever happened above"),
    ])

    static let stepShape = Shape.object(
        .required("id", .text(.kebab), "The step's name in this runbook"),
        .optional("summary", .text(.sentence), "What it is for here"),
        .required("uses", .text(.uses), "Which step definition, plugin/step@version; a built-in step has no version"),
        .optional("with", .map(names: .name, .any), "Its inputs: values, or templates"),
        .optional("needs", .list(.text(.kebab)), "The steps that it waits for; without it, the step above"),
        .optional("when", .text(.expression), "Done only where this is true"),
        .optional("for-each", .either([.list(.any), .text(.expression)]), "Done once for each element, read as item"),
        .optional("parallel", .integer(1...1000), "Most elements at once; 1 without it"),
        .optional("retry", retryShape, "How often it is tried"),
        .optional("on-failure", .choice(OnFailure.allCases.map(\.rawValue)), "stop (without it), continue or rollback"),
        .optional("timeout", .text(.duration), "In place of the definition's"),
        .optional("approval", .text(.kebab), "The group of which one must approve before the step begins"))

    private static let retryShape = Shape.object(
        .required("attempts", .integer(1...100), "Tries in all, the first one included"),
        .optional("backoff", .text(.backoff), "The pause between them: from..to, 5s..2m without it"))

    init(_ root: LocatedValue, into diagnostics: inout [Diagnostic]) {
        location = root.location
        name = root.read("runbook", or: "") { $0 }
        version = root.read("version", or: SemanticVersion(0, 0, 0), SemanticVersion.init)
        summary = root["summary"]?.string ?? ""
        inputs = InputDeclaration.read(root["inputs"], into: &diagnostics)
        locks = (root["locks"]?.list ?? []).map { TemplateValue($0, into: &diagnostics) }
        measures = (root["measures"]?.list ?? []).compactMap { Measure($0, into: &diagnostics) }
        let wasWrong = !diagnostics.isEmpty
        func read(_ section: Section) -> [Step] {
            (root[section.rawValue]?.list ?? []).map {
                // Asked once more only in a document that has errors: which of its steps are sound?
                let isMalformed = wasWrong && ($0.hasInvalidPart || !Self.stepShape.accepts($0))
                return Step($0, section: section, isMalformed: isMalformed, into: &diagnostics)
            }
        }
        steps = read(.steps)
        finally = read(.finally)
        reportDoubled(measures.map(\.id), code: "runbook.doubled-id", "measures", into: &diagnostics)
        reportDoubled(
            allSteps.map(\.id).filter { !$0.value.isEmpty }, code: "runbook.doubled-id", "steps", into: &diagnostics)
    }
}

extension Runbook.Step {
    fileprivate init(
        _ value: LocatedValue, section: Runbook.Section, isMalformed: Bool, into diagnostics: inout [Diagnostic]
    ) {
        location = value.location
        id = value.read("id", or: "") { isKebabCase($0) ? $0 : nil }
        self.section = section
        summary = value["summary"]?.string
        uses = value.read("uses", StepUse.init)
        with = (value["with"]?.members ?? []).map { member in
            Runbook.Argument(
                name: Located(member.name, at: member.nameLocation),
                value: TemplateValue(member.value, into: &diagnostics))
        }
        needs = value["needs"] == nil ? nil : value.texts("needs")
        conditionSource = value["when"]
        condition = Self.condition(value, into: &diagnostics)
        forEach = value["for-each"].map { TemplateValue($0, into: &diagnostics) }
        parallel = Int(value["parallel"]?.int ?? 1)
        retry = Runbook.Retry(
            attempts: Int(value["retry"]?["attempts"]?.int ?? 1),
            backoff: value["retry"]?["backoff"]?.string.flatMap(BackoffRange.init) ?? .standard)
        onFailure = value.read("on-failure", or: .stop, Runbook.OnFailure.init)
        timeout = value["timeout"]?.string.flatMap(Duration.init(durationText:))
        approval = value.read("approval") { $0 }
        self.isMalformed = isMalformed
        if let parallel = value["parallel"], forEach == nil {
            diagnostics.append(
                Diagnostic(
                    code: "runbook.needless-parallel", "'parallel' means nothing without 'for-each'",
                    at: parallel.location))
        }
    }

    private static func condition(_ value: LocatedValue, into diagnostics: inout [Diagnostic]) -> Located<Expression>? {
        guard let template = value.template("when", into: &diagnostics) else { return nil }
        if let expression = template.value.single { return Located(expression, at: template.location) }
        if TextRule.expression.accepts(value["when"]?.string ?? "") {
            diagnostics.append(
                Diagnostic(
                    code: "document.bad-value", "'when' needs one ${{ expression }}",
                    help: "Join conditions with and, or.",
                    at: template.location))
        }
        return nil
    }
}
