/// A body that is made while it is sent. The edge asks for a piece, sends it, and asks for the next one when the caller has taken it: no more
/// than one piece of a long answer is ever in memory.
public final class BodyStream: Sendable, Equatable {
    private let next: @Sendable () async throws -> [UInt8]?

    /// - Parameter next: the next piece; nil at the end. It is never asked by two at once. When it throws, the connection breaks off, so
    ///   that nobody takes half a body for a whole one
    public init(_ next: @escaping @Sendable () async throws -> [UInt8]?) {
        self.next = next
    }

    func piece() async throws -> [UInt8]? { try await next() }

    public static func == (left: BodyStream, right: BodyStream) -> Bool { left === right }
}
