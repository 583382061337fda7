import NIOSSL

/// TLS 1.3 with a certificate of the bank's.
public struct Encryption: Sendable {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    private let configuration: TLSConfiguration

    /// - Parameters:
    ///   - certificatePath: PEM file, the server's certificate first, then those that lead to its authority
    ///   - keyPath: PEM file with the private key
    /// - Throws: `Failure` with one clear line
    public init(certificatePath: String, keyPath: String) throws(Failure) {
        let chain: [NIOSSLCertificate]
        let key: NIOSSLPrivateKey
        do { chain = try NIOSSLCertificate.fromPEMFile(certificatePath) } catch {
            throw Failure(description: "\(certificatePath) holds no certificate in PEM form")
        }
        do { key = try NIOSSLPrivateKey(file: keyPath, format: .pem) } catch {
            throw Failure(description: "\(keyPath) holds no private key in PEM form")
        }
        guard !chain.isEmpty else { throw Failure(description: "\(certificatePath) holds no certificate") }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv13
        configuration.applicationProtocols = ["http/1.1"]
        self.configuration = configuration
        do { _ = try NIOSSLContext(configuration: configuration) } catch {
            throw Failure(description: "\(keyPath) is not the key of the certificate in \(certificatePath)")
        }
    }

    func context() throws -> NIOSSLContext { try NIOSSLContext(configuration: configuration) }
}
