// SPDX-License-Identifier: Apache-2.0

import CloudHTTP
import MusterModel
import Testing

@testable import AzureClient

/// Where a credential may go.
struct SafetyTests {
    @Test(arguments: [
        "http://management.example.com", "http://10.0.0.4:8080", "http://localhost.example.com", "http://128.0.0.1",
        "http://127.0.0.1.example.com",
    ])
    func `plain http to another machine is refused before connecting`(url: String) async throws {
        let bench = try Bench([], connection: azureSection(["endpoints": ["resource-manager": .string(url)]]))
        let error = await azureError { try await bench.calls().sql.server(server) }
        #expect(error?.code == "azure.plain-http")
        #expect(bench.transport.serviceRequests.isEmpty)
    }

    @Test(arguments: ["http://127.8.9.1:81", "http://localhost:81", "http://arm.localhost:81", "http://[::1]:81"])
    func `plain http to this machine is allowed`(url: String) async throws {
        let body: JSON = ["id": .string(server.text), "name": "s", "properties": [:]]
        let bench = try Bench(
            [.answer(body)], connection: azureSection(["endpoints": ["resource-manager": .string(url)]]))
        _ = try await bench.calls().sql.server(server)
        #expect(bench.transport.serviceRequests.count == 1)
    }

    @Test func `a redirect is an error that names the host and is not followed`() async throws {
        let bench = try Bench([.answer([:], status: 307, headers: ["Location": "https://evil.example.com/x"])])
        let error = await azureError { try await bench.calls().sql.server(server) }
        #expect(error?.code == "azure.redirect")
        #expect(error?.message.contains("https://evil.example.com") == true)
        #expect(bench.transport.serviceRequests.count == 1)
    }

    @Test func `the next page and the operation must be on the same host`() async throws {
        let list = try Bench([.answer(["value": [], "nextLink": "https://evil.example.com/keys?p=2"])])
        #expect(await azureError { try await list.calls().sql.keys(server) }?.code == "azure.foreign-host")
        #expect(list.transport.serviceRequests.count == 1)

        let operation = try Bench([
            .answer([:], status: 202, headers: ["Azure-AsyncOperation": "https://evil.example.com/op"])
        ])
        let error = await azureError { try await operation.calls().sql.deleteKey(server, name: "k") }
        #expect(error?.code == "azure.foreign-host")
        #expect(error?.advice == .unknownOutcome)
        #expect(operation.transport.serviceRequests.count == 1)
    }

    @Test(arguments: [
        "https://vault.azure.net.evil.com/keys/k/29497babb0cb4af58a773104a5dd61e5",
        "https://evilvault.azure.net/keys/k/29497babb0cb4af58a773104a5dd61e5",
        "https://v.vault.azure.cn/keys/k/29497babb0cb4af58a773104a5dd61e5",
    ])
    func `a key on a host that is no vault gets no token`(id: String) async throws {
        let bench = try Bench([])
        let key = try #require(KeyIdentifier(id))
        #expect(await azureError { try await bench.calls().keyVault.key(key) }?.code == "azure.foreign-key-host")
        #expect(bench.transport.requests.isEmpty)
    }

    @Test func `an environment's vault suffix gets the key's vault as its first label`() async throws {
        let body: JSON = ["key": ["kid": .string(keyB.text), "kty": "RSA"], "attributes": ["enabled": true]]
        let bench = try Bench(
            [.answer(body)], connection: azureSection(["endpoints": ["key-vault-suffix": "vault.localhost:8443"]]))
        _ = try await bench.calls().keyVault.key(keyB)
        #expect(
            bench.transport.serviceRequests.first?.url.text
                == "https://testanu2.vault.localhost:8443/keys/tey/29497babb0cb4af58a773104a5dd61e5?api-version=7.5")
        let form = String(decoding: bench.transport.requests[0].body ?? [], as: UTF8.self)
        #expect(form.contains("scope=https%3A%2F%2Fvault.azure.net%2F.default"))
    }

    @Test(arguments: [
        "https://user@host/", "https://host\\@evil/", "https://ho st/", "https://host/#f", "ftp://host/", "https:///x",
        "https://h:0/",
        "https://[::1/", "https://h..x/",
    ])
    func `an address that could be read in two ways is refused`(text: String) {
        #expect(WebAddress(text) == nil)
    }

    @Test(
        arguments: [
            (nil, false), ("Basic realm=/etc/shadow", false),
            ("Basic realm=/var/opt/azcmagent/tokens/../../x.key", false),
            ("Basic realm=/var/opt/azcmagent/tokens/a.txt", false),
            ("Bearer realm=/var/opt/azcmagent/tokens/a.key", false),
            ("Basic realm=/var/opt/azcmagent/tokens/.key", false),
            ("Basic realm=/var/opt/azcmagent/tokens/a.key", true),
        ] as [(String?, Bool)])
    func `an Arc challenge may name only a key file of the agent`(challenge: String?, accepted: Bool) {
        let path = try? ManagedIdentity.arcKeyPath(challenge)
        #expect((path != nil) == accepted)
    }
}
