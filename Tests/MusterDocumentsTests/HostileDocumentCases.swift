// SPDX-License-Identifier: Apache-2.0

/// Documents written to mislead, overload or reach what they may not, by kind. What YAML itself refuses is in `HostileYAMLTests`.
enum HostileDocumentCases {
    static let all: [HostileDocument] =
        catalog + persons + environment + connections + step + runbook + expressions + order + lock + scenario
        + findings
        + inputs

    static let catalog: [HostileDocument] = [
        .init(.catalog, "catalog: shop", "catalog: «document.bad-value»Shop"),
        .init(.catalog, "catalog: shop", "catalog: «document.bad-value»../shop"),
        .init(.catalog, "catalog: shop", "catalog: «document.bad-value»\"shop\\n\""),
        .init(.catalog, "catalog: shop", "catalog: «document.bad-value»\" \""),
        .init(.catalog, "catalog: shop", "catalog: «document.bad-value»ѕhop"),
        .init(.catalog, "catalog: shop", "catalog: «document.wrong-type»[shop]"),
        .init(.catalog, "catalog: shop", "catalog: «yaml.ambiguous»no"),
        .init(.catalog, "catalog: shop\n", "«document.missing-key»«document.unknown-key»catalogue: shop\n"),
        .init(.catalog, "summary: What the shop needs", "summary: «document.bad-value»\"\""),
        .init(.catalog, "summary: What the shop needs", "summary: «document.bad-value»\"\u{2003}\u{A0}\""),
        .init(.catalog, "branch: muster/records", "branch: «document.bad-value»../records"),
        .init(.catalog, "branch: muster/records", "branch: «document.bad-value»/records"),
        .init(.catalog, "branch: muster/records", "branch: «document.bad-value»records/"),
        .init(.catalog, "branch: muster/records", "branch: «document.bad-value»a//b"),
        .init(.catalog, "branch: muster/records", "branch: «document.bad-value»a.lock"),
        .init(.catalog, "branch: muster/records", "branch: «document.bad-value»a..b"),
        .init(.catalog, "branch: muster/records", "branch: «document.bad-value»-force"),
        .init(.catalog, "branch: muster/records", "branch: «document.bad-value»\"a b\""),
        .init(.catalog, "branch: muster/records", "branch: «document.bad-value»\"a@{1}\""),
        .init(.catalog, "branch: muster/records", "branch: «document.bad-value»\"HEAD:x\""),
        .init(.catalog, "remote: origin", "remote: «document.bad-value»\"https://u:p@example.org/x\""),
        .init(.catalog, "remote: origin", "remote: «document.bad-value»\"--upload-pack=touch x\""),
        .init(.catalog, "remote: origin", "remote: «document.bad-value»\"ext::sh -c x\""),
        .init(.catalog, "sign: true", "sign: «yaml.ambiguous»yes"),
        .init(.catalog, "sign: true", "sign: «document.wrong-type»1"),
        .init(.catalog, "sign: true", "sign: true, «document.unknown-key»sing: true"),
        .init(.catalog, "sign: true", "sign: true, «yaml.doubled-name»sign: false"),
        .init(.catalog, "leases: remote", "leases: «document.bad-value»remotes"),
        .init(.catalog, "leases: remote", "leases: «document.wrong-type»true"),
        .init(.catalog, "lease-life: 5m", "lease-life: «document.bad-value»0s"),
        .init(.catalog, "lease-life: 5m", "lease-life: «document.bad-value»-5m"),
        .init(.catalog, "lease-life: 5m", "lease-life: «document.bad-value»367d"),
        .init(.catalog, "lease-life: 5m", "lease-life: «document.bad-value»9999999999s"),
        .init(.catalog, "lease-life: 5m", "lease-life: «document.bad-value»999999999d"),
        .init(.catalog, "lease-life: 5m", "lease-life: «document.bad-value»5s1m"),
        .init(.catalog, "lease-life: 5m", "lease-life: «document.bad-value»1m1m"),
        .init(.catalog, "lease-life: 5m", "lease-life: «document.bad-value»5 m"),
        .init(.catalog, "lease-life: 5m", "lease-life: «document.bad-value»٥m"),
        .init(.catalog, "lease-life: 5m", "lease-life: «document.wrong-type»300"),
        .init(.catalog, "lease-life: 5m", "lease-life: «yaml.ambiguous»5:00"),
        .init(.catalog, "drill-every: 90d", "drill-every: «document.bad-value»\"\""),
        .init(.catalog, "drill-every: 90d", "drill-every:«yaml.missing-value»"),
        .init(.catalog, "drill-every: 90d", "«yaml.merge-key»<<: { drill-every: 90d }"),
        .init(.catalog, "drill-every: 90d", "«document.unknown-key»lib/../drill-every: 90d"),
    ]

