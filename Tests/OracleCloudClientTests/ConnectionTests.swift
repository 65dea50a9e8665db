// SPDX-License-Identifier: Apache-2.0

import CloudHTTP
import Foundation
import MusterModel
import Testing

@testable import OracleCloudClient

struct ConnectionTests {
    /// A folder with a key and a configuration that names it, gone afterwards.
    private func withProfile<Value>(_ config: String, _ work: (String) throws -> Value) throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("oci-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // It lies in the system's temporary folder.
        try keyText("pkcs1Pem").write(to: folder.appendingPathComponent("key.pem"), atomically: true, encoding: .utf8)
        try "token-1\n".write(to: folder.appendingPathComponent("token"), atomically: true, encoding: .utf8)
        let text = config.replacingOccurrences(of: "FOLDER", with: folder.path)
            .replacingOccurrences(of: "FINGERPRINT", with: keyText("fingerprint"))
            .replacingOccurrences(of: "TENANCY", with: keyText("tenancy"))
            .replacingOccurrences(of: "USER", with: keyText("user"))
        let file = folder.appendingPathComponent("config")
        try text.write(to: file, atomically: true, encoding: .utf8)
        return try work(file.path)
    }

    private let config = """
        # shared
        [DEFAULT]
        tenancy = TENANCY
        region=fra
        key_file=FOLDER/key.pem

        [drill]
        user=USER
        fingerprint=FINGERPRINT
        [session]
        region = us-ashburn-1
        security_token_file=FOLDER/token
        """

    @Test func `a profile inherits from DEFAULT, and the section's region wins`() throws {
        try withProfile(config) { file in
            let profile: JSON = ["file": .string(file), "name": "drill"]
            let connection = try OracleConnection(["profile": profile])
            #expect(connection.region.name == "eu-frankfurt-1")
            #expect(connection.identity?.keyID.hasPrefix(keyText("tenancy") + "/" + keyText("user")) == true)
            let other = try OracleConnection(["profile": profile, "region": "uk-gov-london-1"])
            #expect(
                try other.address(of: .database, in: other.region).text
                    == "https://database.uk-gov-london-1.oraclegovcloud.uk")
        }
    }

    @Test func `a session profile signs with its token`() throws {
        try withProfile(config) { file in
            let connection = try OracleConnection(["profile": ["file": .string(file), "name": "session"]])
            #expect(connection.identity?.keyID == "ST$token-1")
            #expect(connection.region.name == "us-ashburn-1")
        }
    }

    @Test(arguments: [
        ("[DEFAULT]\nuser\n", "drill", ":2 is neither"), ("[a]\nuser=x\n", "drill", "has no profile \"drill\""),
        ("[drill]\nuser=x\n", "drill", "has no key_file"), ("user=x\n", "DEFAULT", ":1 is neither"),
        ("[drill]\nkey_file=FOLDER/none\n", "drill", "could not be read"),
    ])
    func `what is wrong with a configuration is named`(text: String, name: String, says: String) async throws {
        let error = try withProfile(text) { file in
            #expect(throws: OracleError.self) {
                try OracleConnection(["profile": ["file": .string(file), "name": .string(name)]])
            }
        }
        #expect(error?.code == "oracle.profile")
        #expect(error?.message.contains(says) == true, "\(error?.message ?? "")")
    }

    @Test(
        arguments: [
            ociSection(["region": .null]), ociSection(["profile": ["name": "DEFAULT"]]), ["region": "fra"],
            ociSection(["endpoints": ["database": "ftp://x"]]), ociSection(["region": 5]),
        ] as [JSON])
    func `a section that cannot be used is refused`(section: JSON) async throws {
        let error = await oracleError { try OracleConnection(section).region.name }
        #expect(error?.code == "oracle.connection")
        #expect(error.map { "\($0)".contains("PRIVATE KEY") || "\($0)".contains("s3cr3t") } == false)
    }

    @Test(arguments: [
        ("ocid1.database.oc1.eu-frankfurt-1.a", "https://database.eu-frankfurt-1.oraclecloud.com"),
        ("ocid1.database.oc1.iad.a", "https://database.us-ashburn-1.oraclecloud.com"),
        ("ocid1.database.oc19.eu-frankfurt-2.a", "https://database.eu-frankfurt-2.oraclecloud.eu"),
        ("ocid1.database.oc1.mars-north-1.a", "https://database.mars-north-1.oraclecloud.com"),
    ])
    func `the region and the realm of an id name its endpoint`(id: String, address: String) throws {
        let connection = try OracleConnection(ociSection())
        let region = try #require(OracleID(id)?.region)
        #expect(try connection.address(of: .database, in: region).text == address)
    }

    @Test func `a region that is in no list is one of the tenancy's realm`() throws {
        var credential = try #require(ociSection()["credential"]?.object)
        credential["tenancy"] = "ocid1.tenancy.oc19..aaaatenancy"
        let connection = try OracleConnection(
            ociSection(["credential": .object(credential), "region": "eu-somewhere-1"]))
        #expect(connection.region.domain == "oraclecloud.eu")
    }

    @Test func `an endpoint of one's own may name the region`() throws {
        let connection = try OracleConnection(
            ociSection(["endpoints": ["database": "https://gate.example/{region}/"]]))
        #expect(
            try connection.address(of: .database, in: Region("lhr")).text == "https://gate.example/uk-london-1")
        #expect(
            try connection.address(of: .workRequests, in: Region("lhr")).text
                == "https://iaas.uk-london-1.oraclecloud.com")
    }

    @Test(arguments: [
        "", "ocid1", "ocid1.database.oc1", "ocid1.database.oc1.fra", "ocid1.database.oc1.fra.a/b", "x.a.b.c.d",
    ])
    func `what is no OCID is refused`(text: String) { #expect(OracleID(text) == nil) }
}
