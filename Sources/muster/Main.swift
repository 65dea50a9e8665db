// SPDX-License-Identifier: Apache-2.0

internal import MusterCommands
internal import MusterGit

@main struct Main {
    static func main() {
        // The executable starts itself again as the process in which libgit2 may hang or die.
        if CommandLine.arguments.dropFirst().first == gitWorkerArgument { runGitWorker() }
        MusterCommand.runAndExit()
    }
}
