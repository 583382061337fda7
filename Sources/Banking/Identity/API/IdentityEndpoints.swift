import HTTPEdge
import Kernel
import Safeguards

/// What this room answers to over HTTP (contract, sections 1.7, 3 and 4).
struct IdentityEndpoints: Sendable {
    let services: IdentityServices
    let keys: SigningKeys

    private static let tag = "Authentication"

    var all: [Endpoint] {
        [
            login, refresh, logout, me, changePassword, changePasswordInPortal, sessions, endSession, endOtherSessions, verifyStepUp,
            resendStepUp, keySet,
        ] + SecondFactorEndpoints(services: services).all
    }

    private var login: Endpoint {
        let signIn = SignIn(services: services)
        return Endpoint(
            .post, "/api/authentication/login", summary: "Sign in", tag: Self.tag, access: .everyone, body: LoginRequest.self,
            reply: SignedInView.self,
            errors: ["invalid_credentials", "too_many_attempts", "user_disabled", "channel_not_allowed"],
            options: EndpointOptions(
                rateLimit: .signIn, allowsTemporaryPassword: true, alternatives: [AlternativeReply(200, SecondFactorNeededView.self)])
        ) { call in
            switch try await signIn(username: call.body.username, password: call.body.password, context: call.context) {
            case .done(let signedIn): return Self.reply(signedIn, context: call.context, request: call.request)
            case .secondFactorNeeded(let challengeID, let expiresInSeconds):
                return .other(200, SecondFactorNeededView(challengeID: challengeID, expiresInSeconds: expiresInSeconds))
            }
        }
    }

    private var refresh: Endpoint {
        let refresh = RefreshSession(services: services)
        return Endpoint(
            .post, "/api/authentication/refresh", summary: "Trade the refresh token for a new pair", tag: Self.tag, access: .everyone,
            body: RefreshRequest.self, reply: SignedInView.self, errors: ["invalid_refresh_token", "refresh_token_reused"],
            options: EndpointOptions(allowsTemporaryPassword: true, usesRefreshCookie: true, allowsEmptyBody: true)
        ) { call in
            let signedIn: SignedIn
            if call.context.isBrowserChannel {
                guard let token = call.request.cookie(RefreshCookie.name(of: call.context.channel)), !token.isEmpty else {
                    throw RefreshSession.invalid
                }
                signedIn = try await refresh(token, from: .cookie(call.context.channel), context: call.context)
            } else {
                guard let token = call.body.refreshToken else {
                    throw Refusal.validation([.init("refreshToken", "required", "This field is required")])
                }
                signedIn = try await refresh(token, from: .body, context: call.context)
            }
            return Self.reply(signedIn, context: call.context, request: call.request)
        }
    }

    private var logout: Endpoint {
        let signOut = SignOut(services: services)
        return Endpoint(
            .post, "/api/authentication/logout", summary: "End the session", tag: Self.tag, access: .everyone, body: LogoutRequest.self,
            options: EndpointOptions(allowsTemporaryPassword: true, usesRefreshCookie: true, allowsEmptyBody: true)
        ) { call in
            var refreshTokens = call.body.refreshToken.map { [$0] } ?? []
            let cookieName = RefreshCookie.name(of: call.context.channel)
            if call.context.isBrowserChannel, let cookie = call.request.cookie(cookieName) { refreshTokens.append(cookie) }
            try await signOut(
                accessToken: Self.bearerToken(call.request), refreshTokens: refreshTokens.filter { !$0.isEmpty }, context: call.context)
            let reply = Reply<NoContent>.noContent
            guard call.context.isBrowserChannel else { return reply }
            return reply.setting(RefreshCookie.clearing(channel: call.context.channel, isSecure: call.request.isSecure))
        }
    }

    private var me: Endpoint {
        let sessions = OwnSessions(services: services)
        return Endpoint(
            .get, "/api/authentication/me", summary: "The signed-in user", tag: Self.tag, access: .signedIn, reply: UserView.self,
            options: EndpointOptions(allowsTemporaryPassword: true)
        ) { call in
            Reply(UserView(user: try await sessions.user(context: call.context)))
        }
    }

    private var changePassword: Endpoint {
        let change = ChangePassword(services: services)
        return Endpoint(
            .post, "/api/authentication/change-password", summary: "Change the own password; every other session ends", tag: Self.tag,
            access: .signedIn, body: ChangePasswordRequest.self, errors: ["too_many_attempts"],
            options: EndpointOptions(allowsTemporaryPassword: true)
        ) { call in
            try await change(current: call.body.currentPassword, new: call.body.newPassword, context: call.context)
            return .noContent
        }
    }

