// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import HummingbirdTLS
internal import Logging
internal import MusterModel
internal import NIOCore

/// The HTTP border of a simulator, on loopback only.
package struct SimulatorServer: Sendable {
    /// PEM files for TLS.
    package struct Certificate: Sendable {
        package var chainFile: String
        package var keyFile: String

        package init(chainFile: String, keyFile: String) {
            self.chainFile = chainFile
            self.keyFile = keyFile
        }
    }

    private let simulator: Simulator
    private let port: Int
    private let certificate: Certificate?

    /// - Parameter port: 0 for any free one.
    package init(_ simulator: Simulator, port: Int = 0, certificate: Certificate? = nil) {
        self.simulator = simulator
        self.port = port
        self.certificate = certificate
    }

    /// Serves until its task is cancelled or `POST /simulator/shutdown` asks for the end.
    ///
    /// - Parameter onReady: called once with the port, when requests are accepted.
    package func run(onReady: @escaping @Sendable (Int) async -> Void) async throws {
        let scheme = certificate == nil ? "http" : "https"
        let stop = AsyncStream<Void>.makeStream()
        let responder = SimulatorResponder(simulator: simulator, scheme: scheme) { stop.continuation.yield() }
        let application = Application(
            responder: responder, server: try builder(),
            configuration: .init(address: .hostname("127.0.0.1", port: port), serverName: "muster-cloud-simulator"),
            onServerRunning: { channel in await onReady(channel.localAddress?.port ?? 0) }, logger: quietLogger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            group.addTask { for await _ in stop.stream { return } }
            try await group.next()
            group.cancelAll()
        }
    }

    // What happens is told by `/simulator/requests`; a log on stdout would break the one ready line.
    private var quietLogger: Logger { Logger(label: "muster-cloud-simulator") { _ in SwiftLogNoOpLogHandler() } }

    private func builder() throws -> HTTPServerBuilder {
        guard let certificate else { return .http1() }
        let chain = try NIOSSLCertificate.fromPEMFile(certificate.chainFile)
        let key = try NIOSSLPrivateKey(file: certificate.keyFile, format: .pem)
        let configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        return try .tls(.http1(), tlsConfiguration: configuration)
    }
}

/// Holds the channel, since a fault may have to break the connection.
struct SimulatorContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}

struct SimulatorResponder: HTTPResponder {
    typealias Context = SimulatorContext

    /// The largest body that is read; the largest real one here is a role assignment.
    private static let bodyLimit = 1 << 20

    let simulator: Simulator
    let scheme: String
    let shutDown: @Sendable () -> Void

    func respond(to request: Request, context: SimulatorContext) async throws -> Response {
        let body = try await request.body.collect(upTo: Self.bodyLimit)
        let asked = SimulatedRequest(
            request.method.rawValue, host: request.head.authority ?? "127.0.0.1", target: request.head.path ?? "/",
            headers: Dictionary(
                request.headers.map { ($0.name.canonicalName, $0.value) }, uniquingKeysWith: { "\($0), \($1)" }),
            body: Array(buffer: body), scheme: scheme)
        if asked.method == "POST", asked.path == "/simulator/shutdown" {
            // Only once the answer is written: the end of the process would else take it along.
            let shutDown = shutDown
            let body = ResponseBody(contentLength: 0) { writer in
                try await writer.finish(nil)
                shutDown()
            }
            return Response(status: .accepted, body: body)
        }
        let answer = await simulator.handle(asked)
        if answer.dropsConnection {
            // The peer sees the connection end with nothing answered. Closing one that is closed already is no failure.
            try? await context.channel.close(mode: .all)
            return Response(status: .internalServerError)
        }
        return try response(answer)
    }

    private func response(_ answer: SimulatedResponse) throws -> Response {
        var headers = HTTPFields()
        for (name, value) in answer.headers {
            guard let name = HTTPField.Name(name) else { continue }
            headers[name] = value
        }
        if let contentType = answer.contentType { headers[.contentType] = contentType }
        return Response(
            status: .init(code: answer.status), headers: headers,
            body: .init(byteBuffer: ByteBuffer(bytes: answer.bytes)))
    }
}
