import CPostgres
import Foundation
import Kernel

/// One session with PostgreSQL. Not Sendable: it lives on its own thread and is only seen inside closures that run there.
///
/// libpq blocks, and that is fine, because nothing else runs on this thread. Values travel binary both ways, statements are prepared
/// once and kept, and several statements can share one round trip.
public final class Connection {
    private let configuration: PostgresConfiguration
    private var handle: OpaquePointer?
    private var prepared: [StatementKey: String] = [:]
    private var preparedCount = 0
    /// How to reach this session from another thread, to cancel what it runs.
    let canceller = Canceller()

    private struct StatementKey: Hashable {
        let text: String
        let types: [UInt32]
    }

    private static let preparedLimit = 256
    /// A pipeline is read back after this much, to bound what both sides buffer.
    private static let pipelineStatementLimit = 256
    private static let pipelineByteLimit = 4 * 1024 * 1024

    init(configuration: PostgresConfiguration) {
        self.configuration = configuration
    }

    deinit { close() }

    // MARK: Session

    public var isBroken: Bool { handle == nil || PQstatus(handle) == CONNECTION_BAD }
    var isInTransaction: Bool { handle.map { PQtransactionStatus($0) != PQTRANS_IDLE } ?? false }

    func connectIfNeeded() throws {
        if isBroken { try reconnect() }
    }

    /// Drops the session and opens a new one. Prepared statements and any open transaction are gone.
    public func reconnect() throws {
        close()
        let keywords = configuration.keywords
        let names = keywords.map { strdup($0.0) }
        let values = keywords.map { strdup($0.1) }
        defer {
            for pointer in names + values { free(pointer) }
        }
        var namePointers = names.map { UnsafePointer<CChar>($0) } + [nil]
        var valuePointers = values.map { UnsafePointer<CChar>($0) } + [nil]
        guard let opened = PQconnectdbParams(&namePointers, &valuePointers, 1) else {
            throw PostgresError(kind: .connectionLost, sqlState: "08001", message: "no memory for a connection")
        }
        guard PQstatus(opened) == CONNECTION_OK else {
            let message = String(cString: PQerrorMessage(opened)).trimmingCharacters(in: .whitespacesAndNewlines)
            PQfinish(opened)
            throw PostgresError(kind: .connectionLost, sqlState: "08001", message: message)
        }
        // Notices are the server's small talk; errors come back as results.
        PQsetNoticeProcessor(opened, { _, _ in }, nil)
        handle = opened
        canceller.set(PQgetCancel(opened))
    }

    func close() {
        canceller.set(nil)
        prepared.removeAll()
        if let handle { PQfinish(handle) }
        handle = nil
    }

    // MARK: Transactions

    public func begin() throws { _ = try query("BEGIN") }

    /// - Throws: `PostgresError` with `.outcomeUnknown` when the connection went away meanwhile; 25P02 when a statement had failed and
    ///   somebody swallowed its error, because PostgreSQL answers such a COMMIT with a quiet rollback
    public func commit() throws {
        do {
            guard try query("COMMIT").commandTag == "COMMIT" else {
                throw PostgresError(kind: .statement, sqlState: "25P02", message: "a failed transaction was rolled back at its commit")
            }
        } catch let error as PostgresError where error.kind == .connectionLost {
            throw PostgresError(kind: .outcomeUnknown, sqlState: error.sqlState, message: error.message)
        }
    }

    /// Ends a transaction that failed; a broken session has none.
    public func rollback() {
        guard !isBroken, isInTransaction else { return }
        _ = try? query("ROLLBACK")
    }

    // MARK: Statements

    /// Runs one statement in one round trip (two when it is new to this session).
    public func query(_ sql: SQL) throws -> Rows {
        let connection = try usable()
        let key = StatementKey(text: sql.text, types: sql.binds.map(\.typeOID))
        let name: String
        if let known = prepared[key] {
            name = known
        } else {
            try makeRoomForStatement()
            name = nextName()
            try check(PQprepare(connection, name, sql.text, Int32(key.types.count), key.types))
            prepared[key] = name
        }
        let result = withParameters(sql) { values, lengths, formats in
            PQexecPrepared(connection, name, Int32(sql.binds.count), values, lengths, formats, 1)
        }
        do {
            return Rows(result: try check(result))
        } catch let error as PostgresError where error.sqlState == "0A000" || error.sqlState == "26000" {
            // The table has other columns by now, or a pooler gave us another session: prepare it anew the next time.
            prepared[key] = nil
            throw error
        }
    }

    public func execute(_ sql: SQL) throws -> Int { try query(sql).affected }

    /// Runs text with several statements and no values by the simple protocol: migrations.
    public func executeScript(_ text: String) throws {
        _ = try check(PQexec(try usable(), text))
    }

