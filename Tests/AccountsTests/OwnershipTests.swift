import Kernel
import Testing

@testable import Accounts

@Suite struct OwnershipTests {
    private let primary = Identifier<Customer>(bits: 1)
    private let second = Identifier<Customer>(bits: 2)
    private let third = Identifier<Customer>(bits: 3)

    @Test func whatTheOthersLeaveIsThePrimaryHolders() throws {
        let alone = try Ownership.holdings(primary: primary, joint: [])
        #expect(alone.map(\.basisPoints) == [10_000])
        let shared = try Ownership.holdings(primary: primary, joint: [(second, "spouse", 4_000), (third, "child", 999)])
        #expect(shared.map(\.basisPoints) == [5_001, 4_000, 999])
        #expect(shared.map(\.isPrimary) == [true, false, false])
    }

    @Test func namedPrimaryHolderMustCompleteTheWhole() throws {
        let shared = try Ownership.holdings(primary: primary, joint: [(primary, "self", 6_000), (second, "spouse", 4_000)])
        #expect(shared.map(\.basisPoints) == [6_000, 4_000])
        #expect(throws: Refusal.self) {
            try Ownership.holdings(primary: primary, joint: [(primary, "self", 5_000), (second, "spouse", 4_000)])
        }
    }

    @Test func sharesOverTheWholeAreRefused() {
        let refusal = #expect(throws: Refusal.self) {
            try Ownership.holdings(primary: primary, joint: [(second, "spouse", 6_000), (third, "child", 4_001)])
        }
        #expect(refusal?.fields.map(\.code) == ["out_of_range"])
    }

    @Test func nobodyIsNamedTwice() {
        let refusal = #expect(throws: Refusal.self) {
            try Ownership.holdings(primary: primary, joint: [(second, "spouse", 1_000), (second, "partner", 1_000)])
        }
        #expect(refusal?.fields.map(\.code) == ["duplicate"])
        #expect(refusal?.fields.map(\.field) == ["jointHolders[1].cifNumber"])
    }
}
