import Kernel
import TestKit
import Testing

@Suite struct TimestampTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.000001Z", 1), ("1969-12-31T23:59:59.999999Z", -1),
        ("2026-11-22T20:54:25.123456Z", 1_795_380_865_123_456), ("2026-11-22T20:54:25.1Z", 1_795_380_865_100_000),
        ("2026-11-22T23:54:25+03:00", 1_795_380_865_000_000), ("2026-11-22T15:24:25-05:30", 1_795_380_865_000_000),
        ("2026-11-22t20:54:25z", 1_795_380_865_000_000), ("2024-02-29T00:00:00-00:00", 1_709_164_800_000_000),
        ("2024-03-01T02:59:59+03:00", 1_709_251_199_000_000),
    ])
    func readsRFC3339(text: String, microseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.microseconds == microseconds)
    }

    @Test(arguments: [
        "", "2026-11-22", "2026-11-22T20:54:25", "2026-11-22 20:54:25Z", "2026-11-22T20:54Z", "2026-11-22T24:00:00Z",
        "2026-11-22T20:60:00Z",
        "2026-11-22T20:54:60Z", "2026-11-22T20:54:25.Z", "2026-11-22T20:54:25.1234567Z", "2026-11-22T20:54:25,5Z",
        "2026-11-22T20:54:25+3:00",
        "2026-11-22T20:54:25+0300", "2026-11-22T20:54:25+24:00", "2026-11-22T20:54:25+03:60", "2026-11-22T20:54:25Zx",
        "2026-11-22T20:54:25Z ", " 2026-11-22T20:54:25Z", "2023-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "1899-12-31T23:59:59Z",
        "2026-11-22T2０:54:25Z", "2026-11-22T20:54:25.123456", "2026-11-22T20:54:25+", "2026-11-22T20:54:-5Z", "99999-01-01T00:00:00Z",
        // The offset carries these out of the years that can be written.
        "9999-12-31T23:59:59-00:01", "1900-01-01T00:00:00+00:01",
    ])
    func refusesEverythingElse(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test func writesSixDecimalsInUTC() {
        #expect(Timestamp(microseconds: 0).description == "1970-01-01T00:00:00.000000Z")
        #expect(Timestamp(microseconds: -1).description == "1969-12-31T23:59:59.999999Z")
        #expect(Timestamp(microseconds: 1_795_380_865_000_007).description == "2026-11-22T20:54:25.000007Z")
    }

    @Test func countsSeconds() {
        let instant = Timestamp(microseconds: 5_500_000)
        #expect(instant.adding(seconds: 2).microseconds == 7_500_000)
        #expect(instant.adding(microseconds: -1).microseconds == 5_499_999)
        #expect(instant.adding(seconds: 90).seconds(since: instant) == 90)
        #expect(instant < instant.adding(microseconds: 1))
    }

    @Test func readsBackWhatItWrites() async {
        await checkProperty(runs: 1_000) { choices in
            // 1900-01-01T00:00:00Z to 9999-12-31T23:59:59.999999Z
            let instant = Timestamp(microseconds: choices.integer(-2_208_988_800_000_000...253_402_300_799_999_999))
            choices.note("\(instant)")
            try ensureEqual(Timestamp(rfc3339: instant.description), instant)
            try ensureEqual(instant.description.utf8.count, 27)
            let date = BusinessDate(of: instant)
            try ensure(date.startOfDay <= instant && instant < date.adding(days: 1).startOfDay, "the Nairobi day holds the instant")
        }
    }

    @Test func neverCrashes() async {
        await checkProperty(runs: 2_000) { choices in
            var bytes = Array("2026-11-22T20:54:25.123456+03:00".utf8)
            for _ in 0..<choices.integer(0...4) {
                let at = choices.integer(0...(bytes.count - 1))
                bytes[at] = UInt8(choices.integer(32...126))
            }
            bytes.removeLast(choices.integer(0...bytes.count))
            let text = String(decoding: bytes, as: UTF8.self)
            choices.note(text)
            if let instant = Timestamp(rfc3339: text) { try ensureEqual(Timestamp(rfc3339: instant.description), instant) }
        }
    }

    @Test func standsStillUntilMoved() {
        let clock = ManualClock(Timestamp(microseconds: 1_000_000))
        #expect(clock.now() == clock.now())
        clock.advance(seconds: 5)
        #expect(clock.now().microseconds == 6_000_000)
        clock.set(Timestamp(microseconds: 42))
        #expect(clock.now().microseconds == 42)
    }
}
