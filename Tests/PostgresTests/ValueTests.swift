import Kernel
import Postgres
import TestKit
import Testing

/// Every type travels to the server and back unchanged, and means there what it means here.
@Suite struct ValueTests {
    private enum Thing {}

    /// What a value is when PostgreSQL writes it as text.
    private func text(of sql: SQL, in transaction: Transaction) throws -> String? {
        try transaction.query("SELECT (" + sql + ")::text")[0].textOrNil(0)
    }

    @Test func valuesMeanTheSameToTheServer() async throws {
        try await TestDatabase.withDatabase { database in
            try await database.pool.read { transaction in
                let identifier: Identifier<Thing> = try #require(Identifier("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"))
                let instant = try #require(Timestamp(rfc3339: "1999-12-31T23:59:59.999999Z"))
                let day = try #require(BusinessDate(year: 2024, month: 2, day: 29))
                let cases: [(SQL, String?)] = [
                    ("\(Int16.min)", "-32768"), ("\(Int32.max)", "2147483647"), ("\(Int64.min)", "-9223372036854775808"), ("\(-1)", "-1"),
                    ("\(true)", "true"), ("\(false)", "false"), ("\("O'Neil; \\ 😀")", "O'Neil; \\ 😀"), ("\("")", ""),
                    ("\([UInt8]([0, 1, 0xFF]))", "\\x0001ff"), ("\([UInt8]())", "\\x"),
                    ("\(identifier)", identifier.description), ("\(UInt128.max)", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
                    ("\(instant)", "1999-12-31 23:59:59.999999+00"), ("\(day)", "2024-02-29"), ("\(Currency.kes)", "KES"),
                    ("\(nil as Int64?)", nil), ("\(nil as String?)", nil), ("\(nil as Identifier<Thing>?)", nil),
                    ("\(nil as [Int64]?)", nil),
                    ("\([Int16]([1, -2]))", "{1,-2}"), ("\([Int32]())", "{}"), ("\([Int64.max])", "{9223372036854775807}"),
                    ("\([1, nil, 3] as [Int64?])", "{1,NULL,3}"), ("\([nil, "", "a,b", "NULL"] as [String?])", #"{NULL,"","a,b","NULL"}"#),
                    ("\([true, false])", "{t,f}"), ("\([identifier])", "{\(identifier)}"),
                    ("\([nil, UInt128(1)] as [UInt128?])", "{NULL,00000000-0000-0000-0000-000000000001}"),
                    ("\([[UInt8]([1]), []])", #"{"\\x01","\\x"}"#), ("\([instant])", #"{"1999-12-31 23:59:59.999999+00"}"#),
                    ("\([day, nil])", "{2024-02-29,NULL}"), ("\([Currency.jpy, .usd])", "{JPY,USD}"),
                ]
                for (sql, expected) in cases { #expect(try text(of: sql, in: transaction) == expected) }
            }
        }
    }

    @Test func integersComeBackAsTheyWere() async throws {
        try await TestDatabase.withDatabase { database in
            await checkProperty(runs: 150) { choices in
                let (small, middle) = (
                    Int16(choices.integer(-32_768...32_767)), Int32(choices.integer(Int64(Int32.min)...Int64(Int32.max)))
                )
                let (large, other) = (choices.integer(Int64.min...Int64.max), choices.integer(Int64.min...Int64.max))
                let bits = UInt128(choices.draw(upTo: .max)) << 64 | UInt128(choices.draw(upTo: .max))
                let flag = choices.boolean()
                try await database.pool.read { transaction in
                    let row = try transaction.query(
                        "SELECT \(small), \(middle), \(large), \(flag), \(bits), \(large)::numeric + \(other)::numeric, \(small)::int2")[0]
                    try ensureEqual(row.int16(0), small)
                    try ensureEqual(row.int32(1), middle)
                    try ensureEqual(row.int64(2), large)
                    try ensureEqual(row.bool(3), flag)
                    try ensureEqual(row.uuid(4), bits)
                    try ensureEqual(row.int128(5), Int128(large) + Int128(other))
                    try ensureEqual(row.int128(6), Int128(small))
                }
            }
        }
    }

    @Test func textBytesAndArraysComeBackAsTheyWere() async throws {
        try await TestDatabase.withDatabase { database in
            await checkProperty(runs: 150) { choices in
                let text = choices.text(count: 0...40)
                let bytes = choices.bytes(count: 0...100)
                let texts = choices.array(count: 0...6) { $0.text(count: 0...8) }
                let numbers = choices.array(count: 0...10) { $0.integer(Int64.min...Int64.max) }
                let blobs = choices.array(count: 0...4) { $0.bytes(count: 0...8) }
                let instant = Timestamp(microseconds: choices.integer(-2_000_000_000_000_000...250_000_000_000_000_000))
                let day = BusinessDate(epochDay: Int32(choices.integer(Int64(-25_567)...Int64(2_932_896))))
                choices.note("\(text) \(texts) \(numbers)")
                try await database.pool.read { transaction in
                    let row = try transaction.query(
                        """
                        SELECT \(text), \(bytes), \(texts), \(numbers), \(instant), \(day), \(blobs),
                            \(numbers.map { UInt128(truncatingIfNeeded: $0) }), \(numbers.map { Int32(truncatingIfNeeded: $0) }),
                            \(numbers.map { Int16(truncatingIfNeeded: $0) })
                        """)[0]
                    try ensureEqual(row.text(0), text)
                    try ensureEqual(row.bytes(1), bytes)
                    try ensureEqual(row.textArray(2), texts)
                    try ensureEqual(row.int64Array(3), numbers)
                    try ensureEqual(row.timestamp(4), instant)
                    try ensureEqual(row.date(5), day)
                    try ensureEqual(row.bytesArray(6), blobs)
                    try ensureEqual(row.uuidArray(7), numbers.map { UInt128(truncatingIfNeeded: $0) })
                    try ensureEqual(row.int32Array(8), numbers.map { Int32(truncatingIfNeeded: $0) })
                    try ensureEqual(row.int16Array(9), numbers.map { Int16(truncatingIfNeeded: $0) })
                }
            }
        }
    }

    @Test func nullsAreNilAndNeverAValue() async throws {
        try await TestDatabase.withDatabase { database in
            try await database.pool.read { transaction in
                let row = try transaction.query(
                    """
                    SELECT NULL::int2, NULL::int4, NULL::int8, NULL::bool, NULL::text, NULL::bytea, NULL::uuid, NULL::timestamptz,
                        NULL::date
                    """
                )[0]
                #expect(try row.int16OrNil(0) == nil)
                #expect(try row.int32OrNil(1) == nil)
                #expect(try row.int64OrNil(2) == nil)
                #expect(try row.boolOrNil(3) == nil)
                #expect(try row.textOrNil(4) == nil)
                #expect(try row.bytesOrNil(5) == nil)
                #expect(try row.uuidOrNil(6) == nil)
                #expect(try row.identifierOrNil(6, as: Thing.self) == nil)
                #expect(try row.timestampOrNil(7) == nil)
                #expect(try row.dateOrNil(8) == nil)
                #expect(throws: PostgresError.self) { try row.int64(2) }
                #expect(throws: PostgresError.self) { try row.text(4) }
            }
        }
    }

    @Test func anotherTypeIsAnErrorAndNoCrash() async throws {
        try await TestDatabase.withDatabase { database in
            try await database.pool.read { transaction in
                let row = try transaction.query(
                    """
                    SELECT 1::int4, ARRAY[1, 2]::int4[], ARRAY[1, NULL]::int8[], ARRAY[[1], [2]]::int8[], 'abc', 1.5, 'NaN'::numeric,
                        1e40::numeric
                    """
                )[0]
                #expect(throws: PostgresError.self) { try row.int64(0) }
                #expect(throws: PostgresError.self) { try row.uuid(0) }
                #expect(throws: PostgresError.self) { try row.int64Array(1) }
                #expect(throws: PostgresError.self) { try row.int64Array(2) }
                #expect(throws: PostgresError.self) { try row.int64Array(3) }
                #expect(throws: PostgresError.self) { try row.textArray(4) }
                #expect(throws: PostgresError.self) { try row.currency(4) }
                for column in 4...7 { #expect(throws: PostgresError.self) { try row.int128(column) } }
            }
        }
    }

    @Test(arguments: [
        ("0", Int128(0)), ("-1", -1), ("10000", 10_000), ("99990000", 99_990_000), ("7.00", 7),
        ("-170141183460469231731687303715884105", Int128("-170141183460469231731687303715884105") ?? 0),
    ])
    func wholeNumericsAreRead(text: String, expected: Int128) async throws {
        try await TestDatabase.withDatabase { database in
            let value = try await database.pool.read { try $0.query("SELECT \(text)::text::numeric")[0].int128(0) }
            #expect(value == expected)
        }
    }
}
