// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import Crypto
internal import CryptoExtras
internal import MusterModel

/// Gets a session for a compute instance: its certificate from the metadata service, and for that a token from Oracle's
/// federation endpoint. The session's key is made here and never leaves the process.
struct InstancePrincipal {
    var metadata: WebAddress
    /// `https://auth.<region>.<domain>`
    var federation: WebAddress
    var transport: any HTTPTransport
    var time: TimeSource

    private static let answerTimeout = Duration.seconds(20)

    func session() async throws(OracleError) -> SigningIdentity {
        let leaf = try await read("/identity/cert.pem")
        let leafKey = try await read("/identity/key.pem")
        let intermediate = try await read("/identity/intermediate.pem")
        guard let certificate = PEMBlock.all(in: leaf).first(where: { $0.label == "CERTIFICATE" }),
            let der = Base64.decode(certificate.content)
        else { throw wrong("The metadata service handed out no certificate.") }
        guard let tenancy = Self.tenancy(der) else {
            throw wrong("The certificate of this instance names no tenancy.")
        }
        let signing = try SigningIdentity(
            federationOf: tenancy, certificate: Insecure.SHA1.hash(data: der).map { $0 }, pem: leafKey,
            origin: "\(metadata)/identity/key.pem")
        let key: _RSA.Signing.PrivateKey
        do {
            key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        } catch {
            throw OracleError(code: "oracle.key", "No key could be made for the session: \(error)")
        }
        let body: JSON = [
            "certificate": .string(certificate.content),
            "publicKey": .string(PEMBlock.all(in: key.publicKey.pemRepresentation).first?.content ?? ""),
            "intermediateCertificates": .array(
                PEMBlock.all(in: intermediate).filter { $0.label == "CERTIFICATE" }.map { .string($0.content) }),
        ]
        return SigningIdentity(sessionToken: try await token(body, signing), key: key)
    }

    private func token(_ body: JSON, _ identity: SigningIdentity) async throws(OracleError) -> String {
        let url = federation.appending(path: "/v1/x509")
        guard url.isSecure || url.isLoopback else { throw wrong("\(url.origin) is not https.") }
        var request = HTTPRequest(.post, url)
        request.headers["accept"] = "application/json"
        request.body = body.canonicalBytes()
        let answer = try await send(
            try RequestSigner(identity: identity).signed(request, at: time.now, withHost: false))
        guard answer.status == 200 else {
            throw OracleError(answer: answer, request: "The token request", as: identity, now: time.now)
        }
        let token = (try? JSON.parse(answer.body))?["token"]?.string  // Told below in words that hold no token.
        guard let token, !token.isEmpty else { throw wrong("\(url.origin) answered without a token.") }
        return token
    }

    private func read(_ path: String) async throws(OracleError) -> String {
        // The link-local address is this machine's own; whatever answers elsewhere could be anybody.
        guard metadata.isLinkLocal || metadata.isLoopback else {
            throw wrong("The metadata service is not at an address of this machine: \(metadata.origin).")
        }
        let url = metadata.appending(path: path)
        let answer = try await send(HTTPRequest(.get, url, headers: ["authorization": "Bearer Oracle"]))
        guard answer.status == 200 else {
            throw wrong("\(url) answered HTTP \(answer.status).")
        }
        return String(decoding: answer.body, as: UTF8.self)
    }

    private func send(_ request: HTTPRequest) async throws(OracleError) -> HTTPResponse {
        do throws(TransportError) {
            return try await transport.send(request, timeout: Self.answerTimeout)
        } catch {
            // A token request changes nothing that another one would undo.
            throw OracleError(
                code: "oracle.instance-principal", error.message,
                remedy: "An instance principal works on a compute instance of Oracle's cloud alone.",
                advice: .retryable)
        }
    }

    private func wrong(_ message: String) -> OracleError {
        OracleError(
            code: "oracle.instance-principal", message,
            remedy: "An instance principal works on a compute instance of Oracle's cloud that is in a dynamic group.")
    }

    /// `opc-tenant:` or `opc-identity:` in the subject, as a value of its own.
    static func tenancy(_ der: [UInt8]) -> String? {
        for mark in ["opc-tenant:", "opc-identity:"].map({ Array($0.utf8) }) {
            for start in der.indices.dropFirst().dropLast(mark.count)
            where der[start] == mark[0] && der[start..<(start + mark.count)] == mark[...] {
                // The byte before is the length of the text.
                let end = start + Int(der[start - 1])
                guard end <= der.endIndex, end > start + mark.count else { continue }
                let text = String(decoding: der[(start + mark.count)..<end], as: UTF8.self)
                if OracleID(text) != nil { return text }
            }
        }
        return nil
    }
}

/// The identity in use. One that is fetched is replaced a minute before it ends, or when the service refuses it.
actor IdentityStore {
    private let connection: OracleConnection
    private let transport: any HTTPTransport
    private let time: TimeSource
    private var current: SigningIdentity?
    private var pending: Task<Result<SigningIdentity, OracleError>, Never>?

    init(_ connection: OracleConnection, transport: any HTTPTransport, time: TimeSource) {
        self.connection = connection
        self.transport = transport
        self.time = time
    }

    func identity() async throws(OracleError) -> SigningIdentity {
        if let fixed = connection.identity { return fixed }
        if let current, current.isFresh(at: time.now) { return current }
        let task =
            pending
            ?? Task { [connection, transport, time] in
                do throws(OracleError) {
                    return .success(try await Self.fetch(connection, transport, time))
                } catch {
                    return .failure(error)
                }
            }
        pending = task
        let result = await task.value
        pending = nil
        let fetched = try result.get()
        current = fetched
        return fetched
    }

    /// - Returns: whether another one can be had.
    func discard(_ refused: SigningIdentity) -> Bool {
        guard connection.identity == nil else { return false }
        if current?.keyID == refused.keyID { current = nil }
        return true
    }

    private static func fetch(
        _ connection: OracleConnection, _ transport: any HTTPTransport, _ time: TimeSource
    ) async throws(OracleError) -> SigningIdentity {
        switch connection.principal {
        case .instance(let metadata)?:
            return try await InstancePrincipal(
                metadata: metadata, federation: try connection.address(of: .auth, in: connection.region),
                transport: transport, time: time
            ).session()
        case .resource(let variables)?: return try variables.identity()
        case nil: throw OracleError(code: "oracle.connection", "The environment's oci section names nobody to sign as.")
        }
    }
}
