/// Finds the endpoint of a path. A trie over segments: literal segments match in any case and win over parameters, whatever the
/// method, so `GET` on `/transfers/quote` is 405 when only `POST` is offered there, and never the transfer named "quote".
struct RouteTable: Sendable {
    enum Match {
        case unknownPath
        /// The path exists; these are its methods, ready for the `Allow` header.
        case otherMethods(String)
        case route(Int, [HTTPRequest.PathParameter])
    }

    private struct Node: Sendable {
        var literals: [(text: [UInt8], node: Int)] = []
        var parameter: Int?
        var routes: [(method: HTTPMethod, route: Int)] = []
    }

    private var nodes = [Node()]
    private let parameterNames: [[String]]

    /// - Precondition: templates start with `/`, and no two have the same method and shape
    init(_ endpoints: [(method: HTTPMethod, path: String)]) {
        parameterNames = endpoints.map { endpoint in
            endpoint.path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
        }
        for (route, endpoint) in endpoints.enumerated() {
            precondition(endpoint.path.hasPrefix("/"), "\(endpoint.path) must start with a slash")
            var node = 0
            for segment in endpoint.path.split(separator: "/") {
                node = segment.hasPrefix("{") ? parameterChild(of: node) : literalChild(of: node, Array(segment.lowercased().utf8))
            }
            precondition(
                !nodes[node].routes.contains { $0.method == endpoint.method }, "\(endpoint.method.rawValue) \(endpoint.path) is there twice"
            )
            nodes[node].routes.append((endpoint.method, route))
        }
    }

    private mutating func parameterChild(of node: Int) -> Int {
        if let child = nodes[node].parameter { return child }
        nodes.append(Node())
        nodes[node].parameter = nodes.count - 1
        return nodes.count - 1
    }

    private mutating func literalChild(of node: Int, _ text: [UInt8]) -> Int {
        if let known = nodes[node].literals.first(where: { $0.text == text }) { return known.node }
        nodes.append(Node())
        nodes[node].literals.append((text, nodes.count - 1))
        return nodes.count - 1
    }

    /// - Parameter method: as sent; HEAD finds the route of GET
    func match(method: String, path: Substring) -> Match {
        var search = Search(method: HTTPMethod(rawValue: method == "HEAD" ? "GET" : method), path: Array(path.utf8))
        guard search.segments() else { return .unknownPath }
        if let (route, values) = find(&search, node: 0, depth: 0) {
            let names = parameterNames[route]
            guard !names.isEmpty else { return .route(route, []) }
            return .route(route, zip(names, values).map { HTTPRequest.PathParameter(name: $0, value: $1) })
        }
        if search.allowed.isEmpty { return .unknownPath }
        var methods = HTTPMethod.allCases.filter { search.allowed.contains($0) }.map(\.rawValue)
        if search.allowed.contains(.get) { methods.insert("HEAD", at: 1) }
        return .otherMethods((methods + ["OPTIONS"]).joined(separator: ", "))
    }

    private struct Search {
        let method: HTTPMethod?
        let path: [UInt8]
        var ranges: [Range<Int>] = []
        var values: [String] = []
        var allowed: Set<HTTPMethod> = []

        init(method: HTTPMethod?, path: [UInt8]) {
            self.method = method
            self.path = path
        }

        /// Cuts the path at its slashes. One slash at the end is ignored; an empty segment elsewhere names nothing.
        mutating func segments() -> Bool {
            guard path.first == UInt8(ascii: "/") else { return false }
            var start = 1
            for index in 1...path.count where index == path.count || path[index] == UInt8(ascii: "/") {
                if index == start {
                    guard index == path.count else { return false }
                } else {
                    ranges.append(start..<index)
                }
                start = index + 1
            }
            return true
        }
    }

    private func find(_ search: inout Search, node: Int, depth: Int) -> (route: Int, values: [String])? {
        guard depth < search.ranges.count else {
            let route = nodes[node].routes.first { $0.method == search.method }?.route
            if route == nil { search.allowed = Set(nodes[node].routes.map(\.method)) }
            return route.map { ($0, search.values) }
        }
        let segment = search.path[search.ranges[depth]]
        for literal in nodes[node].literals where Self.matches(segment, literal.text) {
            if let found = find(&search, node: literal.node, depth: depth + 1) { return found }
        }
        // The literal path exists, with other methods.
        guard search.allowed.isEmpty else { return nil }
        guard let child = nodes[node].parameter, let value = Self.value(segment) else { return nil }
        search.values.append(value)
        if let found = find(&search, node: child, depth: depth + 1) { return found }
        search.values.removeLast()
        return nil
    }

    private static func matches(_ segment: ArraySlice<UInt8>, _ literal: [UInt8]) -> Bool {
        if segment.contains(UInt8(ascii: "%")) {
            // An escaped letter is the same letter (RFC 3986, 6.2.2.2).
            guard let decoded = PercentCoding.decode(segment, plusIsBlank: false) else { return false }
            return decoded.utf8.count == literal.count && zip(decoded.utf8, literal).allSatisfy { ASCII.lowercased($0) == $1 }
        }
        guard segment.count == literal.count else { return false }
        return zip(segment, literal).allSatisfy { ASCII.lowercased($0) == $1 }
    }

    /// The decoded value of a parameter. Broken escapes, broken UTF-8 and control characters name nothing that could exist.
    private static func value(_ segment: ArraySlice<UInt8>) -> String? {
        guard let value = PercentCoding.decode(segment, plusIsBlank: false), TextRules.isClean(value, allowsLineBreaks: false) else {
            return nil
        }
        return value
    }
}
