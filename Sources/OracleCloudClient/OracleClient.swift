// SPDX-License-Identifier: Apache-2.0

package import CloudHTTP
internal import MusterModel

/// The services behind one connection; ``calls(_:)`` gives each piece of work its own deadline and evidence.
package struct OracleClient: Sendable {
    package let connection: OracleConnection
    package let time: TimeSource
    private let transport: any HTTPTransport
    private let retry: RetryPolicy
    private let polling: PollingPolicy
    private let identities: IdentityStore

    package init(
        _ connection: OracleConnection, transport: any HTTPTransport, time: TimeSource = .system,
        retry: RetryPolicy = RetryPolicy(),
        polling: PollingPolicy = PollingPolicy(first: .seconds(2), interval: .seconds(30))
    ) {
        self.connection = connection
        self.transport = transport
        self.time = time
        self.retry = retry
        self.polling = polling
        identities = IdentityStore(connection, transport: transport, time: time)
    }

    /// Over the network, trusting the connection's CA file.
    ///
    /// - Throws: ``OracleError`` `oracle.ca-file` when that file cannot be used.
    package init(overNetworkTo connection: OracleConnection) throws(OracleError) {
        do throws(TransportError) {
            self.init(connection, transport: try NetworkTransport(caFile: connection.caFile))
        } catch {
            throw OracleError(code: "oracle.ca-file", error.message)
        }
    }

    package func calls(_ context: OracleContext) -> OracleCalls {
        let sender = SignedSender(
            identities: identities, transport: transport, time: time, retry: retry,
            context: context)
        return OracleCalls(connection: connection, sender: sender, polling: polling)
    }
}

/// All operations, for one piece of work.
package struct OracleCalls: Sendable {
    package let connection: OracleConnection
    private(set) var sender: SignedSender
    let polling: PollingPolicy

    /// The same calls with less time: until then, or until the work's own deadline if that is earlier.
    package func within(_ duration: Duration) -> OracleCalls {
        var copy = self
        let own = Deadline(after: duration, from: sender.time)
        copy.sender.context.deadline = Deadline(boot: min(own.boot, sender.context.deadline.boot))
        return copy
    }

    /// The same calls for a change that rests on a look made just before, and that restarts something or cannot be taken back: it
    /// is sent again for ten seconds at most. After that the state may be another one, which only a new look shows.
    var prompt: OracleCalls {
        var copy = self
        copy.sender.context.repetition = .seconds(10)
        return copy
    }

    package var clusters: ClusterOperations { ClusterOperations(calls: self) }
    package var multicloud: MulticloudOperations { MulticloudOperations(calls: self) }
    package var databases: DatabaseOperations { DatabaseOperations(calls: self) }
    package var workRequests: WorkRequestOperations { WorkRequestOperations(calls: self) }

    /// The endpoint that serves the resource: that of the region in its id.
    func address(of service: OracleService, for id: OracleID) throws(OracleError) -> WebAddress {
        try connection.address(of: service, in: id.region ?? connection.region)
    }

    /// All items of a list, which the database service pages with the header `opc-next-page`. A page may be empty and not
    /// be the last.
    func list<Model: Decodable>(_ url: WebAddress) async throws(OracleError) -> [Model] {
        var items: [Model] = []
        var page: WebAddress? = url
        var count = 0
        while let address = page {
            count += 1
            guard count <= Self.pagesMax else {
                throw OracleError(code: "oracle.endless-list", "\(url.shortened) has more than \(Self.pagesMax) pages.")
            }
            let answer = try await sender.send(OracleRequest(.get, address))
            items += try model(answer, address) as [Model]
            page = answer.headers["opc-next-page"].map { url.appending(path: "", query: [("page", $0)]) }
        }
        return items
    }

    private static let pagesMax = 1000
}

/// The answer as a model.
func model<Model: Decodable>(_ answer: HTTPResponse, _ url: WebAddress) throws(OracleError) -> Model {
    do {
        return try JSON.parse(answer.body).decode(Model.self)
    } catch {
        throw OracleError(
            code: "oracle.answer", "\(url.shortened) answered something unexpected: \(describeDecodingError(error))")
    }
}
