// SPDX-License-Identifier: Apache-2.0

/// The database that a connection is for. The environment's connection string reads it as `${{ target.server }}` and so on.
package struct SQLTarget: Hashable, Sendable {
    /// What a connection is for; a readable secondary admits only reads.
    package enum Intent: String, Hashable, Sendable {
        case readWrite = "ReadWrite"
        case readOnly = "ReadOnly"
    }

    /// Short name of the server, or of the failover group whose listener is asked.
    package var server: String
    /// Its full DNS name.
    package var host: String
    package var database: String
    package var intent: Intent

    package init(server: String, host: String, database: String, intent: Intent) {
        self.server = server
        self.host = host
        self.database = database
        self.intent = intent
    }
}