    /// Sends the statements together and reads the answers in their order: one round trip.
    /// - Throws: the first statement's error, with its index; the session is usable, an open transaction has failed
    public func pipeline(_ statements: [SQL]) throws -> [Rows] {
        var answers: [Rows] = []
        answers.reserveCapacity(statements.count)
        var start = 0
        while start < statements.count {
            var end = start
            var bytes = 0
            while end < statements.count, end - start < Self.pipelineStatementLimit, end == start || bytes < Self.pipelineByteLimit {
                bytes += statements[end].binds.reduce(0) { $0 + ($1.bytes?.count ?? 0) }
                end += 1
            }
            answers += try pipelineOnce(statements[start..<end], offset: start)
            start = end
        }
        return answers
    }

    private func pipelineOnce(_ statements: ArraySlice<SQL>, offset: Int) throws -> [Rows] {
        try makeRoomForStatement(statements.count)
        let connection = try usable()
        guard PQenterPipelineMode(connection) == 1 else { throw lost(connection) }
        PQsetnonblocking(connection, 1)
        defer {
            // A connection that was lost on the way is freed by now.
            if handle != nil {
                PQsetnonblocking(connection, 0)
                PQexitPipelineMode(connection)
            }
        }
        var newlyPrepared: [StatementKey] = []
        var expectsPrepare: [Bool] = []
        for sql in statements {
            let key = StatementKey(text: sql.text, types: sql.binds.map(\.typeOID))
            var name = prepared[key]
            expectsPrepare.append(name == nil)
            if name == nil {
                let fresh = nextName()
                guard PQsendPrepare(connection, fresh, sql.text, Int32(key.types.count), key.types) == 1 else { throw lost(connection) }
                prepared[key] = fresh
                newlyPrepared.append(key)
                name = fresh
            }
            let sent = withParameters(sql) { values, lengths, formats in
                PQsendQueryPrepared(connection, name, Int32(sql.binds.count), values, lengths, formats, 1)
            }
            guard sent == 1 else { throw lost(connection) }
        }
        guard PQpipelineSync(connection) == 1 else { throw lost(connection) }
        try flush(connection)

        var answers: [Rows] = []
        var failure: PostgresError?
        for (index, needsPrepare) in expectsPrepare.enumerated() {
            if needsPrepare {
                if let error = try readOne(connection).error, failure == nil { failure = error.at(offset + index) }
            }
            let (rows, error) = try readOne(connection)
            if let rows { answers.append(rows) }
            if let error, failure == nil { failure = error.at(offset + index) }
        }
        // The sync point itself.
        guard let sync = PQgetResult(connection) else { throw lost(connection) }
        let isSync = PQresultStatus(sync) == PGRES_PIPELINE_SYNC
        PQclear(sync)
        guard isSync else { throw lost(connection) }
        if let failure {
            // Whether a statement of an aborted pipeline was prepared is not worth knowing: prepare them again when needed.
            for key in newlyPrepared { prepared[key] = nil }
            throw failure
        }
        return answers
    }

