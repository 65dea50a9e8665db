// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterExpressions
internal import MusterModel
internal import MusterSystem

/// Time zones that a run here would not know.
func lintZones(_ names: [Located<String>]) -> [Diagnostic] {
    let zones = ZoneFiles()
    return names.compactMap { name in
        do throws(MusterError) {
            _ = try zones.rules(of: name.value)
            return nil
        } catch {
            return Diagnostic(code: error.code, error.summary, help: error.help, at: name.location)
        }
    }
}

/// Rules for environments that do not exist, which nothing would ever follow.
func lintEnvironmentNames(_ names: [Located<String>], _ known: [String]) -> [Diagnostic] {
    names.filter { !known.contains($0.value) }.map { name in
        Diagnostic(
            code: "lint.no-environment", "There is no environment '\(name.value)'",
            help: suggestion(for: name.value, in: known) ?? "Add environments/\(name.value).yaml, or take it out.",
            at: name.location)
    }
}
