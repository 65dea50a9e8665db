// SPDX-License-Identifier: Apache-2.0

import Foundation
import MusterModel
import MusterPluginHost
import MusterPluginProtocol
import MusterSystem
import MusterTestSupport
import Testing

@Suite struct PluginExecutableTests {
    private static let script = """
        #!/bin/sh
        read line
        echo '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":1,"plugin":"hostile","steps":[]}}'
        read line
        """

    @Test func `what was hashed is what is started, whatever happens to the path`() throws {
        let host = try HostFixture("wellBehaved", definitions: [:]) { launch in
            let path = launch.executable.path + ".sh"
            try writeExecutable(Self.script, to: path)
            var opener = PluginExecutable.Opener()
            launch.executable = try opener.open(path)
            #expect(launch.executable.digest == Digest(of: Self.script.utf8))
            // Another program is put in its place, as an installation or an attacker would.
            try FileManager.default.removeItem(atPath: path)
            try writeExecutable("#!/bin/sh\nexit 66\n", to: path)
            #expect(try opener.open(path).digest != launch.executable.digest)
        }
        try host.ready()
        host.process.shutdown(now: host.now)
        #expect(try host.end() == nil)
    }

    @Test func `a binary too is started from the file that was opened`() throws {
        let host = try HostFixture("wellBehaved") { launch in
            let path = launch.executable.path + "-copy/wellBehaved"
            try FileManager.default.createDirectory(
                atPath: launch.executable.path + "-copy", withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: productPath("hostile-plugin"), toPath: path)
            var opener = PluginExecutable.Opener()
            launch.executable = try opener.open(path)
            #expect(try opener.open(productPath("hostile-plugin")).digest == launch.executable.digest)
            try FileManager.default.removeItem(atPath: path)
        }
        try host.ready()
    }

    @Test func `what cannot be executed is named`() throws {
        var opener = PluginExecutable.Opener()
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data("text".utf8).write(to: URL(filePath: "\(folder)/plain"))
        func code(_ path: String) -> String? { #expect(throws: MusterError.self) { try opener.open(path) }?.code }
        #expect(code("\(folder)/none") == "system.cannot-open")
        #expect(code("\(folder)/plain") == "system.not-executable")
        #expect(code(folder) == "system.not-executable")
    }

    @Test func `a file that the kernel cannot execute is an error at the start`() throws {
        let error = #expect(throws: MusterError.self) {
            try HostFixture("wellBehaved") { launch in
                let path = launch.executable.path + ".bin"
                try writeExecutable("neither a script nor a program", to: path)
                var opener = PluginExecutable.Opener()
                launch.executable = try opener.open(path)
            }
        }
        #expect(error?.code == "system.cannot-start")
        #expect(error?.summary.contains("Exec format error") == true)
    }
}
