import Kernel

extension Fields {
    /// Text of `length` Unicode scalars after trimming. Control characters are refused, line breaks too unless allowed.
    public mutating func text(_ name: String, _ length: ClosedRange<Int> = 0...255, allowsLineBreaks: Bool = false) -> String {
        value(name, schema: Self.textSchema(length), isRequired: true) {
            $0.checkedText(name, $1, length, allowsLineBreaks: allowsLineBreaks, isTrimmed: true)
        } ?? ""
    }

    public mutating func optionalText(
        _ name: String, _ length: ClosedRange<Int> = 0...255, allowsLineBreaks: Bool = false
    ) -> String? {
        let text = value(name, schema: Self.textSchema(length), isRequired: false) {
            $0.checkedText(name, $1, length, allowsLineBreaks: allowsLineBreaks, isTrimmed: true)
        }
        // An empty filter (`?q=`) is how forms send no filter.
        if isQuery, text?.isEmpty == true { return nil }
        return text
    }

    /// A value whose type another field tells: text, a number as it is written, or `true` and `false`.
    public mutating func scalar(_ name: String, _ length: ClosedRange<Int> = 1...255) -> String {
        var schema = Schema()
        schema.anyOf = [Self.textSchema(length), Schema(type: "number"), Schema(type: "boolean")]
        return value(name, schema: schema, isRequired: true) { fields, sent in
            switch sent {
            case .number(let written): return written
            case .boolean(let flag): return flag ? "true" : "false"
            case .text, .array, .object: return fields.checkedText(name, sent, length, allowsLineBreaks: false, isTrimmed: true)
            }
        } ?? ""
    }

    /// A secret: nothing is trimmed, and its length is counted as sent. It never appears in a message.
    public mutating func password(_ name: String, _ length: ClosedRange<Int> = 1...128) -> String {
        value(name, schema: Self.textSchema(length, format: "password"), isRequired: true) {
            $0.checkedText(name, $1, length, allowsLineBreaks: false, isTrimmed: false)
        } ?? ""
    }

    public mutating func optionalPassword(_ name: String, _ length: ClosedRange<Int> = 1...128) -> String? {
        value(name, schema: Self.textSchema(length, format: "password"), isRequired: false) {
            $0.checkedText(name, $1, length, allowsLineBreaks: false, isTrimmed: false)
        }
    }

    /// Text of a fixed form, such as `.cifNumber`, in the spelling in which the bank keeps it.
    public mutating func formatted(_ name: String, _ format: TextFormat) -> String {
        value(name, schema: format.schema, isRequired: true) { $0.checked(name, $1, format) } ?? ""
    }

    public mutating func optionalFormatted(_ name: String, _ format: TextFormat) -> String? {
        value(name, schema: format.schema, isRequired: false) { fields, sent in
            if fields.isQuery, case .text("") = sent { return nil }
            return fields.checked(name, sent, format)
        }
    }

    /// One of an enumeration's values.
    public mutating func choice<Choice: RawRepresentable & CaseIterable>(_ name: String, _: Choice.Type = Choice.self) -> Choice
    where Choice.RawValue == String {
        guard let placeholder = Choice.allCases.first else { preconditionFailure("an enumeration without cases cannot be chosen from") }
        return value(name, schema: Self.choiceSchema(Choice.self), isRequired: true) { $0.checkedChoice(name, $1) } ?? placeholder
    }

    public mutating func optionalChoice<Choice: RawRepresentable & CaseIterable>(_ name: String, _: Choice.Type = Choice.self) -> Choice?
    where Choice.RawValue == String {
        value(name, schema: Self.choiceSchema(Choice.self), isRequired: false) { fields, sent in
            if case .form = fields.source, case .text("") = sent { return nil }
            return fields.checkedChoice(name, sent)
        }
    }

    /// The canonical form of an identifier.
    public mutating func identifier<Entity>(_ name: String, as _: Entity.Type = Entity.self) -> Identifier<Entity> {
        value(name, schema: Schema(type: "string", format: "uuid"), isRequired: true) { $0.checkedIdentifier(name, $1) }
            ?? Identifier(bits: 0)
    }

