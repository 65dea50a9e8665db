// SPDX-License-Identifier: Apache-2.0

internal import MusterDocuments
internal import MusterModel

/// Leases that `muster run` would refuse: nowhere to keep them, or a remote that cannot keep them.
///
/// Where a remote is, is a matter of the clone and not of the document, so that it is a folder is a warning.
func lintLeases(_ configuration: Configuration, _ bytes: [UInt8], folderRemotes: [String]) -> [Diagnostic] {
    guard configuration.leases != .local else { return [] }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    let line = 1 + (lines.firstIndex { $0.hasPrefix("leases:") } ?? 0)
    let place = SourceLocation(file: "muster.yaml", line: line, column: 1)
    guard let remote = configuration.recordsRemote else {
        return [
            Diagnostic(
                code: "lint.no-lease-remote",
                "leases: \(configuration.leases.rawValue) needs a remote to keep leases on, and none is named",
                help: "Name one under records: remote, or say leases: local.", at: place)
        ]
    }
    guard folderRemotes.contains(remote) else { return [] }
    return [
        Diagnostic(
            .warning, code: "lint.lease-remote-is-folder",
            "The remote \(remote) of this clone is a folder, where leases cannot be kept: no run with locks begins here",
            help: "Give it an ssh, https or git address with `git remote set-url \(remote) <url>`.", at: place)
    ]
}
