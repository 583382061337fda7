import Crypto
import Foundation
import Kernel
import Testing

@testable import Safeguards

/// Every token of the list in golden vectors, section 5, and some more: each must be refused. The control comes first.
@Suite struct TokenAttackTests {
    let forge = TokenForge()

    @Test func acceptsTheGoodToken() throws {
        let token = try forge.verifier.verify(forge.token())
        #expect(token.userID.description == "0190b3d2-7c1a-7000-8000-000000000001")
        #expect(token.sessionID.description == "0190b3d2-7c1a-7000-8000-000000000002")
        #expect(token.customerID?.description == "0190b3d2-7c1a-7000-8000-000000000003")
        #expect(token.roles == ["Customer"])
    }

    @Test(arguments: ["none", "None", "NONE", "nOnE", "", "ES256 ", "es256", "HS256", "RS256", "ES384", "EdDSA"])
    func refusesOtherAlgorithms(algorithm: String) throws {
        #expect(forge.refuses(try forge.token(headerChanges: ["alg": algorithm])))
    }

    @Test(arguments: ["none", "None", "NONE", "nOnE"])
    func refusesUnsignedTokens(algorithm: String) throws {
        let signed = try forge.encode(forge.with(["alg": algorithm], in: forge.header)) + "." + forge.encode(forge.claims)
        #expect(forge.refuses(signed + "."))
        #expect(forge.refuses(signed))
        let bare = try forge.encode(["alg": algorithm, "typ": "at+jwt"]) + "." + forge.encode(forge.claims) + "."
        #expect(forge.refuses(bare))
    }

    @Test func refusesMissingParts() throws {
        let parts = try forge.token().split(separator: ".").map(String.init)
        for incomplete in [
            "", ".", "..", parts[0], "\(parts[0]).\(parts[1])", "\(parts[0]).\(parts[1]).", ".\(parts[1]).\(parts[2])",
            "\(parts[0])..\(parts[2])",
        ] {
            #expect(forge.refuses(incomplete), "\(incomplete)")
        }
    }