    static let persons: [HostileDocument] = [
        .init(.catalog, ("ada: {", "«document.bad-name»\"*\": {"), ("[ada, ben]", "[«policy.unknown-person»ada, ben]")),
        .init(
            .catalog, ("ada: {", "«document.bad-name»\"a,b\": {"), ("[ada, ben]", "[«policy.unknown-person»ada, ben]")),
        .init(
            .catalog, ("ada: {", "«document.bad-name»\"a b\": {"), ("[ada, ben]", "[«policy.unknown-person»ada, ben]")),
        .init(.catalog, ("ada: {", "«document.bad-name»аda: {"), ("[ada, ben]", "[«policy.unknown-person»ada, ben]")),
        .init(.catalog, ("ada: {", "«yaml.name»\"\": {"), ("[ada, ben]", "[«policy.unknown-person»ada, ben]")),
        .init(
            .catalog, ("  ben: {", "  «yaml.doubled-name»ada: {"), ("[ada, ben]", "[ada, «policy.unknown-person»ben]"),
            ("[ben]", "[«policy.unknown-person»ben]")),
        .init(.catalog, "[ada@example.org]", "[«document.bad-value»ada]"),
        .init(.catalog, "[ada@example.org]", "[«document.bad-value»a@b@example.org]"),
        .init(.catalog, "[ada@example.org]", "[«document.bad-value»\"Ada <ada@example.org>\"]"),
        .init(.catalog, "[ada@example.org]", "[«document.bad-value»\"ada@example.org\\n\"]"),
        .init(.catalog, "[ada@example.org]", "[«document.bad-value»аda@example.org]"),
        .init(.catalog, "[ada@example.org]", "«document.bad-value»[]"),
        .init(.catalog, "[ada@example.org]", "«document.wrong-type»ada@example.org"),
        .init(.catalog, "[ada@example.org]", "[ada@example.org, «policy.doubled-email»ADA@example.org]"),
        .init(.catalog, "b@example.org", "«policy.doubled-email»ada@example.org"),
        .init(.catalog, "dba: [ada, ben]", "dba: [ada, ben, «policy.unknown-person»eve]"),
        .init(.catalog, "dba: [ada, ben]", "dba: [ada, ben, «policy.doubled-person»ada]"),
        .init(.catalog, "dba: [ada, ben]", "dba: [ada, ben, «document.bad-value»«policy.unknown-person»\"*\"]"),
        .init(.catalog, "dba: [ada, ben]", "dba: [ada, ben, «document.wrong-type»[ada]]"),
        .init(.catalog, "dba: [ada, ben]", "dba: [ada, ben, «policy.unknown-person»Ada]"),
        .init(
            .catalog, ("lead: [ben]", "lead: «document.bad-value»[]"),
            ("{ group: lead }", "«policy.too-few-persons»{ group: lead }")),
        .init(.catalog, "count: 2 }\n      - ", "count: «document.wrong-type»0 }\n      - "),
        .init(.catalog, "count: 2 }\n      - ", "count: «document.wrong-type»«policy.too-few-persons»21 }\n      - "),
        .init(.catalog, "count: 2 }\n      - ", "count: «document.wrong-type»-1 }\n      - "),
        .init(.catalog, "count: 2 }\n      - ", "count: «document.wrong-type»1.0 }\n      - "),
        .init(.catalog, "count: 2 }\n      - ", "count: «yaml.ambiguous»1e0 }\n      - "),
        .init(.catalog, "count: 2 }\n      - ", "count: «policy.too-few-persons»3 }\n      - "),
        .init(.catalog, "{ group: lead }", "{ group: «policy.unknown-group»leed }"),
        .init(.catalog, "{ group: lead }", "{ group: lead }\n      - { group: «policy.doubled-group»lead }"),
        .init(.catalog, "{ group: lead }", "«document.missing-key»{}"),
        .init(.catalog, "break-glass: [lead]", "break-glass: [«policy.unknown-group»leads]"),
        .init(.catalog, "break-glass: [lead]", "break-glass: «document.wrong-type»lead"),
        .init(.catalog, "exclude-authors: true", "exclude-authors: «document.wrong-type»\"true\""),
        .init(.catalog, "exclude-authors: true", "«document.unknown-key»exclude-author: true"),
        .init(.catalog, "life: 8h", "life: «document.bad-value»forever"),
        .init(
            .catalog, "policy-change: { group: dba, count: 2 }",
            "policy-change: { group: «policy.unknown-group»db, count: 2 }"),
        .init(
            .catalog, "policy-change: { group: dba, count: 2 }",
            "policy-change: { group: dba, count: «policy.too-few-persons»9 }"),
        .init(.catalog, "catalog: x\npersons:\n  «policy.no-consent»ada: {}\n"),
    ]

