import Kernel

/// Writes the members of one JSON object straight into bytes: no intermediate tree, no reflection.
///
/// The same calls, made on an `example`, describe the schema: an `optional…` call is an optional field, any other a required one.
/// Optional fields without a value are left out.
public struct ObjectWriter {
    var bytes: [UInt8]
    var isFirst = true
    /// Present only while a schema is drawn.
    var recorder: SchemaRecorder?

    init(bytes: [UInt8] = [], recorder: SchemaRecorder? = nil) {
        self.bytes = bytes
        self.recorder = recorder
    }

    // MARK: Text

    public mutating func text(_ name: String, _ value: String) {
        start(name, Schema(type: "string"))
        JSONBytes.appendText(value, to: &bytes)
    }

    public mutating func optionalText(_ name: String, _ value: String?) {
        guard describe(name, Schema(type: "string"), hasValue: value != nil), let value else { return }
        startOptional(name)
        JSONBytes.appendText(value, to: &bytes)
    }

    /// A value of an enumeration, documented with all its values.
    public mutating func choice<Choice: RawRepresentable & CaseIterable>(_ name: String, _ value: Choice) where Choice.RawValue == String {
        start(name, Fields.choiceSchema(Choice.self))
        JSONBytes.appendText(value.rawValue, to: &bytes)
    }

    public mutating func optionalChoice<Choice: RawRepresentable & CaseIterable>(_ name: String, _ value: Choice?)
    where Choice.RawValue == String {
        guard describe(name, Fields.choiceSchema(Choice.self), hasValue: value != nil), let value else { return }
        startOptional(name)
        JSONBytes.appendText(value.rawValue, to: &bytes)
    }

