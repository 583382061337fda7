import Kernel
import Testing

@testable import Identity

@Suite struct RefreshDecisionTests {
    static let issued = Timestamp(microseconds: 1_790_000_000_000_000)

    private func decide(
        spentSecondsAgo: Int64? = nil, isRevoked: Bool = false, isSuccessorUnused: Bool = false, isExpired: Bool = false,
        isSessionAlive: Bool = true
    ) -> RefreshDecision {
        let now = Self.issued.adding(seconds: 100)
        let token = RefreshDecision.Token(
            expiresAt: isExpired ? now : now.adding(seconds: 1), spentAt: spentSecondsAgo.map { now.adding(seconds: -$0) },
            isRevoked: isRevoked, isSuccessorUnused: isSuccessorUnused)
        return .decide(token, isSessionAlive: isSessionAlive, at: now, graceSeconds: 10)
    }

    @Test func rotatesFreshTokens() {
        #expect(decide() == .rotate)
        #expect(decide(isExpired: true) == .invalid)
        #expect(decide(isSessionAlive: false) == .invalid)
        #expect(decide(isRevoked: true) == .invalid)
    }

    @Test func forgivesALostReplyOnlyWhileTheSuccessorIsUnused() {
        #expect(decide(spentSecondsAgo: 0, isSuccessorUnused: true) == .rotateAgain)
        #expect(decide(spentSecondsAgo: 10, isSuccessorUnused: true) == .rotateAgain)
        #expect(decide(spentSecondsAgo: 11, isSuccessorUnused: true) == .reuse)
        #expect(decide(spentSecondsAgo: 1, isSuccessorUnused: false) == .reuse)
        #expect(decide(spentSecondsAgo: 1, isSuccessorUnused: true, isSessionAlive: false) == .reuse)
    }
}

@Suite struct PasswordRulesTests {
    private func code(_ password: String, username: String = "amina") -> String? {
        PasswordRules.fault(password, username: username, field: "newPassword") { $0 == "password1" }?.code
    }

    @Test func knowsEveryRule() {
        #expect(code("correct horse") == nil)
        #expect(code("1234567") == "too_short")
        #expect(code("12345678") == nil)
        #expect(code(String(repeating: "a", count: 128)) == nil)
        #expect(code(String(repeating: "a", count: 129)) == "too_long")
        #expect(code("password1") == "breached")
        #expect(code("I am AMINA today") == "contains_username")
        #expect(code("        ") == nil, "blanks are characters like any other")
        #expect(code("пароль-кот") == nil)
        #expect(code("🦒🦒🦒🦒🦒🦒🦒") == "too_short")
        #expect(code("🦒🦒🦒🦒🦒🦒🦒🦒") == nil)
    }
}

@Suite struct ChannelRuleTests {
    @Test(arguments: [
        (Role.customer, Channel.personal), (.corporateMaker, .corporate), (.corporateChecker, .corporate), (.smeOwner, .sme),
        (.teller, .staff), (.administrator, .staff),
    ])
    func admitsEachRoleToItsChannelOnly(role: Role, channel: Channel) {
        for other in [Channel.personal, .corporate, .sme, .staff] {
            #expect(ChannelRule.admits(RoleSet(role), to: other) == (other == channel))
        }
        #expect(ChannelRule.admits(RoleSet(role), to: .api))
    }
}

@Suite struct SensitiveActionTests {
    let user = Identifier<User>(bits: 1)
    let session = Identifier<Session>(bits: 2)
    let shillings = Money(minorUnits: 6_000_000, currency: .kes)
    var action: SensitiveAction {
        SensitiveAction(type: "transfer", sourceAccountID: Identifier(bits: 3), amount: shillings, payee: "0011234567897")
    }

    @Test func bindsEverything() {
        let base = action.binding(userID: user, sessionID: session)
        let account = Identifier<Account>(bits: 3)
        let others = [
            action.binding(userID: Identifier(bits: 9), sessionID: session),
            action.binding(userID: user, sessionID: Identifier(bits: 9)),
            SensitiveAction(type: "payment", sourceAccountID: account, amount: shillings, payee: "0011234567897")
                .binding(userID: user, sessionID: session),
            SensitiveAction(type: "transfer", sourceAccountID: Identifier(bits: 4), amount: shillings, payee: "0011234567897")
                .binding(userID: user, sessionID: session),
            SensitiveAction(type: "transfer", amount: shillings, payee: "0011234567897").binding(userID: user, sessionID: session),
            SensitiveAction(
                type: "transfer", sourceAccountID: account, amount: Money(minorUnits: 6_000_001, currency: .kes), payee: "0011234567897"
            ).binding(userID: user, sessionID: session),
            SensitiveAction(
                type: "transfer", sourceAccountID: account, amount: Money(minorUnits: 6_000_000, currency: .usd), payee: "0011234567897"
            ).binding(userID: user, sessionID: session),
            SensitiveAction(type: "transfer", sourceAccountID: account, payee: "0011234567897").binding(userID: user, sessionID: session),
            SensitiveAction(type: "transfer", sourceAccountID: account, amount: shillings, payee: "0011234567898")
                .binding(userID: user, sessionID: session),
        ]
        #expect(Set(others).count == others.count)
        #expect(!others.contains(base))
        #expect(action.binding(userID: user, sessionID: session) == base)
    }

    @Test func saysWhatIsConfirmed() {
        #expect(action.inWords == "a transfer of KES 60000.00 to 0011234567897")
        #expect(SensitiveAction(type: "addBeneficiary", payee: "Jane (0011234567897)").inWords == "a new payee: Jane (0011234567897)")
    }
}
