// SPDX-License-Identifier: Apache-2.0

package import MusterModel

/// One fault that was asked for: which, when, and how often.
package struct FaultRule: Sendable, Hashable {
    package var kind: FaultKind
    /// Operation name such as `ServerKeys_CreateOrUpdate`; `*` for any text.
    package var operation: String?
    package var method: String?
    /// Of the path, `*` for any text, no regard to case.
    package var path: String?
    /// How many requests pass untouched first.
    package var after = 0
    /// How often it strikes; nil: every time.
    package var times: Int?
    package var arguments: [String: String] = [:]
    package var seen = 0
    package var struck = 0

    /// Reads the settings of one fault and refuses what the fault does not know.
    package init(kind: FaultKind, settings: [String: String]) throws(MusterError) {
        self.kind = kind
        let description = kind.description
        times = description.times
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
            switch name {
            case "operation": operation = value
            case "method": method = value
            case "path": path = value
            case "after": after = try Self.count(name, value, kind)
            case "times": times = value == "always" ? nil : try Self.count(name, value, kind)
            default:
                guard description.arguments.contains(where: { $0.name == name }) else {
                    throw Self.failure(
                        kind, "has no setting \"\(name)\"",
                        help:
                            "It knows: \((["operation", "method", "path", "after", "times"] + description.arguments.map(\.name)).joined(separator: ", "))."
                    )
                }
                arguments[name] = value
            }
        }
        try checkArguments()
    }

    package init(name: String, settings: [String: String]) throws(MusterError) {
        guard let kind = FaultKind(rawValue: name) else {
            throw MusterError(
                code: "simulator.unknown-fault", "There is no fault \"\(name)\"",
                help: "The faults are\n"
                    + FaultKind.allCases.map { "    \($0.rawValue)" }.sorted().joined(separator: "\n"))
        }
        try self.init(kind: kind, settings: settings)
    }

    /// Reads `NAME[:setting=value,…]` of the command line.
    package init(commandLine text: String) throws(MusterError) {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        var settings: [String: String] = [:]
        for pair in parts.count == 2 ? parts[1].split(separator: ",") : [] {
            let sides = pair.split(separator: "=", maxSplits: 1).map(String.init)
            guard sides.count == 2 else {
                throw MusterError(
                    code: "simulator.invalid-fault", "The fault \(parts[0]) can't read \"\(pair)\"",
                    help: "Settings are written name=value, with commas between.")
            }
            settings[sides[0]] = sides[1]
        }
        try self.init(name: parts.first ?? "", settings: settings)
    }

    func argument(_ name: String) -> String {
        arguments[name] ?? kind.description.arguments.first { $0.name == name }?.fallback ?? ""
    }

    /// True when this rule strikes this call; it counts.
    mutating func strikes(_ call: Call) -> Bool {
        guard meets(call) else { return false }
        seen += 1
        guard seen > after, times.map({ struck < $0 }) ?? true else { return false }
        struck += 1
        return true
    }

    private func meets(_ call: Call) -> Bool {
        guard !kind.isDataGuard else { return false }
        if operation == nil, call.isToken { return false }
        if let operation, !matches(call.operation, pattern: operation) { return false }
        if let method, call.request.method != method.uppercased() { return false }
        if let path, !matches(call.request.path, pattern: path) { return false }
        if operation != nil || method != nil || path != nil { return true }
        switch kind.description.meets {
        case .any: return true
        case .reads: return !call.isMutation
        case .changes: return call.isMutation
        case .failovers: return call.isMutation && call.operation.hasPrefix("FailoverGroups_")
        case .plannedFailovers: return call.operation == "FailoverGroups_Failover"
        case .switchovers, .connectors, .nodeResets: return false
        }
    }

    private func checkArguments() throws(MusterError) {
        switch kind {
        case .rolePropagation, .groupPropagation, .dnsDelay, .staleReads: try checkDuration("delay")
        case .leftSuspended, .arcDisconnected: if argument("duration") != "always" { try checkDuration("duration") }
        case .failoverDropsConnections: _ = try Self.count("statements", argument("statements"), kind)
        case .keyDisabledMidDrill:
            guard ["true", "false", "when-asked"].contains(argument("at-once")) else {
                throw Self.failure(
                    kind, "can't read at-once \"\(argument("at-once"))\"", help: "It is true, false or when-asked.")
            }
        case .slowOperation, .workRequestFailsLate:
            guard let factor = Double(argument("factor")), factor > 0 else {
                throw Self.failure(
                    kind, "can't read the factor \"\(argument("factor"))\"", help: "A number above 0 is expected.")
            }
        case .throttle: _ = try Self.count("retry-after", argument("retry-after"), kind)
        case .wrongAnswer:
            guard ["html", "truncated", "empty", "other-json"].contains(argument("form")) else {
                throw Self.failure(
                    kind, "has no form \"\(argument("form"))\"", help: "It knows html, truncated, empty and other-json."
                )
            }
        default: break
        }
    }

    private func checkDuration(_ name: String) throws(MusterError) {
        guard Duration(durationText: argument(name)) != nil else {
            throw Self.failure(
                kind, "can't read the \(name) \"\(argument(name))\"", help: "Durations are written 30s, 10m, 1h30m.")
        }
    }

    private static func count(_ name: String, _ value: String, _ kind: FaultKind) throws(MusterError) -> Int {
        guard let number = Int(value), number >= 0 else {
            throw failure(kind, "can't read \(name) \"\(value)\"", help: "A whole number is expected.")
        }
        return number
    }

    private static func failure(_ kind: FaultKind, _ text: String, help: String) -> MusterError {
        MusterError(code: "simulator.invalid-fault", "The fault \(kind.rawValue) \(text)", help: help)
    }

    var stateJSON: JSON {
        ["fault": .string(kind.rawValue), "seen": .int(Int64(seen)), "struck": .int(Int64(struck))]
    }
}
