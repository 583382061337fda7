import Safeguards
import Testing

@Suite struct DataKeysTests {
    private static let first = [UInt8](repeating: 1, count: 32)
    private static let second = [UInt8](repeating: 2, count: 32)
    private let plain = Array("a secret".utf8)

    @Test func opensWhatItSealedAndNothingElse() throws {
        let keys = DataKeys(current: Self.first)
        let sealed = try keys.seal(plain, place: "row/1")
        #expect(try keys.open(sealed, place: "row/1") == plain)
        #expect(sealed.bytes.count == 12 + plain.count + 16)
        #expect(try keys.seal(plain, place: "row/1") != sealed, "no nonce is used twice")
        #expect(throws: DataKeys.Unreadable.self) { try keys.open(sealed, place: "row/2") }
        for position in sealed.bytes.indices {
            var bytes = sealed.bytes
            bytes[position] ^= 1
            #expect(throws: DataKeys.Unreadable.self) { try keys.open(.init(keyID: sealed.keyID, bytes: bytes), place: "row/1") }
        }
        #expect(throws: DataKeys.Unreadable.self) { try keys.open(.init(keyID: sealed.keyID, bytes: []), place: "row/1") }
    }

    @Test func earlierKeysStillOpen() throws {
        let old = try DataKeys(current: Self.first).seal(plain, place: "row")
        let keys = DataKeys(current: Self.second, earlier: [Self.first])
        #expect(try keys.open(old, place: "row") == plain)
        #expect(try keys.seal(plain, place: "row").keyID != old.keyID)
        #expect(throws: DataKeys.Unreadable.self) { try DataKeys(current: Self.second).open(old, place: "row") }
    }

    @Test func readsTheSettingStrictly() throws {
        let (one, other) = (DataKeys.newKey(), DataKeys.newKey())
        #expect(DataKeys(text: "\(one), \(other)")?.currentKeyID == DataKeys(text: one)?.currentKeyID)
        for text in ["", ",", "short", one + "x", "\(one),nonsense"] { #expect(DataKeys(text: text) == nil) }
    }

    /// RFC 4648, section 10, without the padding.
    @Test(arguments: [
        ("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("fooba", "MZXW6YTB"), ("foobar", "MZXW6YTBOI"),
    ])
    func base32(plain: String, text: String) {
        #expect(Base32.encode(Array(plain.utf8)) == text)
        #expect(Base32.decode(text) == Array(plain.utf8))
        #expect(Base32.decode(text.lowercased() + "===") == Array(plain.utf8))
        #expect(Base32.decode("0189") == nil)
    }
}
