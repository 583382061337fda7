import CArgon2
import Foundation
import Kernel
import Testing

@testable import Safeguards

@Suite struct PasswordHasherTests {
    static let cheap = PasswordHasher.Cost(memoryKibibytes: 64, passes: 1, lanes: 1)
    let pepper = [UInt8](repeating: 7, count: 32)

    @Test func hashesInPHCForm() async throws {
        let hasher = PasswordHasher(pepper: pepper)
        let stored = try await hasher.hash("Correct horse 9")
        #expect(stored.hasPrefix("$argon2id$v=19$m=19456,t=2,p=1$"))
        #expect(try await hasher.verify("Correct horse 9", against: stored))
        #expect(try await !hasher.verify("correct horse 9", against: stored))
        #expect(try await !hasher.verify("", against: stored))
        #expect(try await hasher.hash("Correct horse 9") != stored)
    }

    /// The reference implementation's own verifier understands what is stored.
    @Test func theReferenceVerifierAgrees() async throws {
        let hasher = PasswordHasher(pepper: pepper, cost: Self.cheap)
        let stored = try await hasher.hash("hakuna matata")
        let key = Digests.derivedKey(from: pepper, purpose: "wekeza password pepper")
        let message = Digests.hmacSHA256(key: key, "hakuna matata".utf8)
        #expect(argon2id_verify(stored, message, message.count) == ARGON2_OK.rawValue)
        let other = Digests.hmacSHA256(key: key, "hakuna matatas".utf8)
        #expect(argon2id_verify(stored, other, other.count) == ARGON2_VERIFY_MISMATCH.rawValue)
    }

    @Test func dependsOnThePepper() async throws {
        let stored = try await PasswordHasher(pepper: pepper, cost: Self.cheap).hash("same password")
        let other = PasswordHasher(pepper: [UInt8](repeating: 8, count: 32), cost: Self.cheap)
        #expect(try await !other.verify("same password", against: stored))
    }

    @Test func noticesOldCosts() async throws {
        let stored = try await PasswordHasher(pepper: pepper, cost: Self.cheap).hash("same password")
        let today = PasswordHasher(pepper: pepper)
        #expect(today.needsRehash(stored))
        #expect(try await today.verify("same password", against: stored))
        #expect(try await !today.needsRehash(today.hash("same password")))
    }

    @Test func unknownNamesNeverMatch() async throws {
        let hasher = PasswordHasher(pepper: pepper, cost: Self.cheap)
        #expect(try await !hasher.verify("anything", against: nil))
    }

