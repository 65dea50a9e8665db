// SPDX-License-Identifier: Apache-2.0

package import MusterMachine
package import MusterModel

/// A ticket system as it is asked: with its address and the sign-in itself. It is handed to the process that asks, and never
/// stored or shown.
package struct TicketSystem: Hashable, Sendable, Codable {
    package enum Kind: Hashable, Sendable, Codable {
        case serviceNow(ServiceNowTable)
        case webhook
    }

    package enum Credential: Hashable, Sendable, Codable {
        case none
        case password(user: String, password: String)
        case token(String)
    }

    package var kind: Kind
    package var url: String
    package var credential: Credential
    /// What stands for the sign-in's secret where a system says it back.
    package var secretName: String
    /// PEM file of certificate authorities that are trusted besides the system's own.
    package var caFile: String?

    package init(
        kind: Kind, url: String, credential: Credential, secretName: String = "the sign-in", caFile: String? = nil
    ) {
        self.kind = kind
        self.url = url
        self.credential = credential
        self.secretName = secretName
        self.caFile = caFile
    }

    /// Takes the sign-in's secret out of what the system says. Before anything of it is cut: a part of a secret is none that could
    /// be found, and still tells most of it.
    var redactor: Redactor {
        switch credential {
        case .none: Redactor()
        case .password(_, let secret), .token(let secret): Redactor([secretName: secret])
        }
    }
}

/// Where the tickets are in an instance of ServiceNow.
package struct ServiceNowTable: Hashable, Sendable, Codable {
    package var name: String
    /// States in which a run may take place, raw or as people read them.
    package var states: [String]
    /// Columns with the ends of the ticket's window.
    package var opensField: String
    package var closesField: String

    package init(name: String, states: [String], opensField: String, closesField: String) {
        self.name = name
        self.states = states
        self.opensField = opensField
        self.closesField = closesField
    }
}

/// Whether this run may take place under this ticket.
package struct TicketQuestion: Hashable, Sendable, Codable {
    package var system: TicketSystem
    /// An id by ``TicketAssessment/isID(_:)``.
    package var ticket: String
    package var runbook: String
    package var environment: String
    package var kind: RunKind
    package var plan: Digest
    /// `name <email>`
    package var operatorName: String

    package init(
        system: TicketSystem, ticket: String, runbook: String, environment: String, kind: RunKind, plan: Digest,
        operatorName: String
    ) {
        self.system = system
        self.ticket = ticket
        self.runbook = runbook
        self.environment = environment
        self.kind = kind
        self.plan = plan
        self.operatorName = operatorName
    }
}

/// Why a question has no answer: a clause without a full stop.
struct TicketTrouble: Error, Hashable {
    let why: String
    init(_ why: String) { self.why = why }
}
