/// The public keys as RFC 7517 writes them: `{"keys":[{"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","kid":…,"x":…,"y":…}]}`.
public struct JSONWebKeySet: Sendable {
    public struct Key: Sendable {
        public let keyID: String
        /// base64url of the coordinates
        public let x: String
        public let y: String
    }

    public let keys: [Key]

    public init(_ keys: SigningKeys) {
        self.keys = keys.verification.map { Key(keyID: $0.keyID, x: Base64URL.encode($0.x), y: Base64URL.encode($0.y)) }
    }

    public var json: String {
        let items = keys.map {
            #"{"alg":"ES256","crv":"P-256","kid":"\#($0.keyID)","kty":"EC","use":"sig","x":"\#($0.x)","y":"\#($0.y)"}"#
        }
        return #"{"keys":["# + items.joined(separator: ",") + "]}"
    }
}
