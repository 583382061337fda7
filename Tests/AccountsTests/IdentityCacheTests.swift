import Kernel
import Products
import Testing

@testable import Accounts

@Suite struct IdentityCacheTests {
    private func identity(_ number: Int) -> AccountIdentity {
        AccountIdentity(
            id: Identifier(bits: UInt128(number)), number: "\(number)", currency: .kes, accountType: .current, productCode: "CUR01",
            branchCode: "001", customerID: Identifier(bits: 1), limitHolder: Identifier(bits: UInt128(number)), operatingRule: .anyOne,
            name: "n")
    }

    @Test func holdsNoMoreThanItsCapacityAndKeepsWhatIsUsed() {
        let now = Timestamp(microseconds: 1_000_000)
        var cache = IdentityCache(capacity: 100)
        for number in 0..<1_000 {
            cache.insert(identity(number), readAt: now)
            // The first one is asked for all the time.
            #expect(cache.identity(number: "0", readSince: now)?.id.bits == 0)
            #expect(cache.count <= 100)
        }
        #expect(cache.identity(Identifier(bits: 999), readSince: now) != nil)
        #expect(cache.identity(Identifier(bits: 500), readSince: now) == nil)
    }

    @Test func oldKnowledgeIsNotHandedOut() {
        var cache = IdentityCache(capacity: 10)
        cache.insert(identity(1), readAt: Timestamp(microseconds: 5))
        #expect(cache.identity(Identifier(bits: 1), readSince: Timestamp(microseconds: 5)) != nil)
        #expect(cache.identity(Identifier(bits: 1), readSince: Timestamp(microseconds: 6)) == nil)
        #expect(cache.identity(number: "1", readSince: Timestamp(microseconds: 6)) == nil)
    }
}
