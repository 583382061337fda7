import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Ctrl-C and the service manager's SIGTERM, heard from the first moment of a start.
///
/// The default action would end the program while it makes a database cluster or seeds a bank. So both signals only ask: a start looks
/// between its steps, a running server drains. Whoever asks again after a second is not kept waiting.
final class StopSignal: Sendable {
    private struct State {
        var askedAt: ContinuousClock.Instant?
        var handlers: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())
    /// Held only so that they live; nobody touches them after the start.
    nonisolated(unsafe) private let sources: [any DispatchSourceSignal]

    init() {
        let signals = [SIGINT, SIGTERM]
        let queue = DispatchQueue(label: "wekeza-signals")
        sources = signals.map { number in
            signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number, queue: queue)
        }
        for source in sources {
            source.setEventHandler { [weak self] in self?.ask() }
            source.resume()
        }
    }

    var isAsked: Bool { state.withLock { $0.askedAt != nil } }

    /// Runs at the first signal, or at once when it has come already.
    func onStop(_ handler: @escaping @Sendable () -> Void) {
        let isAsked = state.withLock { state in
            if state.askedAt == nil { state.handlers.append(handler) }
            return state.askedAt != nil
        }
        if isAsked { handler() }
    }

    private func ask() {
        let now = ContinuousClock.now
        let (handlers, isImpatient): ([@Sendable () -> Void], Bool) = state.withLock { state in
            // One Ctrl-C may arrive twice, from the terminal and from a parent that passes it on.
            if let askedAt = state.askedAt { return ([], now - askedAt > .seconds(1)) }
            state.askedAt = now
            return (state.handlers, false)
        }
        if isImpatient { _exit(130) }
        for handler in handlers { handler() }
    }
}
