import Foundation
import Kernel
import Safeguards

/// Seals what is personal and makes the keyed digests by which sealed numbers are found.
///
/// Profiles are sealed under the bank's current data key and carry its name; uploaded files are sealed under a random key of their own,
/// which in turn is sealed under the data key (an envelope), so that a new data key does not touch the files. Each value is bound to its
/// row: copied elsewhere it does not open.
public struct PartyVault: Sendable {
    private let keys: DataKeys
    private let searchKey: [UInt8]

    /// - Parameter searchKey: 32 bytes that never change; without them no digest can be made or guessed
    public init(keys: DataKeys, searchKey: [UInt8]) {
        precondition(searchKey.count >= 32, "a search key has at least 256 bits")
        self.keys = keys
        self.searchKey = searchKey
    }

    var currentKeyID: String { keys.currentKeyID }

    // MARK: Profiles

    func seal(_ profile: PartyProfile, of party: Identifier<Customer>) throws -> DataKeys.Sealed {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return try keys.seal(Array(try encoder.encode(profile)), place: Self.place("profile", party))
    }

    func profile(_ sealed: DataKeys.Sealed, of party: Identifier<Customer>) throws -> PartyProfile {
        try JSONDecoder().decode(PartyProfile.self, from: Data(try keys.open(sealed, place: Self.place("profile", party))))
    }

    /// The same content under the current key.
    func resealProfile(_ sealed: DataKeys.Sealed, of party: Identifier<Customer>) throws -> DataKeys.Sealed {
        let place = Self.place("profile", party)
        return try keys.seal(try keys.open(sealed, place: place), place: place)
    }

    // MARK: Files

    struct SealedFile: Sendable {
        let wrappedKey: DataKeys.Sealed
        let content: [UInt8]
    }

    func sealFile(_ bytes: [UInt8], id: Identifier<PartyDocument>, random: any RandomSource) throws -> SealedFile {
        let fileKey = random.bytes(32)
        let content = try DataKeys(current: fileKey).seal(bytes, place: Self.place("file", id))
        return SealedFile(wrappedKey: try keys.seal(fileKey, place: Self.place("fileKey", id)), content: content.bytes)
    }

    func openFile(_ file: SealedFile, id: Identifier<PartyDocument>) throws -> [UInt8] {
        let fileKeys = DataKeys(current: try keys.open(file.wrappedKey, place: Self.place("fileKey", id)))
        return try fileKeys.open(DataKeys.Sealed(keyID: fileKeys.currentKeyID, bytes: file.content), place: Self.place("file", id))
    }

    func rewrap(_ wrapped: DataKeys.Sealed, id: Identifier<PartyDocument>) throws -> DataKeys.Sealed {
        let place = Self.place("fileKey", id)
        return try keys.seal(try keys.open(wrapped, place: place), place: place)
    }

    // MARK: Digests

    /// One document of one country: nobody else may have it.
    func documentDigest(_ document: Identification) -> [UInt8] {
        digest("document", document.documentType.rawValue, document.issuingCountry, IdentityNumber.normal(document.documentNumber))
    }

    func registrationDigest(_ number: String) -> [UInt8] { digest("registration", IdentityNumber.normal(number)) }

    func kraPinDigest(_ pin: String) -> [UInt8] { digest("kraPin", pin) }

    /// The number alone, whatever document it stands on: what people search by.
    func numberDigest(_ number: String) -> [UInt8] { digest("number", IdentityNumber.normal(number)) }

    private func digest(_ parts: String...) -> [UInt8] {
        Digests.hmacSHA256(key: searchKey, parts.flatMap { Array($0.utf8) + [0x1F] })
    }

    private static func place<Entity>(_ kind: String, _ id: Identifier<Entity>) -> String { "parties.\(kind)/\(id)" }
}

/// A document that somebody uploaded; keeps its identifiers apart.
public enum PartyDocument {}
public enum PartyRelationship {}

enum IdentityNumber {
    /// Capitals and digits: blanks, slashes and hyphens are written by some and left out by others.
    static func normal(_ text: String) -> String {
        String(text.uppercased().unicodeScalars.filter { $0.properties.isAlphabetic || $0.properties.numericType != nil })
    }
}
