// SPDX-License-Identifier: Apache-2.0

/// One sound document of each kind that holds everything it may hold: hostile ones are made of these by one change or two.
enum HostileSamples {
    static let catalog = """
        catalog: shop
        summary: What the shop needs
        records: { branch: muster/records, remote: origin, sign: true }
        leases: remote
        lease-life: 5m
        drill-every: 90d
        persons:
          ada: { emails: [ada@example.org] }
          ben: { emails: [ben@example.org, b@example.org] }
        groups:
          dba: [ada, ben]
          lead: [ben]
        approvals:
          prod:
            require:
              - { group: dba, count: 2 }
              - { group: lead }
            exclude-authors: true
            life: 8h
            break-glass: [lead]
        policy-change: { group: dba, count: 2 }
        change-windows:
          prod:
            - { days: [sat, sun], from: "22:00", to: "04:00", zone: Europe/Zurich }
            - { opens: "2026-11-22T20:00:00Z", closes: "2026-11-23T02:00:00Z" }
        freezes:
          - opens: "2026-12-20T00:00"
            closes: "2027-01-03T00:00"
            zone: Europe/Zurich
            why: The year ends
            environments: [prod]
        """

    static let runbook = """
        runbook: swap
        version: 1.0.0
        summary: Give each server its key
        inputs:
          server: { type: azure-resource-id, resource: Microsoft.Sql/servers, summary: The server }
          mode: { type: enum, values: [fast, safe], default: safe }
          servers: { type: list of string, default: [a] }
          note: { type: string, required: false }
        locks: [ "server:${{ inputs.server }}" ]
        measures:
          - id: time
            summary: All of it
            from: run.started
            to: steps.set.finished
            objective: 15m
          - { id: key, summary: The key, value: steps.set.outputs.key, objective: k }
        steps:
          - id: look
            summary: Look first
            uses: muster/manual
            with: { instructions: "Look at ${{ inputs.server }}" }
            needs: []
          - id: set
            uses: swap/set@^1.0
            needs: [look]
            when: ${{ inputs.mode == 'safe' }}
            with: { server: "${{ inputs.server }}", note: text }
            retry: { attempts: 3, backoff: 5s..2m }
            on-failure: rollback
            timeout: 10m
            approval: dba
          - id: each
            uses: swap/set@1.0.0
            for-each: ${{ inputs.servers }}
            parallel: 2
            with: { server: "${{ inputs.server }}", note: "${{ item }} ${{ default(inputs.note, '') }}" }
        finally:
          - id: tell
            uses: muster/wait
            with: { for: 5m }
        """

    static let step = """
        step: swap/set
        version: 1.0.0
        summary: Set the key
        effect: reversible
        timeout: 20m
        connections: [azure, sql.azure]
        inputs:
          server: { type: azure-resource-id, resource: Microsoft.Sql/servers, summary: The server }
          note: { type: string, required: false }
          mode: { type: enum, values: [fast, safe], default: safe }
        outputs:
          key: { type: string, summary: The key }
          kind: { type: enum, values: [a, b] }
          owner: { type: azure-resource-id, resource: Microsoft.Sql/servers }
        preconditions:
          - id: ready
            at: start
            says: The server is there
            why: It could not be set
            remedy: Make it
        permissions: [Microsoft.Sql/servers/write]
        postconditions:
          - { id: is-set, says: It is set }
        rollback: Sets ${{ inputs.server }} back to ${{ undo.previous }}.
        known-errors:
          - { match: Denied, means: It may not, remedy: Let it }
        """

    static let environment = """
        environment: lab
        summary: The lab
        azure:
          cloud: custom
          tenant: 11111111-1111-1111-1111-111111111111
          subscription: 22222222-2222-2222-2222-222222222222
          credential:
            type: client-secret
            client-id: 33333333-3333-3333-3333-333333333333
            secret: { env: AZURE_SECRET }
          endpoints:
            authority: https://login.example.org
            resource-manager: https://management.example.org
            graph: https://graph.example.org
            key-vault-suffix: vault.example.org
            managed-hsm-suffix: hsm.example.org
            log-analytics: https://logs.example.org
            database: https://database.example.org
          api-versions: { Microsoft.Sql: "2023-08-01" }
        oci:
          credential:
            type: api-key
            tenancy: ocid1.tenancy
            user: ocid1.user
            fingerprint: aa:bb:cc
            key: { file: key.pem }
            pass-phrase: { command: [pass, show] }
          region: eu-frankfurt-1
          endpoints: { database: https://database.example.org }
          database-admin-password: { env: SYS }
          tde-wallet-password: { env: WALLET }
        sql:
          azure: { connection: "Server=${{ target.server }};Encrypt=yes", user: drill, password: { env: SQL } }
          other: { connection: "Server=x", token: azure }
        tls: { ca-file: ca.pem }
        values: { group: lab, list: [1, 2.5, true, null] }
        change-windows:
          - { opens: "2026-11-22T20:00:00Z", closes: "2026-11-23T02:00:00Z" }
          - { opens: "2026-11-29T20:00:00Z", closes: "2026-11-30T02:00:00.000Z" }
        approvals:
          require: [ { group: dba } ]
          exclude-authors: true
          life: 2h
          break-glass: []
        """

    static let lock = """
        lock: swap
        steps:
          "swap/set@^1.0":
            version: "1.0.0"
            commit: "1111111111111111111111111111111111111111"
            blob: "2222222222222222222222222222222222222222"
            sources: "3333333333333333333333333333333333333333"
        """

    static let scenario = """
        scenario: all-is-well
        summary: Nothing goes wrong
        inputs: { server: s, servers: [a, b] }
        cloud: { servers: { s: { location: north } } }
        faults: [ { fault: throttle, after: 2 } ]
        expect: { outcome: succeeded }
        """

    static let findings = """
        summary: Read with the team
        findings:
          - id: F-1
            severity: high
            text: The key was late
            owner: Otto
            due: "2026-12-31"
            state: open
        """

    static let inputs = """
        server: /subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/g/providers/Microsoft.Sql/servers/s
        mode: fast
        servers: [a, b]
        """
}
