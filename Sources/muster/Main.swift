// SPDX-License-Identifier: Apache-2.0

internal import ChangeTickets
internal import MusterCommands
internal import MusterGit

@main struct Main {
    static func main() {
        // The executable starts itself again as the process in which libgit2 may hang or die.
        if CommandLine.arguments.dropFirst().first == gitWorkerArgument { runGitWorker() }
        // And as the one that asks a ticket system, so that this one holds no connection.
        if CommandLine.arguments.dropFirst().first == ticketWorkerArgument { runTicketWorker() }
        MusterCommand.runAndExit()
    }
}
