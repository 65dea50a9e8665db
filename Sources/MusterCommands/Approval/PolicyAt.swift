// SPDX-License-Identifier: Apache-2.0

internal import MusterApproval
internal import MusterDocuments
internal import MusterGit
internal import MusterModel

/// A catalog's policy as one commit has it.
struct PolicyAt {
    let commit: ObjectID
    let files: PolicyFiles
    let catalog: String
    let policy: ApprovalPolicy
    let signers: AllowedSigners

    var signersBytes: [UInt8] { files.signers ?? [] }

    /// - Throws: `document.invalid` where a file of the policy has errors: nobody is let in by half a policy.
    init(_ git: Catalog, at commit: ObjectID) throws(MusterError) {
        let found = try git.files(["muster.yaml", AllowedSigners.path], at: commit)
        guard let configuration = found["muster.yaml"]?.content.bytes else {
            throw MusterError(
                code: "catalog.no-configuration", "The catalog has no muster.yaml at commit \(commit.short).",
                help: "Add one at the root of the repository: `catalog: <name>` is enough.")
        }
        try self.init(
            PolicyFiles(configuration: configuration, signers: found[AllowedSigners.path]?.content.bytes), at: commit)
    }

    init(_ files: PolicyFiles, at commit: ObjectID) throws(MusterError) {
        let configuration = try Configuration.parse(files.configuration, file: "muster.yaml").get()
        self.commit = commit
        self.files = files
        catalog = configuration.catalog
        policy = configuration.policy
        signers =
            if let bytes = files.signers { try AllowedSigners.parse(bytes).get() } else { AllowedSigners(keys: []) }
    }

    /// Whether the catalog says anything of who may agree to what.
    var isEmpty: Bool { policy.isEmpty && signers.keys.isEmpty }

    /// Whether it says who is who, and by which keys.
    var knowsPersons: Bool { signers.keys.contains { policy.persons[$0.person] != nil } }

    /// The person behind a name and address as git has them; nil for somebody whom the policy does not name, or knows no key of.
    func person(named name: String) -> String? {
        guard let open = name.lastIndex(of: "<"), let close = name.lastIndex(of: ">"), open < close else { return nil }
        let email = name[name.index(after: open)..<close].lowercased()
        let known = policy.persons.first { $0.value.contains { $0.lowercased() == email } }?.key
        return known.flatMap { person in signers.keys.contains { $0.person == person } ? person : nil }
    }

    /// The person whose key it is; nil for nobody's.
    func person(ofKey base64: String) -> String? {
        signers.keys.first { $0.base64 == base64 && policy.persons[$0.person] != nil }?.person
    }

    func ground(_ environment: Environment) -> Admission.Ground {
        Admission.Ground(policy: policy, rule: policy.rule(for: environment))
    }
}
