// SPDX-License-Identifier: Apache-2.0

extension SQLError {
    /// What was being done when the records came.
    enum Phase {
        case connecting(ODBCHandles.Login)
        case running
    }

    /// What the records of a failed call mean.
    init(_ records: [SQLDiagnostic], _ phase: Phase) {
        guard !records.isEmpty else {
            // Whether a statement took effect is then not known either.
            let kind: Kind = if case .connecting = phase { .configuration } else { .connectionLost }
            self.init(
                kind: kind, state: nil, native: 0, message: "The driver failed and left no diagnostic record.",
                remedy: Self.remedy(for: kind))
            return
        }
        // A driver may tell a symptom first and the cause after it; the record that is known best decides.
        let judged = records.map { ($0, Judgement($0, phase)) }
        let (record, judgement) = judged.max { $0.1.certainty < $1.1.certainty }!
        var texts: [String] = []
        for text in records.map(\.text) where !text.isEmpty && !texts.contains(text) { texts.append(text) }
        self.init(
            kind: judgement.kind, state: record.state, native: record.native, message: texts.joined(separator: "; "),
            remedy: judgement.remedy ?? Self.remedy(for: judgement.kind))
        if case .connecting(let login) = phase {
            for secret in login.secrets + [login.token.map(\.text) ?? ""] where !secret.isEmpty {
                message = message.replacing(secret, with: "…")
            }
        }
    }

    /// What SQL Server's state and number mean, when somebody else than a driver says them.
    package init(state: String, native: Int, sqlServerMessage message: String) {
        self.init([SQLDiagnostic(state: state, native: native, message: "[SQL Server]" + message)], .running)
    }

    /// What Oracle's number means, when somebody else than a driver says it.
    package init(state: String, native: Int, oracleMessage message: String) {
        self.init([SQLDiagnostic(state: state, native: native, message: message)], .running)
    }

    private static func remedy(for kind: Kind) -> String? {
        switch kind {
        case .configuration: "Look at the connection string in the environment."
        case .unreachable: "Look at the server's name and port, the network between here and there, and its firewalls."
        case .refused: "Look at the environment's user and password, or its Azure credential for 'token: azure'."
        case .unavailable: "Look whether the database exists and is online, and try again later."
        case .connectionLost: "Look whether the server was restarted or failed over, and what became of the statement."
        case .timedOut: "Look at what the database is busy with."
        case .denied: "Grant the database's user the permission that the message names."
        case .cancelled, .statement: nil
        }
    }
}

/// What one record means.
private struct Judgement {
    /// A vendor's own number says more than a standard state, and a state more than a text.
    enum Certainty: Int, Comparable {
        case none, state, native
        static func < (one: Certainty, other: Certainty) -> Bool { one.rawValue < other.rawValue }
    }

    var kind: SQLError.Kind
    var certainty: Certainty
    var remedy: String?

    init(_ record: SQLDiagnostic, _ phase: SQLError.Phase) {
        if let (kind, remedy) = Self.byDriverManager(record) {
            (self.kind, self.certainty, self.remedy) = (kind, .native, remedy)
        } else if let (kind, remedy) = Self.byNumber(record) {
            (self.kind, self.certainty, self.remedy) = (kind, .native, remedy)
        } else if case .connecting = phase, let kind = Self.byText(record) {
            (self.kind, self.certainty) = (kind, .native)
        } else if let kind = Self.byState(record.state, phase) {
            (self.kind, self.certainty) = (kind, .state)
        } else {
            certainty = .none
            if case .connecting = phase { kind = .unreachable } else { kind = .statement }
        }
    }

    // MARK: The driver manager

    /// No driver of that name, or its library or one that it needs cannot be loaded.
    private static func byDriverManager(_ record: SQLDiagnostic) -> (SQLError.Kind, String?)? {
        guard record.message.contains("[Driver Manager]") else { return nil }
        let isMissing = record.state == "IM002" || record.message.contains("Can't open lib")
        guard isMissing || record.state.hasPrefix("IM") else { return nil }
        return (.configuration, isMissing ? missingDriver : nil)
    }

    private static let missingDriver = """
        List the installed drivers with "odbcinst -q -d" and name one of them, or install the one that is named: \
        "ODBC Driver 18 for SQL Server" is the package msodbcsql18 from packages.microsoft.com \
        (https://learn.microsoft.com/sql/connect/odbc/linux-mac/installing-the-microsoft-odbc-driver-for-sql-server); \
        "FreeTDS" is tdsodbc; "PostgreSQL Unicode" is odbc-postgresql; Oracle's is the ODBC package of Oracle Instant Client \
        (https://www.oracle.com/database/technologies/instant-client.html).
        """

    // MARK: Vendors' numbers

    private static func byNumber(_ record: SQLDiagnostic) -> (SQLError.Kind, String?)? {
        // Numbers mean something only with the vendor, who is named in the prefixes.
        if record.message.contains("[SQL Server]") { return sqlServer[record.native] }
        if record.message.contains("ORA-") {
            return oracle[record.native].map {
                ($0, oracleRemedies[record.native] ?? ($0 == .refused ? oracleUser : nil))
            }
                ?? oracleKeys[record.native].map { (.unavailable, $0) }
        }
        return nil
    }

    private static let firewall =
        "Let this machine's address through the server's firewall, or reach it by its private endpoint."
    private static let keyVault = """
        The server cannot use its key: look at the key and its vault, and at the server identity's rights. After 30 minutes \
        without the key the database does not come back by itself: the key has to be revalidated.
        """