    static let lock: [HostileDocument] = [
        .init(.lock, "lock: swap", "lock: «document.bad-value»../swap"),
        .init(.lock, "lock: swap\n", "«document.missing-key»«document.unknown-key»look: swap\n"),
        .init(.lock, "\"swap/set@^1.0\"", "«document.bad-name»swap/set"),
        .init(.lock, "\"swap/set@^1.0\"", "«document.bad-name»\"../set@1.0.0\""),
        .init(.lock, "\"swap/set@^1.0\"", "«document.bad-name»\"a/../set@1.0.0\""),
        .init(.lock, "\"swap/set@^1.0\"", "«document.bad-name»\"swap/set@main\""),
        .init(.lock, "\"swap/set@^1.0\"", "«document.bad-name»\"swap/set@1.0.0@2.0.0\""),
        .init(.lock, "version: \"1.0.0\"", "version: «document.bad-value»\"1.0\""),
        .init(.lock, "version: \"1.0.0\"", "version: «document.wrong-type»1.0"),
        .init(.lock, "version: \"1.0.0\"", "version: «document.bad-value»\"01.0.0\""),
        .init(.lock, "version: \"1.0.0\"", "version: «document.bad-value»\"1.0.0-rc1\""),
        .init(.lock, "version: \"1.0.0\"", "version: «document.bad-value»\"99999999999999999999.0.0\""),
        .init(.lock, "version: \"1.0.0\"", "version: «lock.wrong-version»\"2.0.0\""),
        .init(
            .lock, "\"1111111111111111111111111111111111111111\"",
            "«document.bad-value»\"111111111111111111111111111111111111111\""),
        .init(.lock, "\"1111111111111111111111111111111111111111\"", "«document.bad-value»HEAD"),
        .init(
            .lock, "\"1111111111111111111111111111111111111111\"",
            "«yaml.ambiguous»1111111111111111111111111111111111111111"),
        .init(
            .lock, "\"2222222222222222222222222222222222222222\"",
            "«document.bad-value»\"222222222222222222222222222222222222222Z\""),
        .init(
            .lock, "\"2222222222222222222222222222222222222222\"",
            "«document.bad-value»\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\""),
        .init(
            .lock, "version: \"1.0.0\"\n    commit:",
            "«document.missing-key»version: \"1.0.0\"\n    «document.unknown-key»comit:"),
        .init(.lock, "lock: x\nsteps: «document.wrong-type»[]\n"),
        .init(
            .lock,
            "lock: x\nsteps:\n  a/b@1.0.0: «document.missing-key»«document.missing-key»«document.missing-key»«document.missing-key»{}\n"
        ),
    ]

    static let scenario: [HostileDocument] = [
        .init(.scenario, "scenario: all-is-well", "scenario: «document.bad-value»All is well"),
        .init(.scenario, "scenario: all-is-well", "scenario: «document.bad-value»../../x"),
        .init(.scenario, "summary: Nothing goes wrong", "summary: «document.bad-value»\"\\t\""),
        .init(.scenario, "inputs: { server: s", "inputs: { «document.bad-name»1st: s"),
        .init(.scenario, "inputs: { server: s", "inputs: { «document.bad-name»\"a b\": s"),
        .init(.scenario, "inputs: { server: s", "inputs: { «document.bad-name»\"${{ a }}\": s"),
        .init(.scenario, "cloud: {", "cloud: «yaml.anchor»&c {"),
        .init(.scenario, "cloud: {", "cloud: «yaml.tag»!!map {"),
        .init(.scenario, "location: north", "location: «yaml.alias»*c"),
        .init(.scenario, "location: north", "location: «yaml.ambiguous»0777"),
        .init(.scenario, "[ { fault: throttle, after: 2 } ]", "«document.wrong-type»{ fault: throttle }"),
        .init(.scenario, "[ { fault: throttle, after: 2 } ]", "[ «document.wrong-type»throttle ]"),
        .init(.scenario, "outcome: succeeded", "outcome: «document.bad-value»succeded"),
        .init(.scenario, "{ outcome: succeeded }", "«document.missing-key»{ «document.unknown-key»result: succeeded }"),
        .init(.scenario, "expect:", "«document.unknown-key»expects:"),
    ]

