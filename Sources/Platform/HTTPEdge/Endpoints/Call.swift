import Crypto
import Kernel

/// One call of an endpoint, decoded, authenticated and admitted: everything a handler is given.
public struct Call<Query: QueryParameters, Body: RequestBody>: Sendable {
    /// Who, from where, by when, under which trace; `idempotencyKey`, `bodyDigest`, `method` and `path` for the command pipeline.
    public let context: RequestContext
    public let request: HTTPRequest
    public let query: Query
    public let body: Body
    let cursorKey: SymmetricKey
    /// What the filters of the list are, which a cursor is bound to.
    let filters: [(name: String, value: String)]

    /// Made when there is a cursor to sign, which most calls have not.
    private var seal: CursorSeal {
        CursorSeal(key: cursorKey, caller: context.principal?.userID, path: context.path, filters: filters)
    }

    /// The value of a parameter of the path, as sent.
    public func path(_ name: String) -> String {
        guard let value = request.pathParameter(name) else {
            preconditionFailure("the path of this endpoint has no parameter \(name)")
        }
        return value
    }

    /// A path parameter that is an identifier. An impossible form is simply a thing that does not exist (contract, 1.2).
    /// - Throws: 404 with `code`
    public func pathIdentifier<Entity>(
        _ name: String, as _: Entity.Type = Entity.self, notFound code: String = "not_found"
    ) throws(Refusal) -> Identifier<Entity> {
        guard let identifier = Identifier<Entity>(path(name)) else { throw Refusal.notFound(code) }
        return identifier
    }

    /// Makes a page of up to `page.fetchCount` rows: the surplus row, when there is one, only tells that there are more.
    /// - Parameter place: the sort key of a row, which the next page starts after
    public func page<Item: Representation>(_ rows: [Item], of page: PageRequest, place: (Item) -> Cursor) -> Page<Item> {
        guard rows.count > page.limit else { return Page(items: rows, nextCursor: nil) }
        let shown = Array(rows.prefix(page.limit))
        return Page(items: shown, nextCursor: shown.last.map { seal.seal(place($0)) })
    }

    /// A signed cursor, for lists that find out by other means whether there is more.
    public func cursor(_ place: Cursor) -> String { seal.seal(place) }
}

extension Call where Query: Paged {
    /// As `page(_:of:place:)`, of the page that the query asks for.
    public func page<Item: Representation>(_ rows: [Item], place: (Item) -> Cursor) -> Page<Item> {
        page(rows, of: query.page, place: place)
    }

    /// As `page(_:place:)`, of a list that was read whole, such as a catalogue: it goes on after the item that the last page ended with.
    /// - Parameter key: what tells one item from all others
    /// - Throws: 422 `invalid_cursor` when that item is gone
    public func page<Item: Representation>(ofAll items: [Item], key: (Item) -> String) throws(Refusal) -> Page<Item> {
        var rest = items[...]
        if var place = query.page.cursor?.reader {
            let last = try place.text()
            guard let index = items.firstIndex(where: { key($0) == last }) else { throw Refusal.invalidCursor }
            rest = items[(index + 1)...]
        }
        return page(Array(rest.prefix(query.page.fetchCount))) { Cursor().adding(key($0)) }
    }
}
