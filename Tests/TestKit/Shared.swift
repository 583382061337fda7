import Synchronization

/// A value that a test's tasks and threads share.
public final class Shared<Value: Sendable>: Sendable {
    private let mutex: Mutex<Value>

    public init(_ value: Value) {
        mutex = Mutex(value)
    }

    public var value: Value { mutex.withLock { $0 } }

    public func withLock<Answer: Sendable>(_ body: (inout Value) -> Answer) -> Answer {
        mutex.withLock { value in
            let answer = body(&value)
            return answer
        }
    }

    /// Puts a new value there and tells the old one.
    @discardableResult
    public func exchange(_ new: Value) -> Value {
        withLock { value in
            defer { value = new }
            return value
        }
    }
}
