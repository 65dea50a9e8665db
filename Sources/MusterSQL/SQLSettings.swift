// SPDX-License-Identifier: Apache-2.0

internal import MusterExpressions
package import MusterModel

/// Where to and as whom: an environment's section of `sql`, secrets resolved, its connection string still a template.
package struct SQLSettings: Hashable, Sendable {
    /// As whom a database is entered.
    package enum SignIn: Hashable, Sendable {
        /// As the connection string, or the driver's own configuration, says.
        case asConfigured
        case user(String, password: String?)
        /// With a token of the environment's Azure credential, for the database service.
        case azureToken
    }

    package let signIn: SignIn
    private let template: ConnectionTemplate

    /// - Throws: ``SQLError`` of kind configuration that names what is wrong. It repeats no value: some are secrets.
    package init(_ section: JSON) throws(SQLError) {
        func text(_ name: String) throws(SQLError) -> String? {
            switch section[name] {
            case nil, .null: return nil
            case .string(let text) where !text.isEmpty: return text
            default: throw SQLError(configuration: "The section's '\(name)' is not a text, or empty.")
            }
        }
        guard let connection = try text("connection") else {
            throw SQLError(configuration: "The section has no 'connection'.")
        }
        template = try ConnectionTemplate(connection)
        switch (try text("token"), try text("user"), try text("password")) {
        case (nil, nil, nil): signIn = .asConfigured
        case (nil, let user?, let password): signIn = .user(user, password: password)
        case (nil, nil, .some): throw SQLError(configuration: "The section has a 'password' and no 'user'.")
        case ("azure"?, nil, nil): signIn = .azureToken
        case ("azure"?, _, _):
            throw SQLError(configuration: "With 'token' the section has neither 'user' nor 'password'.")
        default: throw SQLError(configuration: "The section's 'token' is not 'azure'.")
        }
        if let doubled = template.names.first(where: signIn.excludes) {
            throw SQLError(
                configuration: "The connection string's '\(doubled)' says who signs in, and the section does.",
                remedy: "Take it out of the connection string.")
        }
    }

    /// As whom to connect.
    ///
    /// - Parameter token: of the environment's Azure credential for the database service, where ``signIn`` wants one.
    /// - Throws: ``SQLError`` of kind refused when there is none, or it cannot be one.
    package func credential(token: String?) throws(SQLError) -> ODBCConnection.Credential {
        switch signIn {
        case .asConfigured: .asConfigured
        case .user(let user, let password): .user(user, password: password)
        case .azureToken: .token(try AccessTokenAttribute(token ?? ""))
        }
    }

    /// The connection string for one database, without who signs in.
    ///
    /// - Parameter inputs: those of the step.
    /// - Throws: ``SQLError`` of kind configuration: an expression has no value, or one that would change the string's meaning.
    package func address(of target: SQLTarget, inputs: JSON) throws(SQLError) -> SQLAddress {
        let roots: [String: JSON] = [
            "inputs": inputs,
            "target": [
                "server": .string(target.server), "host": .string(target.host), "database": .string(target.database),
                "intent": .string(target.intent.rawValue),
            ],
        ]
        let string = try template.filled(ValueScope(roots: roots))
        guard let simulator = string["simulator"] else { return .database(string) }
        guard string.attributes.count == 1 else {
            throw SQLError(configuration: "In a connection string with 'Simulator' nothing else stands.")
        }
        return .simulator(url: simulator)
    }
}

/// What a filled connection string leads to.
package enum SQLAddress: Hashable, Sendable {
    case database(ConnectionString)
    /// The cloud simulator, which answers by its own means.
    case simulator(url: String)
}

extension SQLSettings.SignIn {
    /// Whether an attribute of this name says the same thing as this does, or its contrary.
    fileprivate func excludes(_ name: String) -> Bool {
        switch self {
        case .asConfigured: false
        case .user: ["uid", "user", "username", "pwd", "password"].contains(name.lowercased())
        // Microsoft's driver refuses a token beside any of them:
        // https://learn.microsoft.com/sql/connect/odbc/using-azure-active-directory#authenticating-with-an-access-token
        case .azureToken:
            ["uid", "user", "username", "pwd", "password", "authentication", "trusted_connection"]
                .contains(name.lowercased())
        }
    }
}

/// Nothing that is printed by mistake shows a password.
extension SQLSettings.SignIn: CustomStringConvertible, CustomDebugStringConvertible {
    package var description: String {
        switch self {
        case .asConfigured: "as configured"
        case .user(let user, let password): "user \(user)" + (password == nil ? "" : " with a password")
        case .azureToken: "a token of Azure"
        }
    }
    package var debugDescription: String { description }
}

extension SQLError {
    init(configuration message: String, remedy: String? = "Correct the environment's document.") {
        self.init(kind: .configuration, state: nil, native: 0, message: message, remedy: remedy)
    }
}
