/// Why a document could not be made. The text is for the log.
public struct DocumentFailure: Error, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}