    /// The same under the portal's path (contract, section 5).
    private var changePasswordInPortal: Endpoint {
        let change = ChangePassword(services: services)
        return Endpoint(
            .post, "/api/customer-portal/profile/change-password", summary: "Change the own password; every other session ends",
            tag: "Customer portal", access: .signedIn, body: ChangePasswordRequest.self, errors: ["too_many_attempts"],
            options: EndpointOptions(isIdempotent: false)
        ) { call in
            try await change(current: call.body.currentPassword, new: call.body.newPassword, context: call.context)
            return .noContent
        }
    }

    private var sessions: Endpoint {
        let sessions = OwnSessions(services: services)
        return Endpoint(
            .get, "/api/authentication/sessions", summary: "Own sessions, newest first", tag: Self.tag, access: .signedIn,
            query: SessionQuery.self, reply: Page<SessionView>.self
        ) { call in
            let current = try call.context.requirePrincipal().sessionID
            var place = call.query.page.cursor?.reader
            let before: Identifier<Session>? = try place?.identifier()
            let found = try await sessions.list(before: before, limit: call.query.page.fetchCount, context: call.context)
            let views = found.map { SessionView(session: $0, isCurrent: $0.id == current) }
            return Reply(call.page(views) { Cursor().adding($0.session.id) })
        }
    }

    private var endSession: Endpoint {
        let sessions = OwnSessions(services: services)
        return Endpoint(
            .delete, "/api/authentication/sessions/{sessionId}", summary: "End one of the own sessions", tag: Self.tag,
            access: .signedIn, errors: ["not_found"]
        ) { call in
            try await sessions.end(call.pathIdentifier("sessionId"), context: call.context)
            return .noContent
        }
    }

    private var endOtherSessions: Endpoint {
        let sessions = OwnSessions(services: services)
        return Endpoint(
            .delete, "/api/authentication/sessions", summary: "End all own sessions but the current one", tag: Self.tag,
            access: .signedIn
        ) { call in
            try await sessions.endOthers(context: call.context)
            return .noContent
        }
    }

    private var verifyStepUp: Endpoint {
        let codes = StepUpCodes(services: services)
        return Endpoint(
            .post, "/api/authentication/step-up/verify", summary: "Answer a challenge with its code", tag: Self.tag,
            access: .roles(.owner), body: StepUpVerifyRequest.self, reply: StepUpTokenView.self,
            errors: ["invalid_code", "challenge_expired", "too_many_attempts"]
        ) { call in
            let token = try await codes.verify(
                Identifier(call.body.challengeID), method: call.body.method?.rawValue, code: call.body.code, context: call.context)
            return Reply(StepUpTokenView(token: token.token, expiresInSeconds: token.expiresInSeconds))
        }
    }

    private var resendStepUp: Endpoint {
        let codes = StepUpCodes(services: services)
        return Endpoint(
            .post, "/api/authentication/step-up/resend", summary: "Send a new code for a challenge, at most three times", tag: Self.tag,
            access: .roles(.owner), body: StepUpResendRequest.self, reply: StepUpResentView.self, status: 202,
            errors: ["challenge_expired", "too_many_attempts"]
        ) { call in
            let resent = try await codes.resend(Identifier(call.body.challengeID), context: call.context)
            return Reply(
                StepUpResentView(challengeID: resent.challengeID, expiresAt: resent.expiresAt, resendsLeft: resent.resendsLeft))
        }
    }

    private var keySet: Endpoint {
        let view = KeySetView(keys)
        return Endpoint(
            .get, "/.well-known/jwks.json", summary: "Public keys of access tokens", tag: "Platform", access: .everyone,
            reply: KeySetView.self, options: EndpointOptions(cacheSeconds: 300)
        ) { _ in Reply(view) }
    }

    /// The pair as its channel takes it: a browser gets the refresh token in the cookie only.
    static func reply(_ signedIn: SignedIn, context: RequestContext, request: HTTPRequest) -> Reply<SignedInView> {
        let isBrowser = context.isBrowserChannel
        let reply = Reply(
            SignedInView(
                token: signedIn.accessToken, expiresInSeconds: signedIn.expiresInSeconds,
                refreshToken: isBrowser ? nil : signedIn.refreshToken, user: UserView(user: signedIn.user)))
        guard isBrowser else { return reply }
        return reply.setting(
            RefreshCookie.setting(
                signedIn.refreshToken, channel: context.channel, seconds: signedIn.refreshSeconds, isSecure: request.isSecure))
    }

    private static func bearerToken(_ request: HTTPRequest) -> String? {
        guard let header = request.header("Authorization") else { return nil }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1])
    }
}
