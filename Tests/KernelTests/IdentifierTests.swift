import Kernel
import TestKit
import Testing

@Suite struct IdentifierTests {
    /// RFC 9562, appendix A.6.
    @Test func laysOutTheExampleOfTheStandard() throws {
        let instant = try #require(Timestamp(rfc3339: "2022-02-22T14:22:22.000-05:00"))
        let random: UInt128 = 0xCC3 << 64 | 0x18C4_DC0C_0C07_398F
        let identifier = Identifier<Account>(bits: TimeOrderedIdentifiers.version7(at: instant, random: random))
        #expect(identifier.description == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
        #expect(identifier.mintedAt == instant)
    }

    @Test func readsTheCanonicalFormInAnyCase() throws {
        let lower = try #require(Identifier<Account>("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"))
        let upper = try #require(Identifier<Account>("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"))
        #expect(lower == upper)
        #expect(upper.description == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
        #expect(lower.retyped(as: Journal.self).bits == lower.bits)
    }

    @Test(arguments: [
        "", "017f22e2", "017f22e279b07cc398c4dc0c0c07398f", "{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}", "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0", "017f22e2-79b0-7cc3-98c4-dc0c0c07398g", "017f22e2_79b0_7cc3_98c4_dc0c0c07398f",
        "017f22e27-9b0-7cc3-98c4-dc0c0c07398f", " 017f22e2-79b0-7cc3-98c4-dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398é",
        "-----------------------------------", "１17f22e2-79b0-7cc3-98c4-dc0c0c07398f",
    ])
    func refusesEveryOtherForm(text: String) {
        #expect(Identifier<Account>(text) == nil)
    }

    @Test func readsBackWhatItWrites() async {
        await checkProperty(runs: 500) { choices in
            let bits = UInt128(choices.draw(upTo: .max)) << 64 | UInt128(choices.draw(upTo: .max))
            let identifier = Identifier<Journal>(bits: bits)
            try ensureEqual(Identifier<Journal>(identifier.description), identifier)
            let other = Identifier<Journal>(bits: UInt128(choices.draw(upTo: .max)) << 64 | UInt128(choices.draw(upTo: .max)))
            try ensureEqual(
                identifier < other, identifier.description < other.description, "the order of the bytes is the order of the text")
        }
    }

    @Test func mintsVersionSevenInTheOrderOfTime() {
        let clock = ManualClock(.startOfTests)
        let source = TimeOrderedIdentifiers(clock: clock)
        var earlier: [Identifier<Account>] = []
        for _ in 0..<50 {
            let identifier = source.next(Account.self)
            #expect(identifier.bits >> 76 & 0xF == 7)
            #expect(identifier.bits >> 62 & 0x3 == 2)
            #expect(identifier.mintedAt.microseconds / 1_000 == clock.now().microseconds / 1_000)
            if let last = earlier.last { #expect(last < identifier) }
            earlier.append(identifier)
            clock.advance(seconds: 1)
        }
        #expect(Set((0..<1_000).map { _ in source.nextBits() }).count == 1_000)
    }
}

@Suite struct RoleSetTests {
    @Test func holdsEachRoleByItself() {
        for role in Role.allCases { #expect(RoleSet(role).roles == [role]) }
        #expect(RoleSet.all.roles.count == Role.allCases.count)
    }

    @Test func splitsOwnersFromStaff() {
        #expect(RoleSet.owner.isDisjoint(with: .staff))
        #expect(RoleSet.owner.union(.staff) == .all)
        #expect(RoleSet.initiator.isSubset(of: .owner))
        #expect(!RoleSet.initiator.contains(RoleSet(.corporateChecker)))
        #expect(RoleSet.branch.intersects(.staff))
        #expect(!RoleSet.branch.intersects(.owner))
        #expect(RoleSet([.teller, .auditor]).intersects(.readers))
    }
}
