// SPDX-License-Identifier: Apache-2.0

import MusterModel
import Testing

@testable import MusterSQL

/// What the drivers of others say, as their documentation and their users show it.
struct DiagnosticTests {
    static let login = ODBCHandles.Login(
        connectionString: "", token: nil, timeout: .seconds(1), secrets: ["geheim", "{ge}}heim}"])
    private static let microsoft = "[Microsoft][ODBC Driver 18 for SQL Server]"

    static let connecting: [([SQLDiagnostic], SQLError.Kind, Int)] = [
        (
            [
                .init(
                    state: "28000", native: 18456,
                    message: microsoft + "[SQL Server]Login failed for user '<token-identified principal>'."),
                .init(
                    state: "28000", native: 4060,
                    message: microsoft
                        + "[SQL Server]Cannot open database \"x\" requested by the login. The login failed."),
            ], .refused, 18456
        ),
        (
            [
                .init(
                    state: "42000", native: 4060,
                    message: microsoft
                        + "[SQL Server]Cannot open database \"x\" requested by the login. The login failed.")
            ], .unavailable, 4060
        ),
        (
            [
                .init(
                    state: "HY000", native: 40613,
                    message: microsoft + "[SQL Server]Database 'x' on server 'y' is not currently available.")
            ], .unavailable, 40613
        ),
        (
            [.init(state: "42000", native: 40615, message: microsoft + "[SQL Server]Cannot open server 'x'")], .refused,
            40615
        ),
        (
            [
                .init(state: "08S01", native: 10054, message: microsoft + "TCP Provider: Error code 0x2746"),
                .init(state: "08001", native: 10054, message: microsoft + "Client unable to establish connection"),
            ], .connectionLost, 10054
        ),
        ([.init(state: "HYT00", native: 0, message: microsoft + "Login timeout expired")], .unreachable, 0),
        (
            [
                .init(state: "08001", native: 20009, message: "[FreeTDS][SQL Server]Unable to connect to data source")
            ], .unreachable, 20009
        ),
        (
            [.init(state: "28000", native: 1017, message: "[Oracle][ODBC][Ora]ORA-01017: invalid username/password")],
            .refused, 1017
        ),
        (
            [.init(state: "08004", native: 12541, message: "[Oracle][ODBC][Ora]ORA-12541: TNS:no listener")],
            .unreachable, 12541
        ),
        (
            [.init(state: "HY000", native: 1034, message: "[Oracle][ODBC][Ora]ORA-01034: ORACLE not available")],
            .unavailable, 1034
        ),
        (
            [
                .init(
                    state: "01000", native: 0,
                    message: "[unixODBC][Driver Manager]Can't open lib '/x.so' : file not found")
            ],
            .configuration, 0
        ),
        (
            [.init(state: "IM004", native: 0, message: "[unixODBC][Driver Manager]Driver's SQLAllocHandle failed")],
            .configuration, 0
        ),
    ]

    @Test(arguments: connecting)
    func `why a connection failed is told apart`(records: [SQLDiagnostic], kind: SQLError.Kind, native: Int) {
        let error = SQLError(records, .connecting(Self.login))
        #expect(error.kind == kind && error.native == native && error.remedy != nil)
        #expect(!error.message.hasPrefix("["))
    }

    static let running: [(SQLDiagnostic, SQLError.Kind)] = [
        (.init(state: "08S01", native: 0, message: microsoft + "Communication link failure"), .connectionLost),
        (.init(state: "HYT00", native: 0, message: microsoft + "Query timeout expired"), .timedOut),
        (.init(state: "HY008", native: 0, message: microsoft + "Operation canceled"), .cancelled),
        (
            .init(
                state: "42000", native: 262, message: microsoft + "[SQL Server]VIEW DATABASE STATE permission denied"),
            .denied
        ),
        (
            .init(state: "42000", native: 300, message: microsoft + "[SQL Server]VIEW SERVER STATE permission denied"),
            .denied
        ),
        (
            .init(
                state: "42000", native: 40197, message: microsoft + "[SQL Server]The service has encountered an error"),
            .unavailable
        ),
        (.init(state: "42S02", native: 208, message: microsoft + "[SQL Server]Invalid object name"), .statement),
        // The same number from somebody else means nothing.
        (.init(state: "42000", native: 262, message: "[Other][Driver]x"), .statement),
        (.init(state: "HY000", native: 3113, message: "[Oracle][ODBC][Ora]ORA-03113: end-of-file"), .connectionLost),
        (.init(state: "57P01", native: 1, message: "FATAL: terminating connection"), .connectionLost),
    ]

    @Test(arguments: running)
    func `why a statement failed is told apart`(record: SQLDiagnostic, kind: SQLError.Kind) {
        #expect(SQLError([record], .running).kind == kind)
    }

    @Test func `a lost key has the remedy for it`() {
        let error = SQLError(
            state: "HY000", native: 40_981, sqlServerMessage: "is not accessible due to Azure Key Vault critical error")
        #expect(error.kind == .unavailable && error.remedy?.contains("30 minutes") == true)
    }

    @Test(arguments: [
        (1017, "ORA-01017: invalid username/password", SQLError.Kind.refused, "the account is locked after some tries"),
        (28_000, "ORA-28000: the account is locked", .refused, "ACCOUNT UNLOCK"),
        (
            1033, "ORA-01033: initialization or shutdown in progress", .unavailable,
            "It is only mounted, as a standby is"
        ),
    ])
    func `what Oracle's refusals ask of people is said with them`(
        number: Int, text: String, kind: SQLError.Kind, remedy: String
    ) {
        let error = SQLError(state: "HY000", native: number, oracleMessage: text)
        #expect(error.kind == kind && error.remedy?.contains(remedy) == true, "\(error.remedy ?? "")")
    }

    @Test func `all records are told once, without prefixes, and without a secret`() {
        let records = ["[A][B]no geheim;\nhere", "no geheim;\nhere", "PWD={ge}}heim} is wrong"].map {
            SQLDiagnostic(state: "28000", native: 0, message: $0)
        }
        let error = SQLError(records, .connecting(Self.login))
        #expect(error.message == "no …; here; PWD=… is wrong")
        #expect(error.description == "no …; here; PWD=… is wrong [SQLSTATE 28000]")
    }

    @Test func `a driver that fails without a word leaves a statement in doubt`() {
        #expect(SQLError([], .running).kind == .connectionLost)
        #expect(SQLError([], .connecting(Self.login)).kind == .configuration)
    }
}