    /// The answer of one statement inside a pipeline and the NULL that ends it.
    private func readOne(_ connection: OpaquePointer) throws -> (rows: Rows?, error: PostgresError?) {
        guard let result = PQgetResult(connection) else { throw lost(connection) }
        let box = ResultBox(result)
        if let extra = PQgetResult(connection) {
            PQclear(extra)
            throw lost(connection)
        }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK: return (Rows(result: box), nil)
        case PGRES_PIPELINE_ABORTED: return (nil, PostgresError(kind: .statement, message: "the pipeline was aborted"))
        default:
            if Self.isOfClient(result) || PQstatus(connection) == CONNECTION_BAD { throw lost(connection) }
            return (nil, Self.error(of: result, kind: .statement))
        }
    }

    /// Pushes out what is buffered; reads meanwhile, so that a server that answers early is never left waiting for us.
    private func flush(_ connection: OpaquePointer) throws {
        while true {
            let state = PQflush(connection)
            if state == 0 { return }
            guard state == 1 else { throw lost(connection) }
            var descriptor = pollfd(fd: PQsocket(connection), events: Int16(POLLIN | POLLOUT), revents: 0)
            poll(&descriptor, 1, 1_000)
            if descriptor.revents & Int16(POLLIN) != 0, PQconsumeInput(connection) == 0 { throw lost(connection) }
        }
    }

    /// COPY … FROM STDIN.
    /// - Returns: how many rows were stored
    public func copyIn(_ statement: String, rows: some Sequence<[UInt8]>) throws -> Int {
        let connection = try usable()
        let started = PQexec(connection, statement)
        guard PQresultStatus(started) == PGRES_COPY_IN else {
            _ = try check(started)
            throw PostgresError.misuse("not a COPY FROM STDIN: \(statement)")
        }
        PQclear(started)
        var buffer: [UInt8] = []
        buffer.reserveCapacity(72 * 1024)
        func send() throws {
            guard !buffer.isEmpty else { return }
            let sent = buffer.withUnsafeBytes { bytes in
                PQputCopyData(connection, bytes.bindMemory(to: CChar.self).baseAddress, Int32(bytes.count))
            }
            guard sent == 1 else { throw lost(connection) }
            buffer.removeAll(keepingCapacity: true)
        }
        for row in rows {
            buffer.append(contentsOf: row)
            if buffer.count >= 64 * 1024 { try send() }
        }
        try send()
        guard PQputCopyEnd(connection, nil) == 1 else { throw lost(connection) }
        guard let result = PQgetResult(connection) else { throw lost(connection) }
        let answer: Result<ResultBox, any Error> = Result { try check(result) }
        while let more = PQgetResult(connection) { PQclear(more) }
        return Rows(result: try answer.get()).affected
    }

    // MARK: Inside

    private func usable() throws -> OpaquePointer {
        guard let handle, PQstatus(handle) == CONNECTION_OK else {
            throw PostgresError(kind: .connectionLost, sqlState: "08003", message: "there is no connection")
        }
        return handle
    }

    private func nextName() -> String {
        preparedCount += 1
        return "s\(preparedCount)"
    }

    private func makeRoomForStatement(_ count: Int = 1) throws {
        guard prepared.count + count > Self.preparedLimit + Self.pipelineStatementLimit || prepared.count >= Self.preparedLimit else {
            return
        }
        // Only outside of a failed transaction can this fail to be accepted; then the statements simply stay.
        prepared.removeAll()
        _ = try check(PQexec(try usable(), "DEALLOCATE ALL"))
    }

    /// Lends the binds to libpq as the three parallel arrays it wants.
    private func withParameters<Answer>(
        _ sql: SQL,
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> Answer
    ) -> Answer {
        let count = sql.binds.count
        guard count > 0 else { return body(nil, nil, nil) }
        let total = sql.binds.reduce(0) { $0 + ($1.bytes?.count ?? 0) }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: total + 1) { storage in
            withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count) { values in
                withUnsafeTemporaryAllocation(of: Int32.self, capacity: count * 2) { numbers in
                    var at = 0
                    for (index, bind) in sql.binds.enumerated() {
                        numbers[count + index] = 1
                        guard let bytes = bind.bytes else {
                            values[index] = nil
                            numbers[index] = 0
                            continue
                        }
                        let slot = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(storage)[at..<(at + bytes.count)])
                        slot.copyBytes(from: bytes)
                        // An empty value must still have an address, or it would be NULL.
                        values[index] = UnsafeRawPointer(storage.baseAddress.map { $0 + at })?.assumingMemoryBound(to: CChar.self)
                        numbers[index] = Int32(bytes.count)
                        at += bytes.count
                    }
                    let lengths = numbers.baseAddress.map { UnsafePointer($0) }
                    let formats = numbers.baseAddress.map { UnsafePointer($0 + count) }
                    return body(values.baseAddress.map { UnsafePointer($0) }, lengths, formats)
                }
            }
        }
    }

    @discardableResult
    private func check(_ result: OpaquePointer?) throws -> ResultBox {
        guard let result else { throw lost(handle) }
        let box = ResultBox(result)
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return box
        default:
            if Self.isOfClient(result) { throw lost(handle) }
            let isLost = handle.map { PQstatus($0) == CONNECTION_BAD } ?? true
            throw Self.error(of: result, kind: isLost ? .connectionLost : .statement)
        }
    }

    /// Every error of the server has a code. One without it is libpq's own: the connection is gone, even when its status does not say
    /// so yet.
    private static func isOfClient(_ result: OpaquePointer) -> Bool { PQresultErrorField(result, Int32(UInt8(ascii: "C"))) == nil }

    private func lost(_ connection: OpaquePointer?) -> PostgresError {
        let message = connection.map { String(cString: PQerrorMessage($0)) } ?? "the connection is closed"
        // Whatever libpq thinks of it, a protocol out of step must not be used again.
        close()
        return PostgresError(
            kind: .connectionLost, sqlState: "08006", message: message.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    private static func error(of result: OpaquePointer, kind: PostgresError.Kind) -> PostgresError {
        func field(_ code: Character) -> String? {
            PQresultErrorField(result, Int32(code.asciiValue ?? 0)).map { String(cString: $0) }
        }
        let message = field("M") ?? String(cString: PQresultErrorMessage(result)).trimmingCharacters(in: .whitespacesAndNewlines)
        return PostgresError(kind: kind, sqlState: field("C") ?? "", message: message, detail: field("D"), constraint: field("n"))
    }
}

extension PostgresError {
    func at(_ index: Int) -> PostgresError {
        var copy = self
        copy.statementIndex = index
        return copy
    }
}

/// Cancels what a session runs, from any thread.
final class Canceller: @unchecked Sendable {
    private let lock = NSLock()
    private var pointer: OpaquePointer?

    func set(_ new: OpaquePointer?) {
        lock.lock()
        defer { lock.unlock() }
        if let pointer { PQfreeCancel(pointer) }
        pointer = new
    }

    func cancel() {
        lock.lock()
        defer { lock.unlock() }
        guard let pointer else { return }
        var buffer = [CChar](repeating: 0, count: 256)
        PQcancel(pointer, &buffer, Int32(buffer.count))
    }

    deinit { if let pointer { PQfreeCancel(pointer) } }
}
