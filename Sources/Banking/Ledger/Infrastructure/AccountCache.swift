import Kernel
import Synchronization

/// Accounts as the engine's own last commit left them, so that the next batch need not read them.
///
/// A guess, never the truth: a batch decided on remembered accounts is written only if every one of them is still at the revision it
/// was decided on, and nothing is refused on memory's word. So the cache may be wrong (a freeze, another process), and no answer is.
final class AccountCache: Sendable {
    private let states = Mutex<[Identifier<Account>: AccountState]>([:])
    private let capacity: Int

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// What is remembered of the accounts, and which of them are not.
    func states(of ids: [Identifier<Account>]) -> (known: [AccountState], missing: [Identifier<Account>]) {
        states.withLock { states in
            var known: [AccountState] = []
            known.reserveCapacity(ids.count)
            var missing: [Identifier<Account>] = []
            for id in ids {
                if let state = states[id] { known.append(state) } else { missing.append(id) }
            }
            return (known, missing)
        }
    }

    /// Remembers what a commit made of accounts.
    func remember(_ written: [AccountState]) {
        states.withLock { states in
            // Dropping everything now and then costs less than knowing what is least used.
            if states.count + written.count > capacity { states.removeAll(keepingCapacity: true) }
            for state in written { states[state.id] = state }
        }
    }

    func forget(_ ids: some Sequence<Identifier<Account>>) {
        states.withLock { states in
            for id in ids { states[id] = nil }
        }
    }
}

/// Keys that the engine stored a short while ago. Finding one here means: ask the database. Not finding one means nothing, because the
/// unique index has the last word.
final class RecentKeys: Sendable {
    private struct Generations {
        var current: Set<UInt128> = []
        var last: Set<UInt128> = []
    }

    private let generations = Mutex(Generations())
    private let capacity: Int

    init(capacity: Int) {
        self.capacity = capacity
    }

    func containsAny(of keys: [UInt128]) -> Bool {
        generations.withLock { generations in
            keys.contains { generations.current.contains($0) || generations.last.contains($0) }
        }
    }

    func remember(_ keys: some Sequence<UInt128>) {
        generations.withLock { generations in
            for key in keys { generations.current.insert(key) }
            if generations.current.count > capacity {
                generations.last = generations.current
                generations.current = []
            }
        }
    }
}
