import Crypto
import Safeguards

/// The secrets of this bank: from the settings, or, in demo mode only, from files in the data directory that the first start makes.
struct Secrets: Sendable {
    let signingKeys: SigningKeys
    let passwordPepper: [UInt8]
    /// Seal single fields at rest.
    let dataKeys: DataKeys

    /// The settings have already refused production without secrets of its own.
    static func load(_ settings: Settings) throws(SecretFile.Failure) -> Secrets {
        let directory = settings.dataDirectory + "/secrets"
        let pepper: [UInt8]
        if let configured = settings.passwordPepper {
            pepper = Array(configured.utf8)
        } else {
            pepper = try SecretFile.loadOrCreate(directory + "/password-pepper") { Array(SystemRandom().token().utf8) }
        }
        let keys = try SigningKeys.load(configuredPEM: settings.signingKey, directory: directory)
        let dataKeys = try DataKeys.load(configured: settings.dataKeys, directory: directory)
        return Secrets(signingKeys: keys, passwordPepper: pepper, dataKeys: dataKeys)
    }

    /// Secrets of nobody, kept nowhere: for a bank that only describes itself.
    static func forDocumentation() -> Secrets {
        Secrets(
            signingKeys: SigningKeys.ephemeral(), passwordPepper: Array(SystemRandom().token().utf8),
            dataKeys: DataKeys(current: SystemRandom().bytes(32)))
    }

    /// A key for one purpose that every process of this bank derives alike.
    func key(for purpose: String) -> [UInt8] { Digests.derivedKey(from: passwordPepper, purpose: purpose) }

    /// Fresh secrets as lines of a `.env` file.
    static func newEnvironmentLines() -> [String] {
        let pem = P256.Signing.PrivateKey().pemRepresentation.split(separator: "\n").joined(separator: "\\n")
        return [
            "WEKEZA_SIGNING_KEY=\"\(pem)\"", "WEKEZA_PASSWORD_PEPPER=\(SystemRandom().token())", "WEKEZA_DATA_KEYS=\(DataKeys.newKey())",
        ]
    }
}
