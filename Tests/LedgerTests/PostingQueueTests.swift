import Application
import Kernel
import TestKit
import Testing

@testable import Ledger

/// What a writer may take while others are at work. Callers are left waiting until the end of each test.
@Suite struct PostingQueueTests {
    private let accounts = (1...9).map { Identifier<Account>(bits: UInt128($0)) }

    private func unit(_ names: [Int]) -> PostingUnit {
        let context = RequestContext.system(at: .startOfTests, idempotencyKey: names.map(String.init).joined(separator: ","))
        let legs = names.map { Leg(.account(accounts[$0]), amount: 1, currency: .kes, type: .transfer) }
        let draft = JournalDraft(type: .transfer, referencePrefix: "TRF", sourceType: "test", legs: legs)
        return PostingUnit(
            commands: [.journal(draft)], context: context, idempotency: nil,
            audit: AuditRecord(action: "test", outcome: .success, actor: nil, subjectType: "", subjectID: "", context: context))
    }

    /// Queues units on these accounts, in order, and returns when all of them wait.
    private func fill(_ queue: PostingQueue, _ units: [[Int]], in group: inout TaskGroup<Bool>) async {
        for names in units {
            let unit = unit(names)
            let named = names.map { accounts[$0] }
            await withUnsafeContinuation { (queued: UnsafeContinuation<Void, Never>) in
                group.addTask {
                    let result = await withUnsafeContinuation { continuation in
                        let pending = PendingUnit(unit: unit, accounts: named, holds: [], continuation: continuation)
                        if !queue.enqueue(pending) { pending.finish(.failure(.unavailable())) }
                        queued.resume()
                    }
                    if case .failure = result { return false }
                    return true
                }
            }
        }
    }

    private func keys(_ batch: [PendingUnit]?) -> [String] { (batch ?? []).map(\.unit.context.idempotencyKey) }

    private func finish(_ queue: PostingQueue, _ batches: [[PendingUnit]?]) {
        for unit in batches.compactMap({ $0 }).joined() { unit.finish(.success(PostingReceipt(isReplay: false, journals: [], holds: []))) }
    }

    @Test func aLoneWriterLeavesHalfForTheNextOne() async {
        let queue = PostingQueue(capacity: 100, sharedBatch: 2, loneBatch: 100)
        await withTaskGroup(of: Bool.self) { group in
            await fill(queue, [[0], [1], [2], [3], [4], [5], [6], [7]], in: &group)
            let first = queue.take()
            #expect(keys(first) == ["0", "1", "2", "3"])
            let second = queue.take()
            #expect(keys(second) == ["4", "5"], "while another writer is busy the smaller batch counts")
            let third = queue.take()
            #expect(keys(third) == ["6", "7"])
            #expect(queue.count == 0)
            finish(queue, [first, second, third])
        }
    }

    @Test func whatTouchesAnAccountInFlightWaitsAndSoDoesWhatCameAfterIt() async {
        let queue = PostingQueue(capacity: 100, sharedBatch: 10, loneBatch: 10)
        await withTaskGroup(of: Bool.self) { group in
            await fill(queue, [[0, 1]], in: &group)
            let first = queue.take()
            #expect(keys(first) == ["0,1"])
            // 1 is in flight; 1,2 waits for it; 2,3 came after 1,2 and waits for that; 4,5 is free.
            await fill(queue, [[1, 2], [2, 3], [4, 5], [3, 6]], in: &group)
            let second = queue.take()
            #expect(keys(second) == ["4,5"])
            #expect(queue.count == 3)
            if let second { queue.release(second) }
            if let first { queue.release(first) }
            let third = queue.take()
            #expect(keys(third) == ["1,2", "2,3", "3,6"], "in the order in which they came")
            finish(queue, [first, second, third])
        }
    }

    @Test func unitsOfOneBatchMayShareAccounts() async {
        let queue = PostingQueue(capacity: 100, sharedBatch: 10, loneBatch: 10)
        await withTaskGroup(of: Bool.self) { group in
            await fill(queue, [[0, 1], [0, 1], [1, 0]], in: &group)
            let batch = queue.take()
            #expect(batch?.count == 3)
            if let batch { queue.release(batch) }
            await fill(queue, [[0]], in: &group)
            let next = queue.take()
            #expect(keys(next) == ["0"], "an account is free when the last unit that held it is through")
            finish(queue, [batch, next])
        }
    }

    @Test func refusesMoreThanItsCapacityAndEverythingAfterItsEnd() async {
        let queue = PostingQueue(capacity: 2, sharedBatch: 10, loneBatch: 10)
        let answers = await withTaskGroup(of: Bool.self) { group in
            await fill(queue, [[0], [1], [2]], in: &group)
            #expect(queue.count == 2)
            queue.close()
            await fill(queue, [[3]], in: &group)
            let last = queue.take()
            #expect(keys(last) == ["0", "1"], "what waits is still taken")
            if let last { queue.release(last) }
            #expect(queue.take() == nil)
            finish(queue, [last])
            return await group.reduce(into: [Bool]()) { $0.append($1) }
        }
        #expect(answers.filter { $0 }.count == 2)
        #expect(answers.filter { !$0 }.count == 2)
    }
}
