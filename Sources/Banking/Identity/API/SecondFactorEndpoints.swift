import HTTPEdge
import Kernel

/// The second factor, and the way back for those who forgot their password (contract, section 4).
struct SecondFactorEndpoints: Sendable {
    let services: IdentityServices

    private static let tag = "Authentication"

    var all: [Endpoint] { [verify, status, enrol, confirm, disable, forgotPassword, resetPassword] }

    private var verify: Endpoint {
        let verify = VerifySecondFactor(services: services)
        return Endpoint(
            .post, "/api/authentication/mfa/verify", summary: "Second step of sign-in", tag: Self.tag, access: .everyone,
            body: MFAVerifyRequest.self, reply: SignedInView.self,
            errors: ["401 invalid_code", "401 challenge_expired", "user_disabled", "too_many_attempts"],
            options: EndpointOptions(allowsTemporaryPassword: true)
        ) { call in
            let signedIn = try await verify(
                Identifier(call.body.challengeID), method: call.body.method, code: call.body.code, context: call.context)
            return IdentityEndpoints.reply(signedIn, context: call.context, request: call.request)
        }
    }

    private var status: Endpoint {
        let secondFactor = OwnSecondFactor(services: services)
        return Endpoint(
            .get, "/api/authentication/mfa", summary: "The own second factor", tag: Self.tag, access: .signedIn,
            reply: SecondFactorView.self
        ) { call in
            let status = try await secondFactor.status(context: call.context)
            return Reply(SecondFactorView(isEnrolled: status.isEnrolled, recoveryCodesLeft: status.recoveryCodesLeft))
        }
    }

    private var enrol: Endpoint {
        let secondFactor = OwnSecondFactor(services: services)
        return Endpoint(
            .post, "/api/authentication/mfa/enrol", summary: "A secret for an authenticator app; active once confirmed", tag: Self.tag,
            access: .signedIn, body: MFAEnrolRequest.self, reply: EnrolmentView.self, errors: ["invalid_state", "too_many_attempts"]
        ) { call in
            Reply(EnrolmentView(enrolment: try await secondFactor.enrol(password: call.body.password, context: call.context)))
        }
    }

    private var confirm: Endpoint {
        let secondFactor = OwnSecondFactor(services: services)
        return Endpoint(
            .post, "/api/authentication/mfa/confirm", summary: "Activate the second factor; recovery codes are shown once",
            tag: Self.tag, access: .signedIn, body: MFAConfirmRequest.self, reply: RecoveryCodesView.self,
            errors: ["invalid_code", "challenge_expired", "invalid_state"]
        ) { call in
            Reply(RecoveryCodesView(codes: try await secondFactor.confirm(code: call.body.code, context: call.context)))
        }
    }

    private var disable: Endpoint {
        let secondFactor = OwnSecondFactor(services: services)
        return Endpoint(
            .post, "/api/authentication/mfa/disable", summary: "Give the second factor up", tag: Self.tag, access: .signedIn,
            body: MFADisableRequest.self, errors: ["invalid_code", "invalid_state", "too_many_attempts"]
        ) { call in
            try await secondFactor.disable(password: call.body.password, code: call.body.code, context: call.context)
            return .noContent
        }
    }

    private static let resetAnswer = MessageView(
        message: "If this user exists, a message with a code to choose a new password is on its way.")

    private var forgotPassword: Endpoint {
        let forgotten = ForgottenPassword(services: services)
        return Endpoint(
            .post, "/api/authentication/forgot-password", summary: "Ask for a code to choose a new password", tag: Self.tag,
            access: .everyone, body: ForgotPasswordRequest.self, reply: MessageView.self, status: 202,
            options: EndpointOptions(rateLimit: .signIn)
        ) { call in
            try await forgotten(call.body.name, context: call.context)
            return Reply(Self.resetAnswer)
        }
    }

    private var resetPassword: Endpoint {
        let reset = ResetPassword(services: services)
        return Endpoint(
            .post, "/api/authentication/reset-password", summary: "Choose a new password with the code from the message",
            tag: Self.tag, access: .everyone, body: ResetPasswordRequest.self, errors: ["422 invalid_token"]
        ) { call in
            try await reset(token: call.body.token, newPassword: call.body.newPassword, context: call.context)
            return .noContent
        }
    }
}
