// SPDX-License-Identifier: Apache-2.0

package import MusterModel
package import MusterSystem

/// A plugin's executable: the open file and the digest of its bytes. Starting it starts that file, not its path.
///
/// A build or an installation that puts another file in its place therefore changes nothing. Whoever may write *into*
/// the file still can until it runs (then Linux refuses, `ETXTBSY`), which is why executables belong to somebody else
/// than plugins.
package struct PluginExecutable: Sendable {
    package let file: ProgramFile
    package let digest: Digest

    package var path: String { file.path }

    /// Opens and hashes executables, each file once as long as device, inode, size and both times stay the same.
    package struct Opener {
        private var digests: [ProgramFile.Identity: Digest] = [:]

        package init() {}

        /// - Throws: `system.cannot-open`, `system.not-executable`, `system.cannot-read`.
        package mutating func open(_ path: String) throws(MusterError) -> PluginExecutable {
            let file = try ProgramFile(path: path)
            if let known = digests[file.identity] { return PluginExecutable(file: file, digest: known) }
            let digest = try file.digest()
            digests[file.identity] = digest
            return PluginExecutable(file: file, digest: digest)
        }
    }
}
