import Kernel
import NIOHTTP1

/// Reading on in the same breath as the session is continued, on a channel's own port.
///
/// A page begins with two requests that depend on each other: its token, then the data of its first view. On a telephone each costs a
/// round trip of 150 ms or more. With the header `X-Wekeza-Then: /api/customer-portal/dashboard` on POST /api/authentication/refresh
/// the second one runs here, right after the first, with the new token and through every check of the pipeline; the answer then
/// carries it as `then: {status, body}`. Pages of other origins cannot send the header: it is not among those that CORS lets pass.
enum FollowUp {
    private static let refreshPath = "/api/authentication/refresh"
    private static let header = "X-Wekeza-Then"
    private static let maximumPathBytes = 512

    /// The path to read after the session was continued; nil when nobody asks for one.
    static func path(of incoming: IncomingRequest) -> String? {
        guard incoming.method == "POST", incoming.uri == refreshPath,
            let path = incoming.headers.first(where: { RequestHeaders.equalsIgnoringCase($0.name, header) })?.value,
            path.hasPrefix("/api/"), path.utf8.count <= maximumPathBytes, path.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        return path
    }

    /// The answer to a refresh with the answer to the second request in it. Whatever is not as expected leaves the first as it is: the
    /// page then asks by itself.
    static func extend(
        _ first: OutgoingResponse, to incoming: IncomingRequest, with path: String, pipeline: Pipeline
    ) async -> OutgoingResponse {
        guard first.status == 200, first.body.last == UInt8(ascii: "}"), let answer = try? JSONValue(parsing: first.body),
            case .object(let object) = answer, case .text(let token)? = object["token"]
        else { return first }
        let kept = ["host", "user-agent", "x-wekeza-channel", "x-forwarded-for", "x-forwarded-proto", "traceparent"]
        var headers = HTTPHeaders()
        for header in incoming.headers where kept.contains(where: { RequestHeaders.equalsIgnoringCase($0, header.name) }) {
            headers.add(name: header.name, value: header.value)
        }
        headers.add(name: "Authorization", value: "Bearer \(token)")
        let second = await pipeline.respond(
            to: IncomingRequest(
                method: "GET", uri: path, headers: headers, body: .bytes([]), peer: incoming.peer, isSecure: incoming.isSecure,
                requiresHost: incoming.requiresHost))
        guard second.status == 200, second.body.first == UInt8(ascii: "{") else { return first }
        var body = first.body.dropLast()
        body.append(contentsOf: #","then":{"status":200,"body":"#.utf8)
        body.append(contentsOf: second.body)
        body.append(contentsOf: "}}".utf8)
        return OutgoingResponse(
            status: first.status, headers: first.headers, body: Array(body), omitsBody: first.omitsBody,
            closesConnection: first.closesConnection)
    }
}
