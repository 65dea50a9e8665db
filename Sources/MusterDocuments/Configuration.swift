// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// `muster.yaml` at the root of a catalog (`docs/formats/catalog-v1.md`). It holds only what this version honours.
package struct Configuration: Sendable {
    /// The catalog's name.
    package var catalog: String
    package var summary: String?
    /// Short name of the branch that is the log of executions.
    package var recordsBranch: String
    /// Where records are pushed; nil: nowhere. Never guessed.
    package var recordsRemote: String?
    /// Whether commits of records, and each record at its end, are signed by whoever makes them.
    package var recordsSigned = false
    /// How runs on several machines are kept apart.
    package var leases: Leases
    /// How long a lease lives without being renewed, which is done at a third of it.
    package var leaseLife: Duration
    /// How often a runbook is to be drilled; nil: nothing is said of it.
    package var drillEvery: Duration?
    /// Environments in which a run needs a change ticket, with their places in the document.
    package var changeTickets: [Located<String>] = []
    /// Who may agree to what.
    package var policy = ApprovalPolicy()
    /// When environments may be changed, by environment; one that is not named may be at any time.
    package var changeWindows: [String: [WindowRule]] = [:]
    package var freezes: [Freeze] = []
    /// Where it names zones, and environments, of which only others know whether they exist.
    package var zoneNames: [Located<String>] = []
    package var environmentNames: [Located<String>] = []

    package enum Leases: String, Sendable, CaseIterable {
        /// On each machine by itself.
        case local
        /// By leases on the remote; without, and saying so, where the remote cannot be reached at the start.
        case remote
        /// By leases on the remote, or not at all.
        case required
    }

    package static let standardRecordsBranch = "muster/records"

    package static func parse(_ bytes: [UInt8], file: String) -> Parsed<Configuration> {
        parseDocument(bytes, file: file, shape: shape, named: "muster.yaml") { root, diagnostics in
            let policy = ApprovalPolicy(root)
            ApprovalLint(root: root, policy: policy).check(into: &diagnostics)
            for windows in root["change-windows"]?.members ?? [] {
                WindowRule.check(windows.value, into: &diagnostics)
            }
            WindowRule.check(root["freezes"], into: &diagnostics)
            reportDoubled(
                root.texts("change-tickets"), code: "catalog.doubled-environment", "entries of the environment",
                into: &diagnostics)
            return Configuration(
                catalog: root["catalog"]?.string ?? "", summary: root["summary"]?.string,
                recordsBranch: root["records"]?["branch"]?.string ?? standardRecordsBranch,
                recordsRemote: root["records"]?["remote"]?.string,
                recordsSigned: root["records"]?["sign"]?.bool ?? false,
                leases: root["leases"]?.string.flatMap(Leases.init) ?? .local,
                leaseLife: root["lease-life"]?.string.flatMap(Duration.init(durationText:)) ?? .seconds(300),
                drillEvery: root["drill-every"]?.string.flatMap(Duration.init(durationText:)),
                changeTickets: root.texts("change-tickets"), policy: policy,
                changeWindows: Dictionary(
                    (root["change-windows"]?.members ?? []).map { ($0.name, WindowRule.list($0.value)) },
                    uniquingKeysWith: { first, _ in first }),
                freezes: (root["freezes"]?.list ?? []).compactMap(Freeze.init),
                zoneNames: WindowRule.zoneNames(
                    (root["change-windows"]?.members ?? []).map(\.value) + [root["freezes"]].compactMap(\.self)),
                environmentNames: environmentNames(root))
        }
    }

    private static func environmentNames(_ root: LocatedValue) -> [Located<String>] {
        let keys = ["approvals", "change-windows"].flatMap { root[$0]?.members ?? [] }
        let names =
            keys.map { Located($0.name, at: $0.nameLocation) }
            + (root["freezes"]?.list ?? []).flatMap { $0.texts("environments") } + root.texts("change-tickets")
        return names.filter { $0.value != everyEnvironment }
    }

    /// When an environment may be changed by what stands here and in its own document.
    package func calendar(of environment: Environment) -> ChangeCalendar {
        let name = environment.name.value
        return ChangeCalendar(
            lists: [changeWindows[name] ?? [], environment.changeWindows],
            freezes: freezes.filter { $0.environments?.contains(name) ?? true })
    }

    static let shape = ObjectShape(
        [
            .required("catalog", .text(.kebab), "The catalog's name"),
            .optional("summary", .text(.sentence), "What it is for, in one line"),
            .optional(
                "records",
                .object(
                    .optional("branch", .text(.branch), "The log of executions; muster/records without it"),
                    .optional(
                        "remote", .text(.branch), "The git remote that records are pushed to; none without it"),
                    .optional(
                        "sign", .boolean,
                        "true: commits of records, and each record at its end, are signed with the operator's SSH key")),
                "Where records go"),
            .optional(
                "leases", .choice(Leases.allCases.map(\.rawValue)),
                "local: a runbook's locks hold on each machine by itself; remote: also by leases on the records' remote, where it can be reached; required: never without"
            ),
            .optional("lease-life", .text(.duration), "How long a lease lives without being renewed; 5m without it"),
            .optional(
                "drill-every", .text(.duration),
                "How often each runbook is to be drilled, such as 90d; never without it"),
            .optional(
                "change-windows", .map(names: .kebab, .list(WindowRule.shape, atLeast: 1)),
                "When runs may change an environment, by environment; at any time without it"),
            .optional("freezes", .list(WindowRule.freeze, atLeast: 1), "When nothing may be changed, whatever is open"),
            .optional(
                "change-tickets", .list(.text(.environmentOrAll)),
                "Environments in which a run needs a change ticket, named with --change; * for all; none without it"),
        ] + ApprovalPolicy.fields)
}