    @Test func refusesAlteredParts() throws {
        let parts = try forge.token().split(separator: ".").map(String.init)
        let others = try forge.token(claimChanges: ["sub": "0190b3d2-7c1a-7000-8000-000000000009"]).split(separator: ".").map(String.init)
        #expect(forge.refuses("\(parts[0]).\(others[1]).\(parts[2])"))
        #expect(forge.refuses("\(parts[0]).\(parts[1]).\(others[2])"))
        // A header with other spacing means the same but is not what was signed.
        let spaced = Base64URL.encode(Array(#"{ "alg":"ES256","kid":"\#(forge.keys.keyID)","typ":"at+jwt"}"#.utf8))
        #expect(forge.refuses("\(spaced).\(parts[1]).\(parts[2])"))
        for (index, part) in parts.enumerated() {
            for position in [0, part.count / 2, part.count - 1] {
                var characters = Array(part)
                characters[position] = characters[position] == "A" ? "B" : "A"
                var altered = parts
                altered[index] = String(characters)
                #expect(forge.refuses(altered.joined(separator: ".")), "part \(index) at \(position)")
            }
        }
    }

    @Test func refusesExtraParts() throws {
        let token = try forge.token()
        #expect(forge.refuses(token + "."))
        #expect(forge.refuses(token + ".AAAA"))
        #expect(forge.refuses("." + token))
        #expect(forge.refuses(token + "." + token))
    }

    @Test func refusesJSONSerialisation() throws {
        let parts = try forge.token().split(separator: ".").map(String.init)
        #expect(forge.refuses(#"{"protected":"\#(parts[0])","payload":"\#(parts[1])","signature":"\#(parts[2])"}"#))
        #expect(
            forge.refuses(#"{"payload":"\#(parts[1])","signatures":[{"protected":"\#(parts[0])","signature":"\#(parts[2])"}]}"#))
    }

    @Test func refusesSymmetricSignaturesMadeWithThePublicKey() throws {
        let publicKey = forge.key.publicKey
        for secret in [
            Array(publicKey.pemRepresentation.utf8), Array(publicKey.rawRepresentation), Array(publicKey.x963Representation),
            Array(publicKey.derRepresentation), Array(publicKey.compressedRepresentation),
        ] {
            for algorithm in ["HS256", "ES256"] {
                let signed = try forge.encode(forge.with(["alg": algorithm], in: forge.header)) + "." + forge.encode(forge.claims)
                let mac = Digests.hmacSHA256(key: secret, signed.utf8)
                #expect(forge.refuses(signed + "." + Base64URL.encode(mac)))
                #expect(forge.refuses(signed + "." + Base64URL.encode(mac + mac)))
            }
        }
    }

    @Test func refusesKeysThatTheTokenBringsAlong() throws {
        let attacker = P256.Signing.PrivateKey()
        let attackerKeys = SigningKeys(signing: attacker)
        let key: [String: Any] = [
            "kty": "EC", "crv": "P-256", "x": Base64URL.encode(attackerKeys.verification[0].x),
            "y": Base64URL.encode(attackerKeys.verification[0].y),
        ]
        let sources: [[String: Any]] = [
            ["jwk": key], ["jku": "https://evil.example/jwks.json"], ["x5u": "https://evil.example/chain.pem"],
            ["x5c": ["MIIB"]], ["x5t": "abc"], ["x5t#S256": "abc"],
        ]
        for source in sources {
            // Signed by the attacker, and even when signed by the bank itself.
            for kid in [forge.keys.keyID, attackerKeys.keyID] {
                let header = forge.with(source, in: forge.with(["kid": kid], in: forge.header))
                #expect(forge.refuses(try forge.token(header: header, signedBy: attacker)))
                #expect(forge.refuses(try forge.token(header: header)))
            }
        }
        #expect(forge.refuses(try forge.token(signedBy: attacker)))
        #expect(forge.refuses(try forge.token(header: forge.with(["kid": attackerKeys.keyID], in: forge.header), signedBy: attacker)))
    }

    @Test func refusesCriticalExtensions() throws {
        #expect(forge.refuses(try forge.token(headerChanges: ["crit": ["exp"]])))
        #expect(forge.refuses(try forge.token(headerChanges: ["crit": ["b64"], "b64": false])))
        #expect(forge.refuses(try forge.token(headerChanges: ["crit": [String]()])))
        #expect(forge.refuses(try forge.token(headerChanges: ["crit": "exp"])))
        #expect(forge.refuses(try forge.token(headerChanges: ["zip": "DEF"])))
        #expect(forge.refuses(try forge.token(headerChanges: ["cty": "JWT"])))
    }

    @Test func refusesOtherTypesAndKeyNames() throws {
        for type in ["JWT", "jwt", "AT+JWT", "application/at+jwt", "rt+jwt", ""] {
            #expect(forge.refuses(try forge.token(headerChanges: ["typ": type])), "\(type)")
        }
        #expect(forge.refuses(try forge.token(headerWithout: "typ")))
        for name in ["", "other", "../../etc/passwd", "' OR 1=1 --", forge.keys.keyID + " "] {
            #expect(forge.refuses(try forge.token(headerChanges: ["kid": name])), "\(name)")
        }
        #expect(forge.refuses(try forge.token(headerWithout: "kid")))
        #expect(forge.refuses(try forge.token(headerChanges: ["kid": 1])))
    }

    @Test func refusesPaddingAndForeignCharacters() throws {
        let token = try forge.token()
        let parts = token.split(separator: ".").map(String.init)
        for index in 0..<3 {
            for dirt in ["=", "==", "+", "/", " ", "\n", "\u{0}", "é", "%2E"] {
                var dirty = parts
                dirty[index] += dirt
                #expect(forge.refuses(dirty.joined(separator: ".")), "part \(index) with \(dirt.debugDescription)")
            }
        }
        #expect(forge.refuses(" " + token))
        #expect(forge.refuses(token + "\n"))
    }

    @Test func refusesSecondSpellingOfTheSameSignature() throws {
        // 64 bytes end in a character with four unused bits: only one of sixteen spellings is canonical.
        let token = try forge.token()
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        for character in alphabet where character != token.last {
            #expect(forge.refuses(String(token.dropLast()) + String(character)))
        }
    }

    @Test func refusesImpossibleSignatures() throws {
        let signed = try forge.encode(forge.header) + "." + forge.encode(forge.claims)
        let good = Array(try forge.key.signature(for: Array(signed.utf8)).rawRepresentation)
        let zero = [UInt8](repeating: 0, count: 32)
        let order: [UInt8] = [
            0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E,
            0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
        ]
        let derForm = Array(try forge.key.signature(for: Array(signed.utf8)).derRepresentation)
        let head = Array(good[..<32])
        let tail = Array(good[32...])
        var impossible: [[UInt8]] = [[], [0], derForm, [UInt8](repeating: 0xFF, count: 64)]
        impossible += [zero + zero, zero + tail, head + zero]
        impossible += [order + order, order + tail, head + order]
        impossible += [Array(good.dropLast()), good + [0]]
        for signature in impossible {
            #expect(forge.refuses(signed + "." + Base64URL.encode(signature)))
        }
        #expect(!forge.refuses(signed + "." + Base64URL.encode(good)))
    }

    @Test func refusesTokensOutsideTheirTime() throws {
        let now = forge.now
        #expect(forge.refuses(try forge.token(claimChanges: ["exp": now])))
        #expect(forge.refuses(try forge.token(claimChanges: ["exp": now - 1])))
        #expect(forge.refuses(try forge.token(claimChanges: ["nbf": now + 60, "exp": now + 600])))
        #expect(forge.refuses(try forge.token(claimChanges: ["iat": now + 60])))
        #expect(forge.refuses(try forge.token(claimChanges: ["nbf": now + 700])))
        #expect(forge.refuses(try forge.token(claimChanges: ["exp": Int64.max])))
        #expect(forge.refuses(try forge.token(claimChanges: ["exp": -1])))
    }

    @Test func expiresInTheCacheAsWell() throws {
        let token = try forge.token()
        #expect(!forge.refuses(token))
        forge.clock.advance(seconds: 599)
        #expect(!forge.refuses(token))
        forge.clock.advance(seconds: 1)
        #expect(forge.refuses(token))
    }

    @Test(arguments: ["iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp", "roles"])
    func refusesMissingAndMistypedClaims(claim: String) throws {
        #expect(forge.refuses(try forge.token(claimsWithout: claim)))
        // Any text will do as the name of a token, an empty one excepted.
        let wrong: [Any] = [NSNull(), true, ["a": 1], [1], ""] + (claim == "jti" ? [] : ["someone", "1e999"])
        for value in wrong { #expect(forge.refuses(try forge.token(claimChanges: [claim: value])), "\(claim) \(value)") }
    }

    @Test func refusesForeignScopes() throws {
        #expect(forge.refuses(try forge.token(claimChanges: ["aud": "wekeza-api ", "iss": "wekeza"])))
        #expect(forge.refuses(try forge.token(claimChanges: ["aud": ["wekeza-api"]])))
        #expect(forge.refuses(try forge.token(claimChanges: ["aud": ["wekeza-api", "other"]])))
        #expect(forge.refuses(try forge.token(claimChanges: ["iss": "https://evil.example"])))
        #expect(forge.refuses(try forge.token(claimChanges: ["cid": "not an id"])))
        #expect(forge.refuses(try forge.token(claimChanges: ["cid": 7])))
    }

    @Test func refusesOpaqueTokens() {
        // A refresh token used as an access token.
        #expect(forge.refuses(SystemRandom().token()))
        #expect(forge.refuses("AAAA.BBBB.CCCC"))
    }

    @Test func refusesTokensOverEightKilobytes() throws {
        let largest = try forge.token(claimChanges: ["roles": [String(repeating: "x", count: 5_000)]])
        #expect(largest.utf8.count <= 8_192 && !forge.refuses(largest))
        let tooLarge = try forge.token(claimChanges: ["roles": [String(repeating: "x", count: 6_000)]])
        #expect(tooLarge.utf8.count > 8_192 && forge.refuses(tooLarge))
        #expect(forge.refuses(String(repeating: "A", count: 1_000_000)))
    }

    @Test func refusesHeadersThatAreNotFlatObjects() throws {
        let claims = try forge.encode(forge.claims)
        for header in ["[]", "null", "\"ES256\"", "{}", "{\"alg\":\"ES256\"", "", "{\"alg\":[\"ES256\"]}"] {
            let signed = Base64URL.encode(Array(header.utf8)) + "." + claims
            let signature = try forge.key.signature(for: Array(signed.utf8))
            #expect(forge.refuses(signed + "." + Base64URL.encode(Array(signature.rawRepresentation))), "\(header)")
        }
        let deep = String(repeating: "[", count: 5_000)
        #expect(forge.refuses(Base64URL.encode(Array(deep.utf8)) + "." + claims + ".AAAA"))
    }

    @Test func refusesClaimsThatAreNotAnObject() throws {
        let header = try forge.encode(forge.header)
        for claims in ["[]", "null", "", "7", "{\"sub\":"] {
            let signed = header + "." + Base64URL.encode(Array(claims.utf8))
            let signature = try forge.key.signature(for: Array(signed.utf8))
            #expect(forge.refuses(signed + "." + Base64URL.encode(Array(signature.rawRepresentation))), "\(claims)")
        }
    }
}
