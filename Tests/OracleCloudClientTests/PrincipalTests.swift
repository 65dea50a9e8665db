// SPDX-License-Identifier: Apache-2.0

import CloudFixture
import CloudHTTP
import Foundation
import MusterModel
import Synchronization
import Testing

@testable import OracleCloudClient

private let certificate: String = {
    // Without this file no test of the suite can say anything.
    guard let text = try? String(contentsOf: contractFile("instance-certificate.pem"), encoding: .utf8) else {
        fatalError("instance-certificate.pem cannot be read")
    }
    return text
}()

private func token(_ name: String, expires: Timestamp) -> String {
    func part(_ text: String) -> String {
        Base64.encode(Array(text.utf8)).replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
    return "\(part("{\"alg\":\"RS256\"}")).\(part("{\"exp\":\(expires.milliseconds / 1000),\"sub\":\"\(name)\"}")).c2ln"
}

/// A compute instance: its metadata service, the federation endpoint, and the Database service behind them.
private final class Instance: HTTPTransport {
    private let state = Mutex((requests: [HTTPRequest](), tokens: 0))
    private let time: ManualTime
    private let life: Duration
    /// Key ids that the Database service refuses.
    private let refused: Mutex<Set<String>> = Mutex([])

    init(time: ManualTime, life: Duration = .seconds(1200)) {
        self.time = time
        self.life = life
    }

    var requests: [HTTPRequest] { state.withLock { $0.requests } }
    var federations: [HTTPRequest] { requests.filter { $0.url.path == "/v1/x509" } }

    func refuse(_ keyID: String) { refused.withLock { _ = $0.insert(keyID) } }

    func send(_ request: HTTPRequest, timeout: Duration) async throws(TransportError) -> HTTPResponse {
        let count = state.withLock { state in
            state.requests.append(request)
            if request.url.path == "/v1/x509" { state.tokens += 1 }
            return state.tokens
        }
        switch request.url.path {
        case "/opc/v2/identity/cert.pem", "/opc/v2/identity/intermediate.pem": return text(certificate)
        case "/opc/v2/identity/key.pem": return text(keyText("pkcs8Pem"))
        case "/v1/x509":
            let expires = time.source.now.advanced(by: life)
            return HTTPResponse(
                status: 200, headers: [:],
                body: (["token": .string(token("session \(count)", expires: expires))] as JSON).canonicalBytes())
        default:
            let id = keyID(request)
            let isRefused = refused.withLock { $0.contains(id) }
            let body: JSON = isRefused ? ["code": "NotAuthenticated", "message": "no"] : databaseJSON(frankfurt)
            return HTTPResponse(status: isRefused ? 401 : 200, headers: [:], body: body.canonicalBytes())
        }
    }

    private func text(_ text: String) -> HTTPResponse {
        HTTPResponse(status: 200, headers: [:], body: Array(text.utf8))
    }
}

private func keyID(_ request: HTTPRequest) -> String {
    let header = request.headers["authorization"] ?? ""
    return header.firstMatch(of: /keyId="([^"]*)"/).map { String($0.1) } ?? ""
}

struct PrincipalTests {
    private let time = ManualTime(testStart)
    private let section: JSON = ["credential": ["type": "instance-principal"], "region": "fra"]

    private func client(_ instance: Instance, _ section: JSON? = nil) throws -> OracleClient {
        OracleClient(try OracleConnection(section ?? self.section), transport: instance, time: time.source)
    }

    private func read(_ client: OracleClient) async throws {
        _ = try await client.calls(OracleContext(deadline: Deadline(boot: .max))).databases.database(frankfurt)
    }

