// SPDX-License-Identifier: Apache-2.0

internal import CloudHTTP
internal import Crypto
internal import CryptoExtras

/// A private key that a pass phrase locks, in the two forms in which OpenSSL writes them with AES: PKCS#8 with PBES2
/// (RFC 8018), and the older one with the headers `Proc-Type` and `DEK-Info`.
struct EncryptedKey {
    private enum Form {
        case pbes2
        case headers(algorithm: String, iv: [UInt8])
    }

    private let form: Form
    private let bytes: [UInt8]

    /// Why a key cannot be opened.
    enum Obstacle: Error, Equatable {
        /// A way of locking that this code does not know.
        case unknownForm
        case wrongPassPhrase
    }

    /// Nil when the block is not locked.
    init?(_ block: PEMBlock) {
        if block.label == "ENCRYPTED PRIVATE KEY" {
            form = .pbes2
            bytes = Base64.decode(block.content) ?? []
        } else if let found = block.content.firstMatch(of: /DEK-Info: ?([A-Za-z0-9-]+),/) {
            let rest = block.content[found.range.upperBound...]
            // The IV ends where the key begins; the line break between them is gone.
            let digits = rest.prefix(32)
            form = .headers(algorithm: String(found.1), iv: Self.hex(digits))
            bytes = Base64.decode(String(rest.dropFirst(32))) ?? []
        } else {
            return nil
        }
    }

    /// The key's DER.
    ///
    /// - Throws: ``Obstacle``.
    func open(_ passPhrase: String) throws(Obstacle) -> [UInt8] {
        let phrase = Array(passPhrase.utf8)
        switch form {
        case .headers(let algorithm, let iv):
            let sizes = ["AES-128-CBC": 16, "AES-192-CBC": 24, "AES-256-CBC": 32]
            guard let size = sizes[algorithm.uppercased()], iv.count == 16 else { throw .unknownForm }
            let key = SymmetricKey(data: Self.oldDerivation(phrase, salt: Array(iv.prefix(8)), count: size))
            return try Self.decrypt(bytes, key, iv)
        case .pbes2:
            guard let box = PBES2(bytes) else { throw .unknownForm }
            let key: SymmetricKey
            do {
                // The file says how many rounds it takes; fewer than are advised for new keys is its own matter.
                key = try KDF.Insecure.PBKDF2.deriveKey(
                    from: phrase, salt: box.salt, using: box.hash, outputByteCount: box.keySize,
                    unsafeUncheckedRounds: box.rounds)
            } catch {
                throw .unknownForm
            }
            return try Self.decrypt(box.content, key, box.iv)
        }
    }

    private static func decrypt(
        _ content: [UInt8], _ key: SymmetricKey, _ iv: [UInt8]
    ) throws(Obstacle) -> [UInt8] {
        do {
            return Array(try AES._CBC.decrypt(content, using: key, iv: try AES._CBC.IV(ivBytes: iv)))
        } catch {
            // A wrong phrase gives a wrong padding, nearly always; where it does not, what comes out is no key.
            throw .wrongPassPhrase
        }
    }

    /// OpenSSL's `EVP_BytesToKey` with MD5 and one round.
    private static func oldDerivation(_ phrase: [UInt8], salt: [UInt8], count: Int) -> [UInt8] {
        var key: [UInt8] = []
        var last: [UInt8] = []
        while key.count < count {
            last = Array(Insecure.MD5.hash(data: last + phrase + salt))
            key += last
        }
        return Array(key.prefix(count))
    }

    private static func hex(_ digits: Substring) -> [UInt8] {
        let all = Array(digits)
        return stride(from: 0, to: all.count - 1, by: 2).compactMap { UInt8(String(all[$0...($0 + 1)]), radix: 16) }
    }
}

/// The parameters of an `EncryptedPrivateKeyInfo`, as far as AES in CBC mode with PBKDF2 goes.
private struct PBES2 {
    var salt: [UInt8] = []
    var rounds = 0
    var hash = KDF.Insecure.PBKDF2.HashFunction.insecureSHA1
    var keySize = 0
    var iv: [UInt8] = []
    var content: [UInt8] = []

    private static let pbes2: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05, 0x0D]
    private static let pbkdf2: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05, 0x0C]
    private static let hmac: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x02]
    private static let aes: [UInt8] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01]
    /// Above what any tool writes; a file that asks for more would only hold the process up.
    private static let roundsMax = 10_000_000

    /// Nil for anything else.
    init?(_ bytes: [UInt8]) {
        var outer = DERReader(bytes)
        guard var info = outer.sequence(), var algorithm = info.sequence(), let content = info.next(0x04),
            algorithm.next(0x06) == Self.pbes2, var parameters = algorithm.sequence(),
            var derivation = parameters.sequence(), var cipher = parameters.sequence(),
            derivation.next(0x06) == Self.pbkdf2, var how = derivation.sequence(), let salt = how.next(0x04),
            let rounds = how.integer(), (1...Self.roundsMax).contains(rounds),
            let cipherName = cipher.next(0x06), cipherName.dropLast() == Self.aes[...], let iv = cipher.next(0x04),
            iv.count == 16, let size = [0x02: 16, 0x16: 24, 0x2A: 32][Int(cipherName.last ?? 0)]
        else { return nil }
        _ = how.integer()
        if var function = how.sequence() {
            guard let name = function.next(0x06), name.dropLast() == Self.hmac[...] else { return nil }
            switch name.last {
            case 0x07: hash = .insecureSHA1
            case 0x09: hash = .sha256
            case 0x0A: hash = .sha384
            case 0x0B: hash = .sha512
            default: return nil
            }
        }
        (self.salt, self.rounds, keySize, self.iv, self.content) = (salt, rounds, size, iv, content)
    }
}

/// Reads values of the distinguished encoding (X.690) one after the other.
private struct DERReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    /// The content of the next value; nil, and nothing is read, when its tag is another one or it does not end in time.
    mutating func next(_ tag: UInt8) -> [UInt8]? {
        guard rest.first == tag, let (start, count) = length(), rest.endIndex - start >= count else { return nil }
        defer { rest = rest[(start + count)...] }
        return Array(rest[start..<(start + count)])
    }

    mutating func sequence() -> DERReader? { next(0x30).map { DERReader($0) } }

    mutating func integer() -> Int? {
        next(0x02).flatMap { $0.count <= 4 ? $0.reduce(0) { $0 << 8 | Int($1) } : nil }
    }

    private func length() -> (start: Int, count: Int)? {
        let at = rest.startIndex + 1
        guard at < rest.endIndex else { return nil }
        if rest[at] < 0x80 { return (at + 1, Int(rest[at])) }
        let size = Int(rest[at] & 0x7F)
        guard (1...3).contains(size), at + 1 + size <= rest.endIndex else { return nil }
        return (at + 1 + size, rest[(at + 1)..<(at + 1 + size)].reduce(0) { $0 << 8 | Int($1) })
    }
}