    /// https://learn.microsoft.com/azure/azure-sql/database/troubleshoot-common-errors-issues and
    /// https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors
    private static let sqlServer: [Int: (SQLError.Kind, String?)] = {
        var kinds: [Int: (SQLError.Kind, String?)] = [:]
        // Cannot be opened now: failover or another reconfiguration, a limit of the service, or no such database.
        for number in [
            926, 942, 4060, 4221, 10_928, 10_929, 40_143, 40_197, 40_501, 40_540, 40_549, 40_550, 40_613, 40_925,
            49_918,
            49_919, 49_920,
        ] { kinds[number] = (.unavailable, nil) }
        // https://learn.microsoft.com/sql/relational-databases/security/encryption/troubleshoot-tde
        for number in [33_183, 33_184, 40_981] { kinds[number] = (.unavailable, keyVault) }
        for number in [18_452, 18_456, 18_470, 18_486, 18_487, 18_488, 40_532] { kinds[number] = (.refused, nil) }
        // The address is not let in; a virtual network's rule; public access is off.
        for number in [40_615, 40_914, 47_073] { kinds[number] = (.refused, firewall) }
        for number in [229, 230, 262, 297, 300, 916, 15_247] { kinds[number] = (.denied, nil) }
        return kinds
    }()

    /// https://docs.oracle.com/en/error-help/db/
    private static let oracle: [Int: SQLError.Kind] = [
        1005: .refused, 1017: .refused, 28_000: .refused, 28_001: .refused, 1045: .refused, 1031: .denied,
        1033: .unavailable, 1034: .unavailable, 1089: .unavailable, 1090: .unavailable, 1109: .unavailable,
        12_514: .unavailable, 12_528: .unavailable, 12_154: .configuration, 12_170: .unreachable,
        12_541: .unreachable, 12_543: .unreachable, 12_545: .unreachable, 3113: .connectionLost, 3114: .connectionLost,
        3135: .connectionLost, 1013: .cancelled,
    ]

    private static let oracleUser = """
        Look at user and password of sql.oracle; do not try again and again, since the account is locked after some tries.
        """

    private static let oracleRemedies: [Int: String] = [
        1033: """
        It is only mounted, as a standby is, or has not got its key, and lets no ordinary user in. Ask the primary, open \
        the standby for reading where Active Data Guard is licensed, or convert it to a snapshot. On a primary look at \
        the Arc agents, the roles, and the key with its versions.
        """,
        28_000: """
        The account is locked, as it is after some tries with a wrong password: see to it that sql.oracle has the right \
        one, then have a DBA unlock it with ALTER USER … ACCOUNT UNLOCK.
        """,
    ]

    /// What hinders a database from using its master key. docs.oracle.com/en/error-help/db has a page for each.
    private static let oracleKeys: [Int: String] = [
        28_353: "The keystore cannot be opened: look at each node's Arc agent, the way to the vault, and the roles.",
        28_362: "The keystore does not give the master key: look whether a version of it is gone or disabled.",
        28_365: "The keystore is not open: look whether the nodes reach the vault, then start the instance again.",
        28_374: "This keystore does not give the key that the data needs: look at its versions in the vault.",
        28_376: "The driver for the vault is not on that node: enable the Azure key store on the VM cluster.",
        28_407: "The vault refused or did not answer: look at the roles of the nodes' identities, and at the key.",
        28_414: "The master key is in the external keystore, and the database is told that it is in a wallet.",
        28_415: "The master key is in a wallet, and the database is told that it is in the external keystore.",
        28_417: "A keystore with a password is not open; this is not about rights on the vault.",
        28_418: "The external keystore is not open.",
    ]

    // MARK: Texts

    /// psqlodbc gives one state to every failure to connect; what PostgreSQL says about it is in the text alone.
    /// https://www.postgresql.org/docs/current/errcodes-appendix.html
    private static func byText(_ record: SQLDiagnostic) -> SQLError.Kind? {
        let texts: [(String, SQLError.Kind)] = [
            ("password authentication failed", .refused), ("no password supplied", .refused),
            ("no pg_hba.conf entry", .refused), ("is not permitted to log in", .refused),
            ("permission denied for database", .denied), ("the database system is starting up", .unavailable),
            ("the database system is shutting down", .unavailable), ("too many clients already", .unavailable),
        ]
        if let found = texts.first(where: { record.message.contains($0.0) }) { return found.1 }
        return record.message.contains("FATAL:  database \"") ? .unavailable : nil
    }

    // MARK: States

    /// https://learn.microsoft.com/sql/odbc/reference/appendixes/appendix-a-odbc-error-codes, and for what has five
    /// characters of PostgreSQL's own https://www.postgresql.org/docs/current/errcodes-appendix.html
    private static func byState(_ state: String, _ phase: SQLError.Phase) -> SQLError.Kind? {
        let isConnecting = if case .connecting = phase { true } else { false }
        switch state {
        case "08001": return .unreachable
        case "08004", "HYT00", "HYT01":
            if isConnecting { return .unreachable }
            return state == "HYT00" ? .timedOut : .connectionLost
        case "08003", "08007", "08S01", "57P01", "57P02", "08006", "08000": return .connectionLost
        case "57014": return .timedOut
        case "HY008": return .cancelled
        case "57P03", "3D000", "57P04", "53300": return .unavailable
        case "42501": return .denied
        case "HY000": return nil
        default:
            if state.hasPrefix("28") { return .refused }
            return state.hasPrefix("IM") ? .configuration : nil
        }
    }
}