    @Test func `an instance proves itself with its certificate, and signs with the session that it gets`() async throws
    {
        let instance = Instance(time: time)
        let client = try client(instance)
        try await read(client)
        let metadata = instance.requests.filter { $0.url.path.hasPrefix("/opc/v2") }
        #expect(metadata.allSatisfy { $0.url.host == "169.254.169.254" })
        #expect(metadata.allSatisfy { $0.headers["authorization"] == "Bearer Oracle" })
        let asked = try #require(instance.federations.first)
        #expect(asked.url.host == "auth.eu-frankfurt-1.oraclecloud.com")
        #expect(
            keyID(asked) == "ocid1.tenancy.oc1..aaaaaaaatesttenancy/fed-x509/"
                + "55:59:68:BD:72:69:8A:CD:03:80:F5:B8:47:95:BC:09:AE:7D:37:09")
        let signed = asked.headers["authorization"]?.firstMatch(of: /headers="([^"]*)"/).map { String($0.1) }
        #expect(signed == "date (request-target) content-length content-type x-content-sha256")
        let body = try JSON.parse(asked.body ?? [])
        #expect(body["certificate"]?.string?.hasPrefix("MIIE") == true)
        #expect(body["publicKey"]?.string?.contains("-----") == false)
        #expect(body["intermediateCertificates"]?.array?.count == 1)
        #expect(keyID(try #require(instance.requests.last)).hasPrefix("ST$"))
    }

    @Test func `one session serves all requests until a minute before its end`() async throws {
        let instance = Instance(time: time, life: .seconds(600))
        let client = try client(instance)
        for _ in 0..<3 { try await read(client) }
        #expect(instance.federations.count == 1)
        try await time.source.sleep(.seconds(545))
        try await read(client)
        #expect(instance.federations.count == 2)
    }

    @Test func `a session that is refused is replaced once, and no more`() async throws {
        let instance = Instance(time: time)
        let client = try client(instance)
        try await read(client)
        let first = keyID(try #require(instance.requests.last))
        instance.refuse(first)
        try await time.source.sleep(.seconds(1))
        try await read(client)
        #expect(instance.federations.count == 2)
        instance.refuse(keyID(try #require(instance.requests.last)))
        instance.refuse("ST$" + token("session 3", expires: time.source.now.advanced(by: .seconds(1200))))
        let error = await oracleError { try await read(client) }
        #expect(error?.code == "NotAuthenticated")
        #expect(instance.federations.count == 3)
    }

    @Test func `a metadata service elsewhere is asked for nothing`() async throws {
        let instance = Instance(time: time)
        let odd: JSON = [
            "credential": ["type": "instance-principal", "metadata-endpoint": "http://metadata.example/opc/v2"],
            "region": "fra",
        ]
        let client = try client(instance, odd)
        let error = await oracleError { try await read(client) }
        #expect(error?.code == "oracle.instance-principal" && instance.requests.isEmpty)
    }

    @Test func `the tenancy is read from the certificate's subject`() throws {
        let der = try #require(Base64.decode(PEMBlock.all(in: certificate)[0].content))
        #expect(InstancePrincipal.tenancy(der) == "ocid1.tenancy.oc1..aaaaaaaatesttenancy")
        #expect(InstancePrincipal.tenancy(Array("opc-tenant:".utf8)) == nil)
        #expect(InstancePrincipal.tenancy([]) == nil)
    }

    @Test func `a resource principal signs with what its service gave it, read anew each time`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("rp-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // It lies in the system's temporary folder.
        let file = folder.appendingPathComponent("token")
        var variables = [
            "OCI_RESOURCE_PRINCIPAL_VERSION": "2.2", "OCI_RESOURCE_PRINCIPAL_RPST": file.path,
            "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM": keyText("pkcs8EncryptedPem"),
            "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM_PASSPHRASE": keyText("passPhrase"),
            "OCI_RESOURCE_PRINCIPAL_REGION": "fra",
        ]
        let principal = try ResourceVariables { variables[$0] }
        for name in ["first", "second"] {
            let text = token(name, expires: ManualTime(testStart).source.now.advanced(by: .seconds(600)))
            try (text + "\n").write(to: file, atomically: true, encoding: .utf8)
            let identity = try principal.identity()
            #expect(identity.keyID == "ST$" + text)
            #expect(identity.isFresh(at: ManualTime(testStart).source.now))
            #expect(!identity.isFresh(at: ManualTime(testStart).source.now.advanced(by: .seconds(541))))
        }
        variables["OCI_RESOURCE_PRINCIPAL_VERSION"] = "1.1"
        #expect(throws: OracleError.self) { try ResourceVariables { variables[$0] } }
        variables = [:]
        #expect(throws: OracleError.self) { try ResourceVariables { variables[$0] } }
    }
}
