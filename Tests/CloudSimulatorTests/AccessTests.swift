// SPDX-License-Identifier: Apache-2.0

import CloudSimulator
import MusterModel
import Testing

@Suite struct AccessTests {
    private static let good = [
        "grant_type": "client_credentials", "client_id": "33333333-3333-3333-3333-333333333333",
        "client_secret": Rehearsal.secret, "scope": "https://management.azure.com/.default",
    ]

    @Test(
        arguments: [
            ("client_secret", "wrong", 401, "invalid_client", 7_000_215),
            ("client_id", "nobody", 400, "unauthorized_client", 700_016),
            ("grant_type", "password", 400, "unsupported_grant_type", 70_003),
            ("scope", "https://management.azure.com", 400, "invalid_scope", 1_002_012),
            ("scope", "https://storage.azure.com/.default", 400, "invalid_resource", 500_011),
            ("client_secret", "", 401, "invalid_client", 7_000_215),
        ] as [(String, String, Int, String, Int64)])
    func `a wrong sign-in is refused with Entra's number`(
        field: String, value: String, status: Int, word: String, number: Int64
    )
        throws
    {
        var drill = try Rehearsal()
        var form = Self.good
        form[field] = value
        let answer = drill.tokenRequest(form)
        #expect(answer.status == status && answer.json?["error"]?.string == word)
        #expect(answer.json?["error_codes"] == [.int(number)])
        #expect(answer.json?["error_description"]?.string?.hasPrefix("AADSTS\(number): ") == true)
    }

    @Test func `an unknown tenant is refused`() throws {
        var drill = try Rehearsal()
        let answer = drill.tokenRequest(Self.good, tenant: "44444444-4444-4444-4444-444444444444")
        #expect(answer.json?["error_codes"] == [90_002])
    }

    @Test func `a registered certificate signs in, another does not`() throws {
        for (registered, status) in [("dGh1bWI", 200), ("other", 401)] {
            var drill = try Rehearsal { $0.set("cloud", "client", to: ["certificates": [.string(registered)]]) }
            let expires = Rehearsal.start.milliseconds / 1000 + 600
            let client = "33333333-3333-3333-3333-333333333333"
            let header: JSON = ["alg": "PS256", "typ": "JWT", "x5t#S256": "dGh1bWI"]
            let claims: JSON = [
                "aud": "http://127.0.0.1:8080/11111111-1111-1111-1111-111111111111/oauth2/v2.0/token",
                "iss": .string(client), "sub": .string(client), "exp": .int(expires),
            ]
            var form = Self.good
            form["client_secret"] = nil
            form["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            form["client_assertion"] = "\(encoded(header)).\(encoded(claims)).c2ln"
            #expect(drill.tokenRequest(form).status == status)
        }
    }

    @Test func `a token ends after an hour of the client's clock, however fast the simulated one runs`() throws {
        for (speed, lasts, gone) in [(1.0, 3590, 3600), (100.0, 359_000, 360_000)] {
            var drill = try Rehearsal(speed: speed)
            drill.pass(.seconds(lasts))
            #expect(drill.call("GET", "\(Rehearsal.servers)/first").status == 200)
            drill.pass(.seconds(gone - lasts))
            let answer = drill.call("GET", "\(Rehearsal.servers)/first")
            #expect(answer.status == 401 && answer.json?["error"]?["code"] == "ExpiredAuthenticationToken")
            #expect(answer.headers["www-authenticate"]?.contains("error=\"invalid_token\"") == true)
        }
    }

    @Test func `a vault challenges and refuses a token for Resource Manager`() throws {
        var drill = try Rehearsal()
        let path = "/keys/a/0000000000000000000000000000000a"
        let missing = drill.send(
            SimulatedRequest("GET", host: "vaulta.vault.localhost:8080", target: "\(path)?api-version=7.5"))
        #expect(missing.status == 401)
        #expect(
            missing.headers["www-authenticate"]
                == "Bearer authorization=\"http://127.0.0.1:8080/11111111-1111-1111-1111-111111111111\", resource=\"https://vault.localhost\""
        )
        #expect(drill.key("vaulta", path, token: drill.token).status == 401)
        #expect(drill.key("vaulta", path).status == 200)
    }

