// SPDX-License-Identifier: Apache-2.0

import MusterModel

/// Where the change tickets of an environment are kept, and which of them let a run take place.
package struct TicketSource: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// Records of a table, reached by ServiceNow's Table API.
        case serviceNow(table: String, states: [String], opensField: String, closesField: String)
        /// An address that answers by the contract of `docs/formats/environment-v1.md`.
        case webhook
    }

    package enum SignIn: Hashable, Sendable {
        case none
        case password(user: String, SecretReference)
        case token(SecretReference)
    }

    package var kind: Kind
    package var url: String
    package var signIn: SignIn
    /// As the environment writes it.
    package var caFile: String?
}

extension Environment {
    /// Nil where no system is asked for change tickets.
    package var changeTicket: TicketSource? {
        guard let section = root["change-ticket"], let url = section["url"]?.string else { return nil }
        let kind: TicketSource.Kind =
            section["type"]?.string == "webhook"
            ? .webhook
            : .serviceNow(
                table: section["table"]?.string ?? "change_request", states: section.texts("states").map(\.value),
                opensField: section["opens-field"]?.string ?? "start_date",
                closesField: section["closes-field"]?.string ?? "end_date")
        return TicketSource(
            kind: kind, url: url, signIn: Self.ticketSignIn(section), caFile: root["tls"]?["ca-file"]?.string)
    }

    private static func ticketSignIn(_ section: LocatedValue) -> TicketSource.SignIn {
        if let token = section["token"].flatMap({ SecretReference($0.json) }) { return .token(token) }
        guard let user = section["user"]?.string,
            let password = section["password"].flatMap({ SecretReference($0.json) })
        else { return .none }
        return .password(user: user, password)
    }

    /// Who signs in to ServiceNow is said, and said once.
    static func checkChangeTicket(_ section: LocatedValue, into diagnostics: inout [Diagnostic]) {
        guard section["type"]?.string == "service-now" else { return }
        let hasPassword = section["user"] != nil && section["password"] != nil
        let hasPart = section["user"] != nil || section["password"] != nil
        let hasToken = section["token"] != nil
        guard hasToken ? hasPart : !hasPassword else { return }
        let summary =
            hasToken
            ? "'change-ticket' has both a 'token' and a user's sign-in" : "'change-ticket' says not as whom it asks"
        diagnostics.append(
            Diagnostic(
                code: "environment.change-ticket", summary, help: "Give 'user' and 'password', or 'token' alone.",
                at: section.location))
    }

    static let changeTicketShape = Shape.variants(
        tag: "type",
        [
            (
                "service-now",
                ObjectShape([
                    .required("type", .choice(["service-now"]), "The system's kind"),
                    .required("url", .text(.endpoint), "The instance, such as https://example.service-now.com"),
                    .optional("table", .text(.column), "The tickets' table; change_request without it"),
                    .required(
                        "states", .list(.text(.sentence), atLeast: 1),
                        "States in which a run may take place, raw or as people read them"),
                    .optional("opens-field", .text(.column), "Where the window opens; start_date without it"),
                    .optional("closes-field", .text(.column), "Where the window closes; end_date without it"),
                    .optional("user", .text(.userName), "Who asks"),
                    .optional("password", SecretReference.shape, "The user's password"),
                    .optional("token", SecretReference.shape, "In place of both: a bearer token"),
                ])
            ),
            (
                "webhook",
                ObjectShape([
                    .required("type", .choice(["webhook"]), "The system's kind"),
                    .required("url", .text(.endpoint), "Where the question is posted"),
                    .optional("token", SecretReference.shape, "Sent along as a bearer token"),
                ])
            ),
        ])
}

extension TextRule {
    static let column = TextRule(
        "a name of lower-case letters, digits and underscores", pattern: "^[a-z][a-z0-9_]{0,79}$"
    ) { text in
        (1...80).contains(text.utf8.count) && (97...122).contains(text.utf8.first ?? 0)
            && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "_") }
    }
    /// In a sign-in with a password the user's name ends at the first colon (RFC 7617, 2).
    static let userName = TextRule("a user's name without a colon", pattern: "^[^:]+$") { text in
        !text.isEmpty && text.unicodeScalars.allSatisfy { $0 != ":" && $0.value >= 0x20 && $0.value != 0x7F }
    }
}