    @Test(arguments: [
        "", "$", "plain", "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$AAAA", "$argon2id$v=16$m=64,t=1,p=1$c29tZXNhbHQ$AAAA",
        "$argon2id$v=19$m=99999999,t=1,p=1$c29tZXNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=64,t=999,p=1$c29tZXNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=64,t=1,p=99$c29tZXNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=64,t=1,p=0$c29tZXNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ])
    func refusesBrokenHashes(stored: String) async throws {
        let hasher = PasswordHasher(pepper: pepper, cost: Self.cheap)
        #expect(PasswordHash(stored) == nil)
        #expect(try await !hasher.verify("anything", against: stored))
        #expect(hasher.needsRehash(stored))
    }

    @Test func refusesWhenTooManyWait() async throws {
        let hasher = PasswordHasher(pepper: pepper, threadCount: 1, maximumQueueLength: 2)
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<40 {
                group.addTask {
                    do {
                        _ = try await hasher.hash("one of many")
                        return true
                    } catch let refusal as Refusal {
                        #expect(refusal.kind == .unavailable && refusal.retryAfterSeconds != nil)
                        return false
                    } catch {
                        Issue.record(error)
                        return false
                    }
                }
            }
            return await group.reduce(into: [Bool]()) { $0.append($1) }
        }
        #expect(outcomes.contains(true))
        #expect(outcomes.contains(false))
    }
}

@Suite struct SmallSecretTests {
    @Test func timeBasedCodesMatchTheStandard() {
        let eight = TimeBasedCode(secret: Array("12345678901234567890".utf8), digits: 8)
        let vectors: [(Int64, String)] = [
            (59, "94287082"), (1_111_111_109, "07081804"), (1_111_111_111, "14050471"), (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"), (20_000_000_000, "65353130"),
        ]
        for (second, code) in vectors {
            let instant = Timestamp(microseconds: second * 1_000_000)
            #expect(eight.code(step: eight.step(at: instant)) == code)
            #expect(eight.matchingStep(code, at: instant) == second / 30)
        }
    }

    @Test func timeBasedCodesTolerateOneStepAndWorkOnce() {
        let code = TimeBasedCode(secret: Array("12345678901234567890".utf8))
        let instant = Timestamp(microseconds: 1_790_000_000_000_000)
        let step = code.step(at: instant)
        for distance: Int64 in -1...1 { #expect(code.matchingStep(code.code(step: step + distance), at: instant) == step + distance) }
        for distance: Int64 in [-2, 2] { #expect(code.matchingStep(code.code(step: step + distance), at: instant) == nil) }
        #expect(code.matchingStep(code.code(step: step), at: instant, after: step) == nil)
        #expect(code.matchingStep(code.code(step: step - 1), at: instant, after: step) == nil)
        #expect(code.matchingStep(code.code(step: step + 1), at: instant, after: step) == step + 1)
        for nonsense in ["", "12345", "1234567", "abcdef", "１２３４５６"] { #expect(code.matchingStep(nonsense, at: instant) == nil) }
    }

    @Test func base64URLHasOneSpelling() {
        #expect(Base64URL.encode([UInt8]()) == "")
        #expect(Base64URL.encode(Array("f".utf8)) == "Zg")
        #expect(Base64URL.encode(Array("fo".utf8)) == "Zm8")
        #expect(Base64URL.encode(Array("foobar".utf8)) == "Zm9vYmFy")
        #expect(Base64URL.encode([0xFB, 0xEF, 0xFF]) == "--__")
        for length in 0..<100 {
            let bytes = SystemRandom().bytes(length)
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
        }
        for text in ["A", "Zg==", "Zh", "Zm9", "Zm+v", "Zm/v", "Zg ", " Zg", "Z g", "Zm9vYmFyA"] {
            #expect(Base64URL.decode(text) == nil, "\(text)")
        }
    }

    @Test func tokensAreLongAndDifferent() {
        let random = SystemRandom()
        let tokens = Set((0..<1_000).map { _ in random.token() })
        #expect(tokens.count == 1_000)
        #expect(tokens.allSatisfy { $0.utf8.count == 43 })
    }

    struct FixedBytes: RandomSource {
        let value: UInt8
        func bytes(_ count: Int) -> [UInt8] { [UInt8](repeating: value, count: count) }
    }

    @Test func codesHaveTheirDigits() {
        #expect(FixedBytes(value: 0).code(digits: 6) == "000000")
        #expect(FixedBytes(value: 1).code(digits: 6) == "843009")
        for _ in 0..<1_000 {
            let code = SystemRandom().code(digits: 6)
            #expect(code.utf8.count == 6 && code.utf8.allSatisfy { (48...57).contains($0) })
        }
    }

    @Test func comparesWholeContents() {
        #expect(ConstantTime.equal("secret", "secret"))
        #expect(!ConstantTime.equal("secret", "secreT"))
        #expect(!ConstantTime.equal("secret", "secre"))
        #expect(ConstantTime.equal("", ""))
    }

    @Test(arguments: [
        "password", "PASSWORD1", "12345678", "Qwerty123", "iloveyou", "P@ssw0rd", "letmein1", "nairobi2024", "aaaaaaaa", "1q2w3e4r",
    ])
    func knowsWhatEverybodyTries(password: String) {
        #expect(BreachedPasswords().contains(password))
    }

    @Test func leavesGoodPasswordsAlone() {
        let list = BreachedPasswords(further: ["Ours Alone 1"])
        for password in ["correct horse battery", "Tj9#kwvL2x", "Customer@123", "my-Long-passphrase-7"] {
            #expect(!list.contains(password))
        }
        #expect(list.contains("OURS alone 1"))
        #expect(list.count > 5_000)
    }

    @Test func secretFilesSurviveTwoStartsAtOnce() async throws {
        let path = NSTemporaryDirectory() + "wekeza-secret-\(UInt64.random(in: 0...UInt64.max))/pepper"
        defer { try? FileManager.default.removeItem(atPath: String(path.dropLast("/pepper".count))) }
        let secrets = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<16 { group.addTask { try SecretFile.loadOrCreate(path) { SystemRandom().bytes(32) } } }
            return try await group.reduce(into: Set<[UInt8]>()) { $0.insert($1) }
        }
        #expect(secrets.count == 1)
        #expect(secrets.first?.count == 32)
    }
}