    static let findings: [HostileDocument] = [
        .init(.findings, "id: F-1", "id: «document.bad-value»\"F 1\""),
        .init(.findings, "id: F-1", "id: «document.bad-value»../F-1"),
        .init(.findings, "id: F-1", "id: «document.bad-value».F-1"),
        .init(.findings, "id: F-1", "id: «document.wrong-type»1"),
        .init(.findings, "id: F-1", "id: «document.bad-value»Ｆ-1"),
        .init(.findings, "id: F-1", "id: «document.bad-value»\(String(repeating: "F", count: 65))"),
        .init(.findings, "severity: high", "severity: «document.bad-value»High"),
        .init(.findings, "severity: high", "severity: «document.wrong-type»3"),
        .init(
            .findings, "id: F-1\n    severity: high",
            "«document.missing-key»id: F-1\n    «document.unknown-key»severty: high"),
        .init(.findings, "text: The key was late", "text: «document.bad-value»\"  \""),
        .init(.findings, "text: The key was late", "text: «document.secret»AKIAABCDEFGHIJKLMNOP"),
        .init(.findings, "owner: Otto", "owner: «document.wrong-type»[Otto]"),
        .init(.findings, "owner: Otto", "owner: «yaml.ambiguous»NO"),
        .init(.findings, "due: \"2026-12-31\"", "due: «yaml.ambiguous»2026-12-31"),
        .init(.findings, "due: \"2026-12-31\"", "due: «document.bad-value»\"2026-02-30\""),
        .init(.findings, "due: \"2026-12-31\"", "due: «document.bad-value»\"2026-13-01\""),
        .init(.findings, "due: \"2026-12-31\"", "due: «document.bad-value»31.12.2026"),
        .init(.findings, "due: \"2026-12-31\"", "due: «document.bad-value»\"2026-12-31T00:00:00Z\""),
        .init(.findings, "state: open", "state: «document.bad-value»done"),
        .init(.findings, "state: open", "state: open\n    «document.unknown-key»status: closed"),
        .init(.findings, "state: open", "state: open\n    «yaml.doubled-name»state: closed"),
        .init(.findings, "summary: x\nfindings: «document.bad-value»[]\n"),
        .init(.findings, "«document.missing-key»summary: x\n"),
        .init(.findings, "findings:«yaml.missing-value»\n"),
        .init(.findings, "«document.wrong-type»- findings\n"),
    ]

    static let inputs: [HostileDocument] = [
        .init(.inputs, "mode: fast", "mode: «input.type»quick"),
        .init(.inputs, "mode: fast", "mode: «input.type»[fast]"),
        .init(.inputs, "mode: fast", "mode: «yaml.ambiguous»off"),
        .init(.inputs, "mode: fast", "«input.unknown»mod: fast"),
        .init(.inputs, "mode: fast", "«input.unknown»Mode: fast"),
        .init(.inputs, "mode: fast", "mode: «input.type»ｆast"),
        .init(.inputs, "mode: fast", "mode: fast\n«yaml.doubled-name»mode: safe"),
        .init(.inputs, "mode: fast", "«input.unknown»\"mode \": fast"),
        .init(.inputs, "mode: fast", "mode: fast # «document.secret»-----BEGIN OPENSSH PRIVATE KEY-----"),
        .init(.inputs, "server: /", "server: «input.type»../"), .init(.inputs, "server: /", "server: «input.type»//"),
        .init(.inputs, "[a, b]", "«input.type»[a, 1]"), .init(.inputs, "[a, b]", "«input.type»null"),
        .init(.inputs, "[a, b]", "«input.type»{ a: b }"), .init(.inputs, "«input.not-a-map»[server]\n"),
        .init(.inputs, "«input.not-a-map»server\n"),
        .init(.inputs, "server: «input.type»«yaml.anchor»&a x\nmode: «yaml.alias»*a\n"),
    ]
}
