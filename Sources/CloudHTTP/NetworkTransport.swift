// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import Glibc
internal import MusterModel
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// Sends requests over HTTP/1.1 with async-http-client.
package actor NetworkTransport: HTTPTransport {
    /// Longest answer that is read. The largest pages of both clouds stay far below it.
    package static let answerBytesMax = 16 << 20

    /// How long a connection, and any part of an answer, is waited for; the call's own limit ends both.
    package struct Patience: Sendable {
        package var connection: Duration
        package var silence: Duration
        package init(connection: Duration = .seconds(10), silence: Duration = .seconds(60)) {
            self.connection = connection
            self.silence = silence
        }
    }

    private let answerLimit: Int
    private let patience: Patience
    private let additionalRoots: [NIOSSLCertificate]
    private var clients: [String: HTTPClient] = [:]

    /// - Parameters:
    ///   - caFile: PEM file of certificate authorities that are trusted besides the system's own.
    ///   - answerLimit: longest answer in bytes.
    /// - Throws: ``TransportError`` `ca-file` when the file cannot be read or holds no certificate.
    package init(
        caFile: String?, answerLimit: Int = answerBytesMax, patience: Patience = Patience()
    ) throws(TransportError) {
        self.answerLimit = answerLimit
        self.patience = patience
        guard let caFile else {
            additionalRoots = []
            return
        }
        do {
            additionalRoots = try NIOSSLCertificate.fromPEMFile(caFile)
        } catch {
            throw TransportError(.caFile, "The CA file \(caFile) could not be read as PEM: \(error).")
        }
        guard !additionalRoots.isEmpty else {
            throw TransportError(.caFile, "The CA file \(caFile) holds no certificate.")
        }
    }

    /// Closes all connections. Must be the last call.
    package func shutdown() async {
        for client in clients.values {
            // Only a second shutdown can fail, and `clients` is emptied below.
            try? await client.shutdown()
        }
        clients = [:]
    }

    package func send(_ request: HTTPRequest, timeout: Duration) async throws(TransportError) -> HTTPResponse {
        var outgoing = HTTPClientRequest(url: request.url.text)
        outgoing.method = HTTPMethod(rawValue: request.method.rawValue)
        for field in request.headers.fields { outgoing.headers.add(name: field.name, value: field.value) }
        if let body = request.body { outgoing.body = .bytes(body) }
        do {
            let answer = try await client(for: request.url.host).execute(
                outgoing, timeout: .milliseconds(max(1, timeout.milliseconds)))
            let body = try await answer.body.collect(upTo: answerLimit)
            var headers = HeaderFields()
            for (name, value) in answer.headers { headers.add(name, value) }
            return HTTPResponse(status: Int(answer.status.code), headers: headers, body: Array(body.readableBytesView))
        } catch {
            throw Self.transportError(error, origin: request.url.origin, limit: answerLimit)
        }
    }

    /// Names under `localhost` are loopback by definition (RFC 6761), but not every resolver knows it; an override is a
    /// client's setting, so each such name has a client of its own.
    private func client(for host: String) -> HTTPClient {
        let isLocalName = host.hasSuffix(".localhost")
        let key = isLocalName ? host : ""
        if let client = clients[key] { return client }
        var configuration = HTTPClient.Configuration()
        configuration.httpVersion = .http1Only
        configuration.redirectConfiguration = .disallow
        configuration.timeout = .init(
            connect: .milliseconds(patience.connection.milliseconds), read: .milliseconds(patience.silence.milliseconds)
        )
        // Retries are decided, counted and recorded one layer above.
        configuration.connectionPool.retryConnectionEstablishment = false
        if isLocalName { configuration.dnsOverride = [host: "127.0.0.1"] }
        if !additionalRoots.isEmpty {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.additionalTrustRoots = [.certificates(additionalRoots)]
            configuration.tlsConfiguration = tls
        }
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        clients[key] = client
        return client
    }

    /// Errors that only connecting gives. An unreachable host or network is none: a connection that has stood may end so.
    private static let connectErrors: Set<Int32> = [ECONNREFUSED, EADDRNOTAVAIL]

    /// When in doubt the request has been sent: whoever takes a lost answer for a request that never left sends it twice.
    private static func transportError(_ error: any Error, origin: String, limit: Int) -> TransportError {
        switch error {
        case is CancellationError: return TransportError(.cancelled, "The request to \(origin) was cancelled.")
        case is NIOTooManyBytesError:
            return TransportError(.tooLarge, "\(origin) answered more than \(limit) bytes.")
        case is NIOConnectionError:
            return TransportError(.cannotConnect, "No connection to \(origin): \(error).")
        case is NIOSSLExtraError, NIOSSLError.handshakeFailed, NIOSSLError.unableToValidateCertificate,
            NIOSSLError.noCertificateToValidate, NIOSSLError.cannotMatchULabel, NIOSSLError.cannotFindPeerIP:
            return TransportError(
                .tls, "TLS with \(origin) failed: \(error). Is its authority in the environment's CA file?")
        case let error as HTTPClientError: return clientError(error, origin: origin)
        case let error as IOError where connectErrors.contains(error.errnoCode):
            return TransportError(
                .cannotConnect, "No connection to \(origin): \(String(cString: strerror(error.errnoCode))).")
        default: return TransportError(.connectionLost, "The connection to \(origin) was lost: \(error).")
        }
    }

    private static func clientError(_ error: HTTPClientError, origin: String) -> TransportError {
        switch error {
        case .connectTimeout, .getConnectionFromPoolTimeout:
            TransportError(.cannotConnect, "No connection to \(origin) came about in time.")
        case .tlsHandshakeTimeout: TransportError(.cannotConnect, "The TLS handshake with \(origin) took too long.")
        case .readTimeout, .writeTimeout, .deadlineExceeded:
            TransportError(.timeout, "\(origin) did not answer in time.")
        case .cancelled, .requestStreamCancelled: TransportError(.cancelled, "The request to \(origin) was cancelled.")
        default: TransportError(.connectionLost, "The connection to \(origin) was lost: \(error).")
        }
    }
}
