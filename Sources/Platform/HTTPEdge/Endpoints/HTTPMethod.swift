/// The methods that endpoints answer to. HEAD is derived from GET, OPTIONS belongs to the edge itself.
public enum HTTPMethod: String, Sendable, CaseIterable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"

    /// Whether a body means something to the method.
    var carriesBody: Bool { self != .get && self != .delete }
}