    @Test(arguments: [
        ("2020-01-01", 400, "NoRegisteredProviderFound"), ("1.0", 400, "InvalidApiVersionParameter"),
        ("", 400, "MissingApiVersionParameter"), ("2021-11-01", 200, ""), ("2025-01-01", 200, ""),
    ])
    func `an api-version must be one that the service knows`(version: String, status: Int, code: String) throws {
        var drill = try Rehearsal()
        let answer = drill.call("GET", "\(Rehearsal.servers)/first", version: version)
        #expect(answer.status == status && (answer.json?["error"]?["code"]?.string ?? "") == code)
    }

    @Test(arguments: [
        ("/subscriptions/none/resourceGroups/lab/providers/Microsoft.Sql/servers/first", "SubscriptionNotFound"),
        (
            "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/none/providers/Microsoft.Sql/servers/first",
            "ResourceGroupNotFound"
        ), ("\(Rehearsal.servers)/none", "ResourceNotFound"),
        ("\(Rehearsal.servers)/first/keys/none", "ServerKeyNotFound"),
        ("\(Rehearsal.servers)/first/failoverGroups/none", "ResourceNotFound"),
        ("\(Rehearsal.servers)/first/unknown", "InvalidResourceType"), ("/nothing", "InvalidResourceType"),
        ("\(Rehearsal.vaults)/none", "ResourceNotFound"),
    ])
    func `what is not there is 404 with a code that tells which part`(path: String, code: String) throws {
        var drill = try Rehearsal()
        let version = path.contains("KeyVault") ? "2026-02-01" : "2023-08-01"
        let answer = drill.call("GET", path, version: version)
        #expect(answer.status == 404 && answer.json?["error"]?["code"]?.string == code)
    }

    @Test func `a denied action is 403 and names action and scope`() throws {
        var drill = try Rehearsal {
            $0.set(
                "cloud", "client",
                to: ["denied-actions": ["Microsoft.Sql/servers/keys/*", "Microsoft.KeyVault/vaults/keys/read"]])
        }
        let refused = drill.call("GET", "\(Rehearsal.servers)/first/keys")
        #expect(refused.status == 403 && refused.json?["error"]?["code"] == "AuthorizationFailed")
        #expect(refused.json?["error"]?["message"]?.string?.contains("'Microsoft.Sql/servers/keys/read'") == true)
        let key = drill.key("vaulta", "/keys/a/")
        #expect(key.status == 403 && key.json?["error"]?["innererror"]?["code"] == "ForbiddenByRbac")
        #expect(drill.call("GET", "\(Rehearsal.servers)/first").status == 200)
    }

    @Test func `names have no case and headers carry the ids of the exchange`() throws {
        var drill = try Rehearsal()
        let answer = drill.send(
            SimulatedRequest(
                "GET", host: "127.0.0.1:8080",
                target:
                    "/SUBSCRIPTIONS/22222222-2222-2222-2222-222222222222/resourcegroups/LAB/providers/microsoft.sql/SERVERS/First?API-Version=2023-08-01",
                headers: [
                    "authorization": "bearer \(drill.token)", "x-ms-client-request-id": "mine",
                    "x-ms-return-client-request-id": "true", "x-ms-correlation-request-id": "run",
                ]))
        #expect(answer.status == 200 && answer.headers["x-ms-client-request-id"] == "mine")
        #expect(answer.headers["x-ms-correlation-request-id"] == "run" && answer.headers["x-ms-request-id"] != nil)
        #expect(answer.headers["x-ms-ratelimit-remaining-subscription-reads"] == "11998")
    }

    private func encoded(_ json: JSON) -> String { Base64URL.encode(json.canonicalBytes()) }
}
