/// What the document says about one operation, drawn from its types.
struct OperationDescription {
    let query: [Schema.Property]
    let requiredQuery: [String]
    let body: Schema?
    let reply: (schema: Schema, example: [UInt8])?
    let alternatives: [(status: Int, schema: Schema)]

    init(
        query: (properties: [Schema.Property], required: [String]), body: Schema?, reply: (schema: Schema, example: [UInt8])?,
        alternatives: [(status: Int, schema: Schema)]
    ) {
        self.query = query.properties
        requiredQuery = query.required
        self.body = body
        self.reply = reply
        self.alternatives = alternatives
    }

    static func parameters<Query: QueryParameters>(
        of _: Query.Type, in registry: SchemaRegistry
    ) -> (properties: [Schema.Property], required: [String]) {
        let recorder = SchemaRecorder(registry: registry)
        var fields = Fields(.recording(recorder))
        _ = try? Query(from: &fields)
        return (recorder.properties, recorder.required)
    }
}
