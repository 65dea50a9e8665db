// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
internal import Glibc
internal import MusterModel

/// The version that `muster --version` and every record name.
package let musterVersion = "0.3.0"

/// The root of the command line.
package struct MusterCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "muster",
        abstract: "Runs disaster-recovery runbooks under change control and commits their records to git.",
        discussion: """
            Definitions come from commits of a catalog, a git repository with muster.yaml, runbooks/, plugins/ and \
            environments/. Exit status: 0 done; 1 the run failed; 2 wrong usage or invalid document; 3 a precondition \
            unmet or unverifiable, or the target held by another run; 4 waits for a person; 5 stuck or in doubt; 6 verification \
            failed; 130 interrupted or cancelled. With --json the result on standard output is JSON; notes and errors are \
            text on standard error, an error's code in brackets at the end of its line.
            """,
        version: musterVersion,
        subcommands: [
            LintCommand.self, LockCommand.self, DoctorCommand.self, PlanCommand.self, ApproveCommand.self,
            RunCommand.self,
            RehearseCommand.self,
            StatusCommand.self, ResumeCommand.self, PauseCommand.self, CancelCommand.self, DecideCommand.self,
            RollbackCommand.self, ListCommand.self, ShowCommand.self, DiffCommand.self, ReportCommand.self,
            ReviewCommand.self, VerifyCommand.self, PublishCommand.self, PolicyCommand.self,
            PluginCommand.self,
        ])

    package init() {}

    /// Runs the command line of this process and ends it with the status of ``ExitStatus``.
    package static func runAndExit() -> Never {
        signal(SIGPIPE, SIG_IGN)
        // Whoever started us may have chosen to ignore it; children could not be waited for then.
        signal(SIGCHLD, SIG_DFL)
        // Swift reads it from /proc, and where that fails there is not even our own name in it. Taken for no arguments it would
        // print the help, and end as if all that was asked for were done.
        guard !CommandLine.arguments.isEmpty else {
            let error = MusterError(
                code: "system.no-command-line", "The command line could not be read, so nothing was done.",
                help: "Look whether /proc is there and whether descriptors are left (ulimit -n), then try again.",
                status: .stuck)
            Terminal().error(error.description)
            Glibc.exit(error.status.rawValue)
        }
        // Scripts ask for it again and again, and to read the whole command line's grammar takes a millisecond.
        if CommandLine.arguments.dropFirst().elementsEqual(["--version"]) {
            Terminal().out(musterVersion)
            Glibc.exit(ExitStatus.done.rawValue)
        }
        do {
            var command = try parseAsRoot()
            try command.run()
            Glibc.exit(ExitStatus.done.rawValue)
        } catch let error as CommandEnd {
            Glibc.exit(error.status.rawValue)
        } catch let error as MusterError {
            Terminal().error(error.description)
            Glibc.exit(error.status.rawValue)
        } catch {
            let text = fullMessage(for: error)
            // `--help` and `--version` come as errors, too.
            if exitCode(for: error) == .success {
                Terminal().out(text)
                Glibc.exit(ExitStatus.done.rawValue)
            }
            Terminal().error(text)
            Glibc.exit(ExitStatus.usage.rawValue)
        }
    }
}

/// A command that said all it had to say ends with this status.
struct CommandEnd: Error { let status: ExitStatus }

/// What every command takes.
struct CommonOptions: ParsableArguments {
    @Option(
        name: [.customShort("C"), .customLong("catalog")],
        help: ArgumentHelp(
            "The catalog's folder (default: the repository around the current folder).", valueName: "dir"))
    var catalog: String?

    @Flag(help: "Print the result as JSON for programs; notes and errors stay text on standard error.")
    var json = false

    /// The catalog that a run on this machine belongs to: the one that was named, else the one that it was started from; nil: the one
    /// around the current folder.
    func catalog(of run: RunID, _ folders: StateFolder) -> String? { catalog ?? catalogFolder(of: run, folders) }
}
