import HTTPEdge
import Kernel
import Postgres
import TestKit
import Testing

@testable import Parties

/// The identity check as its customer sees it, and the queue of what customers send.
@Suite struct OwnIdentityTests {
    private static let path = "/api/customer-portal/identity-check"
    private static let png =
        [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0, 1]
        + [UInt8](repeating: 0, count: 21) + Array("IEND".utf8)

    private func send(
        _ desk: CustomerDesk, _ owner: String, _ type: String, _ bytes: [UInt8] = png, extra: [(String, String)] = []
    ) async -> InProcessResponse {
        await desk.client.signedIn(owner).upload(
            Self.path + "/documents", fields: [("documentType", type)] + extra,
            files: [("file", UploadedFile(fileName: "scan.png", declaredType: "image/png", bytes: bytes))])
    }

    @Test func whatIsMissingIsSentAndReviewed() async throws {
        try await CustomerDesk.run { desk in
            let cif = await desk.register()
            let id = try #require(await desk.send(.get, "/api/cif/\(cif)").text("customerId"))
            let owner = "customer:\(id)"
            let first = await desk.send(.get, Self.path, as: owner)
            #expect(first.text("kycStatus") == "pending" && first.text("perTransactionLimit") == "1000.00")
            #expect(first.text("missingDocuments", 0) == "identityDocument" && first.text("missingDocuments", 1) == "photo")
            #expect(first.text.contains(#""nextTier":1"#) && first.text.contains(#""maySendMoney":false"#))

            let sent = await send(desk, owner, "nationalId", extra: [("documentNumber", "12345678"), ("expiryDate", "2099-01-01")])
            #expect(sent.status == 201 && sent.text("status") == "waiting" && sent.text("documentNumber") == "****5678")
            #expect(sent.text("sha256") == nil && sent.text("uploadedBy") == nil)
            // From here on it is under way, and its customer's document stands in the queue.
            let second = await desk.send(.get, Self.path, as: owner)
            #expect(second.text("kycStatus") == "inProgress" && second.text("missingDocuments", 0) == "photo")
            #expect(second.text("documents", 0, "documentId") == sent.text("documentId"))
            let queue = await desk.send(.get, "/api/cif/pending-documents", as: "Teller")
            #expect(queue.text("items", 0, "cifNumber") == cif && queue.text("items", 0, "documentId") == sent.text("documentId"))

            let document = try #require(sent.text("documentId"))
            let verified = await desk.send(
                .put, "/api/cif/\(cif)/kyc-status",
                json: #"{"newStatus":"verified","kycTier":1,"verifiedDocuments":["\#(document)"]}"#)
            #expect(verified.status == 200)
            let third = await desk.send(.get, Self.path, as: owner)
            #expect(third.text("documents", 0, "status") == "accepted" && third.text("perTransactionLimit") == "2000.00")
            #expect(third.text.contains(#""maySendMoney":true"#) && third.text.contains(#""nextTier":2"#))
            #expect(await desk.send(.get, "/api/cif/pending-documents")["items", 0] == nil)
            // A verified customer may add something without losing the verification.
            #expect(await send(desk, owner, "photo").status == 201)
            #expect(await desk.send(.get, Self.path, as: owner).text("kycStatus") == "verified")
            let actions = try await desk.database.superuserPool.read {
                try $0.query("SELECT action FROM audit.record WHERE action IN ('parties.addDocument', 'parties.takeUpKYC') ORDER BY action")
                    .map { try $0.text(0) }
            }
            #expect(actions == ["parties.addDocument", "parties.addDocument", "parties.takeUpKYC"])
        }
    }

    @Test func refusals() async throws {
        try await CustomerDesk.run { desk in
            let cif = await desk.register()
            let id = try #require(await desk.send(.get, "/api/cif/\(cif)").text("customerId"))
            let owner = "customer:\(id)"
            #expect(await send(desk, owner, "photo", Array("MZ program".utf8)).problemCode == "unsupported_file")
            #expect(await send(desk, owner, "somethingElse").status == 422)
            let old = await send(desk, owner, "passport", extra: [("expiryDate", "2001-01-01")])
            #expect(old.status == 422 && old.text("errors", 0, "field") == "expiryDate" && old.text("errors", 0, "code") == "in_past")
            #expect(await desk.send(.get, Self.path, as: "Teller").status == 403)
            #expect(await desk.send(.get, Self.path, as: owner).text("kycStatus") == "pending")
            for _ in 0..<OwnIdentityCheck.waitingLimit { #expect(await send(desk, owner, "photo").status == 201) }
            #expect(await send(desk, owner, "photo").problemCode == "limit_exceeded")
        }
    }
}