    public mutating func optionalIdentifier<Entity>(_ name: String, as _: Entity.Type = Entity.self) -> Identifier<Entity>? {
        value(name, schema: Schema(type: "string", format: "uuid"), isRequired: false) { $0.checkedIdentifier(name, $1) }
    }

    // MARK: Rules

    static func textSchema(_ length: ClosedRange<Int>, format: String? = nil) -> Schema {
        var schema = Schema(type: "string", format: format)
        if length.lowerBound > 0 { schema.minimumLength = length.lowerBound }
        schema.maximumLength = length.upperBound
        return schema
    }

    static func choiceSchema<Choice: RawRepresentable & CaseIterable>(_: Choice.Type) -> Schema where Choice.RawValue == String {
        var schema = Schema(type: "string")
        schema.choices = Choice.allCases.map(\.rawValue)
        return schema
    }

    mutating func checkedText(
        _ name: String, _ sent: Sent, _ length: ClosedRange<Int>, allowsLineBreaks: Bool, isTrimmed: Bool
    ) -> String? {
        guard case .text(let written) = sent else {
            wrongType(name, "text")
            return nil
        }
        guard TextRules.isClean(written, allowsLineBreaks: allowsLineBreaks) else {
            fail(name, "invalid_format", "Control characters are not allowed here")
            return nil
        }
        let text = isTrimmed ? TextRules.trimmed(written) : written
        let count = TextRules.length(text)
        if count < length.lowerBound {
            let message = length.lowerBound == 1 ? "This must not be empty" : "At least \(length.lowerBound) characters are needed"
            fail(name, "too_short", message)
            return nil
        }
        if count > length.upperBound {
            fail(name, "too_long", "At most \(length.upperBound) characters are allowed")
            return nil
        }
        return text
    }

    private mutating func checked(_ name: String, _ sent: Sent, _ format: TextFormat) -> String? {
        guard let text = checkedText(name, sent, 0...format.maximumLength, allowsLineBreaks: false, isTrimmed: true) else { return nil }
        guard let normal = format.normalize(text) else {
            fail(name, "invalid_format", "This is not \(format.description)")
            return nil
        }
        return normal
    }

    mutating func checkedChoice<Choice: RawRepresentable & CaseIterable>(_ name: String, _ sent: Sent) -> Choice?
    where Choice.RawValue == String {
        guard case .text(let text) = sent else {
            wrongType(name, "text")
            return nil
        }
        guard let choice = Choice(rawValue: text) else {
            fail(name, "unknown_value", "This must be one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
            return nil
        }
        return choice
    }

    mutating func checkedIdentifier<Entity>(_ name: String, _ sent: Sent) -> Identifier<Entity>? {
        guard case .text(let text) = sent else {
            wrongType(name, "an identifier")
            return nil
        }
        guard let identifier = Identifier<Entity>(text) else {
            fail(name, "invalid_format", "This is not an identifier")
            return nil
        }
        return identifier
    }
}

/// What the contract says about text, section 1.2.
enum TextRules {
    /// No control character (category Cc), line breaks excepted where allowed.
    static func isClean(_ text: String, allowsLineBreaks: Bool) -> Bool {
        var precededByC2 = false
        for byte in text.utf8 {
            if byte < 0x20 {
                guard allowsLineBreaks, byte == 0x0A || byte == 0x0D else { return false }
            } else if byte == 0x7F || (precededByC2 && byte < 0xA0) {
                // U+0080 to U+009F are written C2 80 to C2 9F.
                return false
            }
            precededByC2 = byte == 0xC2
        }
        return true
    }

    /// The text without white space at its ends, in the sense of Unicode.
    static func trimmed(_ text: String) -> String {
        let utf8 = text.utf8
        guard let first = utf8.first, let last = utf8.last else { return text }
        // Most texts start and end with a plain letter or digit.
        if first > 0x20, first < 0x80, last > 0x20, last < 0x80 { return text }
        let scalars = text.unicodeScalars
        guard let start = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let end = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(scalars[start...end])
    }

    /// Unicode scalars: what JSON Schema's maxLength and PostgreSQL's char_length count.
    static func length(_ text: String) -> Int {
        var count = 0
        for byte in text.utf8 where byte & 0xC0 != 0x80 { count += 1 }
        return count
    }
}
