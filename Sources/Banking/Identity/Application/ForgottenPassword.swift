import Application
import Foundation
import Kernel
import Notifications
import Postgres
import Safeguards

/// A wish for a new password, of whoever says to be somebody.
///
/// The answer is the same in text and in time whether anybody has the name, because nothing about the name has happened yet when it is
/// given: the wish is written to the outbox, and the message is made when the event is handled.
struct ForgottenPassword: Sendable {
    static let event = "identity.passwordResetAsked"

    let services: IdentityServices

    /// The wish as it waits in the outbox.
    private struct Wish: Codable {
        var name: String
        var traceID: String
        var channel: String
        var ipAddress: String
        var userAgent: String
    }

    /// - Parameter name: user name or e-mail address
    func callAsFunction(_ name: String, context: RequestContext) async throws {
        let services = services
        let start = ContinuousClock.now
        try await services.pool.transaction(deadline: context.deadline) { transaction in
            let wish = Wish(
                name: name, traceID: context.traceID, channel: context.channel.rawValue, ipAddress: context.ipAddress,
                userAgent: String(context.userAgent.prefix(200)))
            let payload = Array(try JSONEncoder().encode(wish))
            try Outbox.append(
                [DomainEvent(name: Self.event, subject: 0, occurredAt: services.clock.now(), payload: payload)], in: transaction)
        }
        try await Task.sleep(until: start + .milliseconds(services.policy.passwordResetAnswerMilliseconds))
    }

    /// Makes the message, in the transaction that takes the wish out of the outbox.
    var handler: OutboxDispatcher.Handler {
        { event, transaction in
            // What cannot be read is nobody's wish, and must not hold up the events behind it.
            guard let wish = try? JSONDecoder().decode(Wish.self, from: Data(event.payload)) else { return }
            var context = RequestContext.system(Channel(rawValue: wish.channel) ?? .api, at: event.occurredAt, idempotencyKey: "")
            context.traceID = wish.traceID
            context.ipAddress = wish.ipAddress
            context.userAgent = wish.userAgent
            try answer(wish.name, context: context, in: transaction)
        }
    }

    private func answer(_ name: String, context: RequestContext, in transaction: Transaction) throws {
        let now = services.clock.now()
        let user =
            Username.isPossible(name)
            ? try UserStore.find(usernameKey: Username.key(name), in: transaction)
            : name.contains("@") ? try UserStore.find(email: name, in: transaction) : nil
        let asked = try user.map { try PasswordResetStore.count(of: $0.id, since: now.adding(seconds: -3_600), in: transaction) } ?? 0
        var refusal: String?
        if user == nil { refusal = "unknownName" }
        if user?.isDisabled == true { refusal = "userDisabled" }
        if asked >= services.policy.passwordResetsPerHour { refusal = "tooMany" }
        guard let user, refusal == nil else {
            try services.audit.append(
                [
                    services.record(
                        "passwordResetAsked", .refused, user: user?.id, nameDigest: services.nameDigest(name), context: context,
                        detail: [("reason", refusal ?? "")])
                ], in: transaction)
            return
        }
        let token = services.random.token()
        try PasswordResetStore.insert(
            Digests.sha256(token), userID: user.id, at: now, expiresAt: now.adding(seconds: services.policy.passwordResetSeconds),
            in: transaction)
        try services.notify(
            user, template: "identity.passwordReset", subject: "Choose a new password", body: message(for: user, token: token),
            in: transaction)
        try services.audit.append([services.record("passwordResetAsked", .success, user: user.id, context: context)], in: transaction)
    }

    private func message(for user: UserAccount, token: String) -> MessageBody {
        let minutes = services.policy.passwordResetSeconds / 60
        guard let link = services.passwordResetLink(user.roles, token) else {
            return """
                Somebody, probably you, asked for a new password for \(user.username). Your code is \(secret: token) and it is good once, \
                for \(minutes) minutes. If that was not you, nothing has changed; you can ignore this message.
                """
        }
        return """
            Somebody, probably you, asked for a new password for \(user.username). Your code is \(secret: token) and it is good once, \
            for \(minutes) minutes. You can also open \(secret: link) to choose the new password. If that was not you, nothing has \
            changed; you can ignore this message.
            """
    }
}

/// Choosing a new password with a token from a message. Every session ends; the second factor stays.
struct ResetPassword: Sendable {
    let services: IdentityServices

    static let invalidToken = Refusal.rule(
        "invalid_token", "This code has been used or is too old; please ask for a new one", field: "token")

    /// - Throws: 422 `invalid_token`; 422 with the fault of `newPassword`
    func callAsFunction(token: String, newPassword: String, context: RequestContext) async throws {
        let services = services
        let tokenHash = Digests.sha256(token)
        let found = try await services.pool.read(deadline: context.deadline) { transaction in
            try PasswordResetStore.user(of: tokenHash, at: services.clock.now(), in: transaction).flatMap {
                try UserStore.find($0, in: transaction)
            }
        }
        guard let user = found, !user.isDisabled else { throw Self.invalidToken }
        if let fault = services.fault(ofNewPassword: newPassword, username: user.username, field: "newPassword") {
            throw Refusal.validation([fault])
        }
        if try await services.hasher.verify(newPassword, against: user.passwordHash) {
            throw Refusal.validation([.init("newPassword", "unchanged", "The new password is the present one")])
        }
        let hash = try await services.hasher.hash(newPassword)
        let isReset = try await services.pool.transaction(deadline: context.deadline) { transaction in
            try store(hash, of: user.id, tokenHash: tokenHash, context: context, in: transaction)
        }
        guard isReset else { throw Self.invalidToken }
    }

    private func store(
        _ hash: String, of userID: Identifier<User>, tokenHash: [UInt8], context: RequestContext, in transaction: Transaction
    ) throws -> Bool {
        let now = services.clock.now()
        guard let user = try UserStore.lock(userID, in: transaction), !user.isDisabled,
            try PasswordResetStore.spend(tokenHash, of: userID, at: now, in: transaction)
        else { return false }
        try UserStore.setPassword(hash, of: userID, at: now, in: transaction)
        // Whoever reads the mail of this person need not wait until somebody else's wrong guesses are forgotten.
        try services.clearFailures(of: user, in: transaction)
        let ended = try SessionStore.endOthers(of: userID, keeping: nil, because: .passwordReset, at: now, in: transaction)
        try services.notify(
            user, template: "identity.passwordChanged", subject: "Your password was changed",
            body: "The password of \(user.username) was changed. If that was not you, please call the bank at once.", in: transaction)
        try services.audit.append(
            [services.record("passwordReset", .success, user: userID, context: context, detail: [("sessionsEnded", String(ended))])],
            in: transaction)
        return true
    }
}
