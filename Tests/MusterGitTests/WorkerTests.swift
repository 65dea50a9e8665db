// SPDX-License-Identifier: Apache-2.0

import Glibc
import MusterGit
import MusterModel
import MusterSystem
import Testing

struct WorkerTests {
    /// A loose object cut short, as a torn write leaves it: libgit2 1.5.1 reads it for ever.
    private func truncateBlob(_ text: String, in fixture: Fixture) throws {
        let file = fixture.looseFile(ObjectID(blob: Array(text.utf8)))
        #expect(chmod(file, 0o644) == 0 && truncate(file, 9000) == 0)
    }

    private func noise() -> String {
        var state: UInt64 = 42
        return (0..<4000).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1
            return String(state >> 33, radix: 36)
        }.joined()
    }

    @Test func `a truncated object ends in a deadline, and the next call works`() throws {
        let fixture = try Fixture()
        let text = noise()
        let commit = try fixture.commit(["runbooks/torn.yaml": text, "muster.yaml": "fine\n"])
        let catalog = fixture.catalog()
        #expect(try catalog.file("muster.yaml", at: commit)?.content.text == "fine\n")
        try truncateBlob(text, in: fixture)
        let worker = try #require(catalog.client.workerID)
        let request = GitRequest.readFiles(commit: commit, paths: ["runbooks/torn.yaml"])
        let code = try errorCode {
            try catalog.client.call(request, as: [CatalogFile].self, deadline: .milliseconds(300))
        }
        #expect(code == "git.deadline")
        #expect(try catalog.file("muster.yaml", at: commit)?.content.text == "fine\n")
        #expect(catalog.client.workerID != worker)
    }

    @Test func `requests behind one that hangs are answered too, and can be asked again`() throws {
        let fixture = try Fixture()
        let text = noise()
        let commit = try fixture.commit(["runbooks/torn.yaml": text, "muster.yaml": "fine\n"])
        try truncateBlob(text, in: fixture)
        let client = fixture.catalog().client
        let hanging = try client.send(
            .readFiles(commit: commit, paths: ["runbooks/torn.yaml"]), deadline: .milliseconds(300))
        let behind = try client.send(.resolve(revision: "main"))
        #expect(client.descriptor >= 0 && client.nextDeadline != nil)
        var answers: [GitClient.Answer] = []
        while answers.count < 2 {
            let left = Duration.nanoseconds(max(0, (client.nextDeadline ?? 0) - readClocks().boot))
            _ = waitUntilReady(client.pollTargets, timeout: left)
            answers += client.receive()
        }
        #expect(answers.map(\.id) == [hanging, behind])
        for answer in answers { #expect(try errorCode { try answer.result.get() } == "git.deadline") }
        #expect(try client.call(.resolve(revision: "main")) == commit)
    }

    @Test func `a worker that dies is said to have died, and the next call has a new one`() throws {
        let fixture = try Fixture()
        let commit = try fixture.commit(["muster.yaml": "fine\n"])
        let client = fixture.catalog().client
        #expect(try client.call(.resolve(revision: "main")) == commit)
        let worker = try #require(client.workerID)
        kill(worker, SIGSTOP)
        let id = try client.send(.resolve(revision: "main"))
        kill(worker, SIGKILL)
        var answers: [GitClient.Answer] = []
        while answers.isEmpty {
            _ = waitUntilReady(client.pollTargets, timeout: .seconds(30))
            answers = client.receive()
        }
        #expect(answers.map(\.id) == [id])
        #expect(try errorCode { try answers[0].result.get() } == "git.worker-ended")
        #expect(try client.call(.resolve(revision: "main")) == commit)
    }

    @Test(arguments: [
        (["/bin/echo", "hello and good morning to you"], "git.garbled-message"), (["/bin/false"], "git.worker-ended"),
        (["/nowhere/muster"], "system.cannot-start"),
        (["/bin/sh", "-c", "printf '\\000\\000\\000\\002{}'; cat"], "git.garbled-message"),
    ])
    func `something that is not a worker is a clear error`(command: [String], code: String) throws {
        let fixture = try Fixture()
        let catalog = fixture.catalog(fixture.options(command: command))
        #expect(try errorCode { try catalog.state() } == code)
    }

    @Test func `a worker that stops reading is ended at once, and nobody waits for its pipe`() throws {
        let fixture = try Fixture()
        let client = GitClient(
            folder: fixture.repository,
            options: fixture.options(command: ["/bin/sh", "-c", "exec 0<&-; exec sleep 600"]))
        // More than a pipe takes, so that the rest meets the closed end.
        let request = GitRequest.readFiles(
            commit: ObjectID(blob: []), paths: (0..<2000).map { "runbooks/\(String(repeating: "x", count: 100))-\($0)" }
        )
        let code = try errorCode { try client.call(request, as: [CatalogFile].self, deadline: .seconds(3600)) }
        #expect(code == "git.worker-ended")
    }

    @Test func `the worker ends when the engine closes its pipe`() throws {
        let worker = try ChildProcess(path: musterExecutable, arguments: [gitWorkerArgument], environment: [:])
        worker.closeInput()
        #expect(worker.reap(blocking: true) == .exited(0))
    }

    @Test(arguments: ["\0\0\0\u{2}{]", "\u{7F}\u{7F}\u{7F}\u{7F}", "\0\0\0\u{2}[]\0\0\0\u{2}{}"])
    func `garbage on its input ends the worker or is answered with an error`(input: String) throws {
        let worker = try ChildProcess(path: musterExecutable, arguments: [gitWorkerArgument], environment: [:])
        #expect(worker.send(Array(input.utf8)))
        worker.closeInput()
        var output: [UInt8] = []
        while worker.output >= 0 {
            _ = waitUntilReady([PollTarget(reading: worker.output)], timeout: nil)
            if case .bytes(let bytes) = worker.readOutput() { output += bytes }
        }
        let termination = worker.reap(blocking: true)
        #expect(termination == .exited(1) || String(decoding: output, as: UTF8.self).contains("git.garbled-message"))
    }

    @Test func `the user's environment is reduced to what git needs`() {
        var options = GitClient.Options()
        options.adopt(environment: [
            "HOME": "/people/ada", "SSH_AUTH_SOCK": "/run/agent", "AZURE_CLIENT_SECRET": "x", "GIT_DIR": "/elsewhere",
        ])
        #expect(options.environment == ["SSH_AUTH_SOCK": "/run/agent"])
        #expect(options.userConfigFiles == ["/people/ada/.gitconfig", "/people/ada/.config/git/config"])
        options.adopt(environment: ["HOME": "/people/ada", "GIT_CONFIG_GLOBAL": "/etc/own"])
        #expect(options.userConfigFiles == ["/etc/own"] && options.environment.isEmpty)
    }
}
