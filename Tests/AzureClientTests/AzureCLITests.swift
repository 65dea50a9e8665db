// SPDX-License-Identifier: Apache-2.0

import Foundation
import MusterModel
import Testing

@testable import AzureClient

/// A command that stands in the place of `az`.
struct AzureCLITests {
    private let now = Timestamp("2026-03-10T12:00:00Z")!

    private func token(_ script: String, within timeout: Duration = .seconds(60)) async throws -> AccessToken {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("az-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        // Another process writes the command: a child that some other test forks at that moment would inherit a
        // descriptor of ours open for writing, and the command could not be started (ETXTBSY).
        let text = "#!/bin/sh\n\(script)\n"
        _ = try run(["install", "-m", "755", "/dev/stdin", folder.appendingPathComponent("az").path], input: text)
        return try await azureCLIToken(
            resource: "https://management.azure.com", tenant: tenant, now: now, searchPath: folder.path,
            timeout: timeout)
    }

    @Test func `the token and its end are read, and the command is told what for`() async throws {
        let expected =
            "account get-access-token --output json --resource https://management.azure.com --tenant \(tenant)"
        let found = try await token(
            "[ \"$*\" = '\(expected)' ] || exit 9; echo '{\"accessToken\": \"cli-token\", \"expires_on\": 1773230400}'")
        #expect(found.text == "cli-token")
        #expect(found.expiresAt == Timestamp(milliseconds: 1_773_230_400_000))
    }

    @Test func `a command that fails is quoted with the way out`() async {
        let error = await azureError { try await token("echo 'Please run az login' >&2; exit 1") }
        #expect(error?.code == "azure.cli")
        #expect(error?.message.contains("Please run az login") == true)
    }

    @Test func `a command that hangs is ended`() async {
        let error = await azureError { try await token("exec sleep 600", within: .milliseconds(200)) }
        #expect(error?.advice == .retryable)
    }

    @Test func `an answer without a token and a missing command are said`() async {
        #expect(await azureError { try await token("echo '{}'") }?.code == "azure.token-answer")
        #expect(await azureError { try await token("echo hello") }?.code == "azure.cli")
        let missing = await azureError {
            try await azureCLIToken(resource: "r", tenant: tenant, now: now, searchPath: "/nonexistent")
        }
        #expect(missing?.message.contains("is not on PATH") == true)
    }
}
