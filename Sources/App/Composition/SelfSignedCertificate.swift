import Crypto
import Foundation
import Kernel
import Safeguards
import SwiftASN1
import X509

/// A certificate that this program made for itself, so that TLS can be tried without an authority. Browsers warn of it, rightly.
enum SelfSignedCertificate {
    private static let lifetimeSeconds: TimeInterval = 397 * 86_400
    private static let renewalSeconds: TimeInterval = 30 * 86_400

    /// The files in the data directory: those that are there, or new ones when there are none or they expire soon.
    static func loadOrCreate(directory: String, addresses: [String], now: Date) throws -> (certificatePath: String, keyPath: String) {
        let paths = (certificatePath: directory + "/certificate.pem", keyPath: directory + "/key.pem")
        if FileManager.default.fileExists(atPath: paths.keyPath),
            let text = try? String(contentsOfFile: paths.certificatePath, encoding: .utf8),
            let known = try? Certificate(pemEncoded: text), known.notValidAfter > now.addingTimeInterval(renewalSeconds)
        {
            return paths
        }
        let key = P256.Signing.PrivateKey()
        let certificate = try make(key, addresses: addresses, now: now)
        // The key first: a crash in between leaves a certificate of the key before, which is then made anew.
        try? FileManager.default.removeItem(atPath: paths.certificatePath)
        try SecretFile.replace(paths.keyPath, with: Array(key.pemRepresentation.utf8))
        try SecretFile.replace(paths.certificatePath, with: Array(certificate.serializeAsPEM().pemString.utf8))
        return paths
    }

    private static func make(_ key: P256.Signing.PrivateKey, addresses: [String], now: Date) throws -> Certificate {
        let name = try DistinguishedName {
            CommonName("localhost")
            OrganizationName("Wekeza development")
        }
        var names: [GeneralName] = [.dnsName("localhost")]
        for address in Set(addresses + ["127.0.0.1", "::1"]).sorted() {
            if let bytes = Network.bytes(of: address) { names.append(.ipAddress(.init(contentBytes: bytes[...]))) }
        }
        return try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey), notValidBefore: now.addingTimeInterval(-3_600),
            notValidAfter: now.addingTimeInterval(lifetimeSeconds), issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames(names)
            },
            issuerPrivateKey: .init(key))
    }
}