    public mutating func texts(_ name: String, _ values: some Sequence<String>) {
        start(name, .array(of: Schema(type: "string")))
        bytes.append(UInt8(ascii: "["))
        var isFirstElement = true
        for value in values {
            if !isFirstElement { bytes.append(UInt8(ascii: ",")) }
            isFirstElement = false
            JSONBytes.appendText(value, to: &bytes)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    // MARK: Money and figures

    /// The decimal string with exactly the currency's decimals. The currency is a field of its own.
    public mutating func money(_ name: String, _ value: Money) {
        start(name, Self.moneySchema)
        JSONBytes.appendMoney(value, to: &bytes)
    }

    public mutating func optionalMoney(_ name: String, _ value: Money?) {
        guard describe(name, Self.moneySchema, hasValue: value != nil), let value else { return }
        startOptional(name)
        JSONBytes.appendMoney(value, to: &bytes)
    }

    /// `amount` and `currency`, the pair of siblings that the contract uses most.
    public mutating func moneyAndCurrency(_ value: Money, amount: String = "amount", currency: String = "currency") {
        money(amount, value)
        self.currency(currency, value.currency)
    }

    public mutating func currency(_ name: String = "currency", _ value: Currency) {
        start(name, Self.currencySchema)
        JSONBytes.appendText(value.code, to: &bytes)
    }

    public mutating func optionalCurrency(_ name: String = "currency", _ value: Currency?) {
        guard describe(name, Self.currencySchema, hasValue: value != nil), let value else { return }
        startOptional(name)
        JSONBytes.appendText(value.code, to: &bytes)
    }

    /// A percentage as a decimal string.
    public mutating func rate(_ name: String, _ value: Rate) {
        start(name, Fields.decimalSchema("percent"))
        JSONBytes.appendText(value.description, to: &bytes)
    }

    public mutating func optionalRate(_ name: String, _ value: Rate?) {
        guard describe(name, Fields.decimalSchema("percent"), hasValue: value != nil), let value else { return }
        startOptional(name)
        JSONBytes.appendText(value.description, to: &bytes)
    }

    public mutating func integer(_ name: String, _ value: some BinaryInteger) {
        start(name, Schema(type: "integer"))
        JSONBytes.appendInteger(Int64(clamping: value), to: &bytes)
    }

    public mutating func optionalInteger(_ name: String, _ value: (some BinaryInteger)?) {
        guard describe(name, Schema(type: "integer"), hasValue: value != nil), let value else { return }
        startOptional(name)
        JSONBytes.appendInteger(Int64(clamping: value), to: &bytes)
    }

    /// A JSON number given as its decimal text, for figures that are numbers in the contract but must not pass through Double.
    public mutating func number(_ name: String, decimal: String) {
        start(name, Schema(type: "number"))
        if case .number? = try? JSONValue(parsing: decimal) {
            bytes.append(contentsOf: decimal.utf8)
        } else {
            assertionFailure("\(decimal) is not a JSON number")
            bytes.append(contentsOf: "null".utf8)
        }
    }

    public mutating func boolean(_ name: String, _ value: Bool) {
        start(name, Schema(type: "boolean"))
        bytes.append(contentsOf: value ? JSONBytes.trueWord : JSONBytes.falseWord)
    }

    public mutating func optionalBoolean(_ name: String, _ value: Bool?) {
        guard describe(name, Schema(type: "boolean"), hasValue: value != nil), let value else { return }
        startOptional(name)
        bytes.append(contentsOf: value ? JSONBytes.trueWord : JSONBytes.falseWord)
    }

    // MARK: Identifiers and time

    public mutating func identifier<Entity>(_ name: String, _ value: Identifier<Entity>) {
        start(name, Schema(type: "string", format: "uuid"))
        JSONBytes.appendIdentifier(value.bits, to: &bytes)
    }

    public mutating func optionalIdentifier<Entity>(_ name: String, _ value: Identifier<Entity>?) {
        guard describe(name, Schema(type: "string", format: "uuid"), hasValue: value != nil), let value else { return }
        startOptional(name)
        JSONBytes.appendIdentifier(value.bits, to: &bytes)
    }

    public mutating func timestamp(_ name: String, _ value: Timestamp) {
        start(name, Schema(type: "string", format: "date-time"))
        JSONBytes.appendText(value.description, to: &bytes)
    }

    public mutating func optionalTimestamp(_ name: String, _ value: Timestamp?) {
        guard describe(name, Schema(type: "string", format: "date-time"), hasValue: value != nil), let value else { return }
        startOptional(name)
        JSONBytes.appendText(value.description, to: &bytes)
    }

    public mutating func date(_ name: String, _ value: BusinessDate) {
        start(name, Schema(type: "string", format: "date"))
        JSONBytes.appendText(value.description, to: &bytes)
    }

    public mutating func optionalDate(_ name: String, _ value: BusinessDate?) {
        guard describe(name, Schema(type: "string", format: "date"), hasValue: value != nil), let value else { return }
        startOptional(name)
        JSONBytes.appendText(value.description, to: &bytes)
    }

    public mutating func null(_ name: String) {
        startOptional(name)
        bytes.append(contentsOf: JSONBytes.nullWord)
    }

    // MARK: Nested values

    public mutating func object<Value: Representation>(_ name: String, _ value: Value) {
        if recorder != nil { describe(name, schema(of: Value.self), isRequired: true) }
        startOptional(name)
        append(value)
    }

    public mutating func optionalObject<Value: Representation>(_ name: String, _ value: Value?) {
        if recorder != nil { describe(name, schema(of: Value.self), isRequired: false) }
        guard let value else { return }
        startOptional(name)
        append(value)
    }

    public mutating func array<Value: Representation>(_ name: String, _ values: some Sequence<Value>) {
        if recorder != nil { describe(name, .array(of: schema(of: Value.self)), isRequired: true) }
        append(name, values)
    }

    /// An array that some callers do not get to see at all; one that is there may still be empty.
    public mutating func optionalArray<Value: Representation>(_ name: String, _ values: (some Sequence<Value>)?) {
        if recorder != nil { describe(name, .array(of: schema(of: Value.self)), isRequired: false) }
        guard let values else { return }
        append(name, values)
    }

    private mutating func append<Value: Representation>(_ name: String, _ values: some Sequence<Value>) {
        startOptional(name)
        bytes.append(UInt8(ascii: "["))
        var isFirstElement = true
        for value in values {
            if !isFirstElement { bytes.append(UInt8(ascii: ",")) }
            isFirstElement = false
            append(value)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    /// An object whose names are data, such as the checks of a health report.
    public mutating func map<Value: Representation>(_ name: String, _ values: some Sequence<(String, Value)>) {
        if recorder != nil {
            var schema = Schema(type: "object")
            schema.additionalProperties = [self.schema(of: Value.self)]
            describe(name, schema, isRequired: true)
        }
        startOptional(name)
        bytes.append(UInt8(ascii: "{"))
        var isFirstMember = true
        for (key, value) in values {
            if !isFirstMember { bytes.append(UInt8(ascii: ",")) }
            isFirstMember = false
            JSONBytes.appendText(key, to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            append(value)
        }
        bytes.append(UInt8(ascii: "}"))
    }

    /// JSON that is already written and known to be valid, such as a stored document.
    public mutating func raw(_ name: String, _ json: [UInt8]) {
        if recorder != nil { describe(name, Schema(type: "object"), isRequired: true) }
        startOptional(name)
        bytes.append(contentsOf: json)
    }

    /// An array of JSON objects that are already written and known to be valid, such as another room's part of an answer.
    public mutating func rawArray(_ name: String, _ items: some Sequence<[UInt8]>) {
        if recorder != nil { describe(name, .array(of: Schema(type: "object")), isRequired: true) }
        startOptional(name)
        bytes.append(UInt8(ascii: "["))
        var isFirstElement = true
        for item in items {
            if !isFirstElement { bytes.append(UInt8(ascii: ",")) }
            isFirstElement = false
            bytes.append(contentsOf: item)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    // MARK: Inside

    static var moneySchema: Schema {
        var schema = Schema(type: "string", description: "decimal amount with exactly the currency's decimals")
        schema.pattern = "^-?\\d+(\\.\\d+)?$"
        return schema
    }

    static var currencySchema: Schema {
        var schema = Schema(type: "string", description: "ISO 4217 code")
        schema.pattern = "^[A-Z]{3}$"
        return schema
    }

    mutating func append<Value: Representation>(_ value: Value) {
        let outerIsFirst = isFirst
        let outerRecorder = recorder
        isFirst = true
        // The nested value's fields belong to its own schema, which `schema(of:)` draws apart.
        recorder = nil
        bytes.append(UInt8(ascii: "{"))
        value.write(to: &self)
        bytes.append(UInt8(ascii: "}"))
        isFirst = outerIsFirst
        recorder = outerRecorder
    }

    /// Writes a nested object by a closure, for documents that have no type of their own.
    mutating func nested(_ name: String, _ write: (inout ObjectWriter) -> Void) {
        startOptional(name)
        nestedElement(write)
    }

    mutating func nestedArray<Element>(
        _ name: String, _ elements: some Sequence<Element>, _ write: (Element, inout ObjectWriter) -> Void
    ) {
        startOptional(name)
        bytes.append(UInt8(ascii: "["))
        var isFirstElement = true
        for element in elements {
            if !isFirstElement { bytes.append(UInt8(ascii: ",")) }
            isFirstElement = false
            nestedElement { write(element, &$0) }
        }
        bytes.append(UInt8(ascii: "]"))
    }

    private mutating func nestedElement(_ write: (inout ObjectWriter) -> Void) {
        let outerIsFirst = isFirst
        isFirst = true
        bytes.append(UInt8(ascii: "{"))
        write(&self)
        bytes.append(UInt8(ascii: "}"))
        isFirst = outerIsFirst
    }

    private mutating func start(_ name: String, _ schema: @autoclosure () -> Schema) {
        if let recorder { recorder.property(name, schema(), isRequired: true) }
        startOptional(name)
    }

    /// Writes the comma, the name and the colon.
    private mutating func startOptional(_ name: String) {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        JSONBytes.appendText(name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
    }

    private func describe(_ name: String, _ schema: @autoclosure () -> Schema, hasValue: Bool) -> Bool {
        if let recorder {
            var optional = schema()
            optional.isNullable = true
            recorder.property(name, optional, isRequired: false)
        }
        return hasValue
    }

    private func describe(_ name: String, _ schema: Schema, isRequired: Bool) {
        recorder?.property(name, schema, isRequired: isRequired)
    }

    private func schema<Value: Representation>(of _: Value.Type) -> Schema {
        guard let recorder else { return Schema() }
        return Value.schema(in: recorder.registry)
    }
}
