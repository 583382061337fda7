import HTTPEdge
import Kernel
import Postgres
import Safeguards
import Screening
import TestKit
import Testing

@testable import Parties

@Suite struct CIFTests {
    @Test func registersAPersonOnce() async throws {
        try await CustomerDesk.run { desk in
            let first = await desk.send(.post, "/api/cif/individual", as: "Teller", json: CustomerDesk.individual(), key: "k1")
            #expect(first.status == 201)
            #expect(first.text("kycStatus") == "pending" && first.text("kycTier") == "0" && first.text("partyType") == "individual")
            #expect(first.text("primaryIdentification", "documentNumber") == "12345678" && first.text("primaryPhone") == "+254711000009")
            let again = await desk.send(.post, "/api/cif/individual", as: "Teller", json: CustomerDesk.individual(), key: "k1")
            #expect(again.status == 201 && again.body == first.body && again.headers["Idempotent-Replayed"] == "true")
            let twin = await desk.send(.post, "/api/cif/individual", as: "Teller", json: CustomerDesk.individual("Other", "Name"))
            #expect(twin.status == 409 && twin.problemCode == "duplicate_customer")
            // The same name and day of birth with another document is flagged, not refused.
            let similar = await desk.send(
                .post, "/api/cif/individual", as: "Teller", json: CustomerDesk.individual("Jane", "Wanjirũ", idNumber: "87654321"))
            #expect(similar.status == 201)
            #expect(similar.text("possibleDuplicates", 0) == first.text("customerId"))
            let stranger = await desk.send(.post, "/api/cif/individual", as: "LoanOfficer", json: CustomerDesk.individual())
            #expect(stranger.status == 403)
        }
    }

    @Test func refusesWhatCannotBe() async throws {
        try await CustomerDesk.run { desk in
            func faults(_ json: String, _ kind: String = "individual") async -> [String] {
                await desk.send(.post, "/api/cif/\(kind)", as: "Teller", json: json).faults
            }
            #expect(await faults(CustomerDesk.individual(born: "2015-01-01")) == ["dateOfBirth:out_of_range"])
            #expect(await faults(CustomerDesk.individual(idNumber: "12")) == ["primaryIdentification.documentNumber:invalid_format"])
            #expect(
                await faults(CustomerDesk.individual(extra: #","kycTier":3,"isSanctioned":false"#)) == [
                    "kycTier:not_allowed", "isSanctioned:not_allowed",
                ])
            #expect(await faults("{}").contains("primaryAddress:required"))
            #expect(
                await faults(CustomerDesk.individual().replacing(#""nationality":"KE""#, with: #""nationality":"ZZ""#)) == [
                    "nationality:invalid_format"
                ])
            #expect(
                await faults(CustomerDesk.corporate().replacing(#""kraPin":"P051234567Z","#, with: ""), "corporate") == ["kraPin:required"])
            #expect(
                await faults(CustomerDesk.corporate().replacing("2020-01-02", with: "2999-01-02"), "corporate") == [
                    "incorporationDate:in_future"
                ])
        }
    }

    @Test func numbersAreMaskedAndSealed() async throws {
        try await CustomerDesk.run { desk in
            let cif = await desk.register()
            let seen = await desk.send(.get, "/api/cif/\(cif)", as: "Auditor")
            #expect(seen.text("kraPin") == "****789Z" && seen.text("primaryPhone") == "****0009")
            #expect(seen.text("primaryIdentification", "documentNumber") == "****5678")
            let raw = try await desk.database.superuserPool.read { transaction in
                try ["customer", "customer_history", "identity_number"].map { table in
                    try transaction.query("SELECT string_agg(t::text, ' ') FROM parties.\(raw: table) t").first?.text(0) ?? ""
                }.joined() + (try transaction.query("SELECT string_agg(body::text, ' ') FROM platform.idempotency").first?.text(0) ?? "")
            }
            for secret in ["12345678", "A123456789Z", "salary"] { #expect(!raw.contains(secret)) }
            // Who saw the numbers is in the audit trail; who saw stars is not.
            let views = try await desk.database.superuserPool.read {
                try $0.query("SELECT count(*) FROM audit.record WHERE action = 'parties.view'").first?.int64(0)
            }
            #expect(views == 0)
            _ = await desk.send(.get, "/api/cif/\(cif)", as: "Teller")
            let after = try await desk.database.superuserPool.read {
                try $0.query("SELECT count(*) FROM audit.record WHERE action = 'parties.view'").first?.int64(0)
            }
            #expect(after == 1)
        }
    }

    @Test(arguments: [
        "name=wanj", "name=JANE+WANJERU", "name=W%C3%A0njeru+Jayne", "name=Jehn", "idNumber=12345678", "phone=0711000009",
        "email=JANE@example.com", "kraPin=A123456789Z",
    ])
    func finds(criterion: String) async throws {
        try await CustomerDesk.run { desk in
            let cif = await desk.register()
            _ = await desk.register(CustomerDesk.corporate(), kind: "corporate")
            let found = await desk.send(.get, "/api/cif/search?\(criterion)", as: "LoanOfficer")
            #expect(found.status == 200)
            #expect(found.text("items", 0, "cifNumber") == cif && found["items", 1] == nil)
            let nothing = await desk.send(.get, "/api/cif/search", as: "LoanOfficer")
            #expect(nothing.status == 422)
        }
    }

    @Test func changesKeepTheirHistory() async throws {
        try await CustomerDesk.run { desk in
            let cif = await desk.register()
            let before = desk.clock.now()
            desk.clock.advance(seconds: 60)
            let changed = await desk.send(
                .put, "/api/cif/\(cif)", as: "Teller", json: #"{"version":1,"lastName":"Kamau","occupation":"Teacher"}"#)
            #expect(changed.status == 200 && changed.text("fullName") == "Jane Kamau" && changed.text("version") == "2")
            let stale = await desk.send(.put, "/api/cif/\(cif)", as: "Teller", json: #"{"version":1,"lastName":"X"}"#)
            #expect(stale.status == 409 && stale.problemCode == "version_conflict")
            let missing = await desk.send(.put, "/api/cif/\(cif)", as: "Teller", json: #"{"lastName":"X"}"#)
            #expect(missing.faults == ["version:required"])
            let now = await desk.send(.get, "/api/cif/\(cif)/history", as: "Teller")
            #expect(now.text("changes", 0, "changedBy") == "Teller" && now.text("changes", 0, "fields", 0) == "fullName")
            let then = await desk.send(.get, "/api/cif/\(cif)/history?asOf=\(before)", as: "Teller")
            #expect(then.text("record", "fullName") == "Jane Wanjiru" && then.text("record", "version") == "1")
            let early = await desk.send(.get, "/api/cif/\(cif)/history?asOf=2001-01-01", as: "Teller")
            #expect(early.status == 404)
            let rated = await desk.send(.put, "/api/cif/\(cif)", as: "Teller", json: #"{"version":2,"riskRating":"low"}"#)
            #expect(rated.faults == ["riskRating:not_allowed"])
            let pep = await desk.send(.put, "/api/cif/\(cif)", json: #"{"version":2,"isPep":true,"riskRating":"high"}"#)
            #expect(pep.status == 200 && pep.text("isPep") == nil && pep["isPep"] == .boolean(true))
            let risky = await desk.send(.get, "/api/cif/high-risk", as: "RiskOfficer")
            #expect(risky.text("items", 0, "cifNumber") == cif && risky.text("items", 0, "riskFlags", 0) == "pep")
        }
    }

    @Test func verificationGoesStepByStep() async throws {
        try await CustomerDesk.run { desk in
            let cif = await desk.register()
            let pending = await desk.send(.get, "/api/cif/pending-kyc", as: "Teller")
            #expect(pending.text("items", 0, "cifNumber") == cif && pending.text("items", 0, "daysPending") == "0")
            let jump = await desk.send(.put, "/api/cif/\(cif)/kyc-status", json: #"{"newStatus":"verified","kycTier":2}"#)
            #expect(jump.status == 409 && jump.problemCode == "invalid_state" && jump.text("currentState") == "pending")
            let verified = await desk.verify(cif)
            #expect(verified.status == 200 && verified.text("kycTier") == "2" && verified.text("kycExpiryDate") != nil)
            #expect(await desk.send(.put, "/api/cif/\(cif)/kyc-status", as: "Teller", json: #"{"newStatus":"expired"}"#).status == 403)
            // Time passes, and the verification runs out by itself.
            desk.clock.advance(seconds: 4 * 366 * 86_400)
            _ = try await desk.registry.expireVerifications()
            let expired = await desk.send(.get, "/api/cif/\(cif)", as: "Teller")
            #expect(expired.text("kycStatus") == "expired")
            let facts = try await desk.pool.read { transaction in
                let id = try PartyDirectory().require(cif, in: transaction).id
                return try PartyDirectory().facts(of: id, in: transaction)
            }
            #expect(facts?.isVerified == false && facts?.residenceCountry == "KE" && facts?.segment == .retail)
            #expect(facts?.age(on: BusinessDate(iso: "2026-04-04") ?? BusinessDate(epochDay: 0)) == 35)
        }
    }

    @Test func organisationsNameTheirOwners() async throws {
        try await CustomerDesk.run { desk in
            let cif = await desk.register(CustomerDesk.corporate(), kind: "corporate")
            let refused = await desk.verify(cif, tier: 3)
            #expect(refused.status == 422 && refused.problemCode == "conditions_not_met")
            let owners = #"[{"name":"Peter Kamau","identificationNumber":"22334455","ownershipPercentage":"60"}]"#
            let listed = await desk.send(.put, "/api/cif/\(cif)", json: #"{"version":2,"beneficialOwners":\#(owners)}"#)
            #expect(listed.status == 200)
            let verified = await desk.verify(cif, tier: 3)
            #expect(verified.status == 200 && verified.text("kycTier") == "3" && verified.text("segment") == "corporate")
        }
    }

    @Test func blockingAndRelating() async throws {
        try await CustomerDesk.run { desk in
            let jane = await desk.register()
            let baraka = await desk.register(CustomerDesk.corporate(), kind: "corporate")
            let blocked = await desk.send(.post, "/api/cif/\(jane)/block", json: #"{"reason":"court order"}"#)
            #expect(blocked.text("status") == "blocked")
            #expect(await desk.send(.post, "/api/cif/\(jane)/block", json: #"{"reason":"again"}"#).problemCode == "invalid_state")
            #expect(await desk.send(.post, "/api/cif/\(jane)/unblock", json: #"{"reason":"lifted"}"#).text("status") == "active")

            let body = #"{"relatedCifNumber":"\#(baraka)","relationshipType":"director","ownershipPercentage":"25.5"}"#
            let made = await desk.send(.post, "/api/cif/\(jane)/relationships", as: "Teller", json: body)
            #expect(made.status == 201 && made.text("ownershipPercentage") == "25.5")
            #expect(
                await desk.send(.post, "/api/cif/\(jane)/relationships", as: "Teller", json: body).faults == ["relatedCifNumber:duplicate"])
            let own = body.replacing(baraka, with: jane)
            #expect(
                await desk.send(.post, "/api/cif/\(jane)/relationships", as: "Teller", json: own).faults == ["relatedCifNumber:not_allowed"]
            )
            let other = await desk.send(.get, "/api/cif/\(baraka)/relationships", as: "Teller")
            #expect(other.text("items", 0, "relatedCifNumber") == jane && other["items", 0, "isInverse"] == .boolean(true))
            let id = made.text("relationshipId") ?? ""
            #expect(await desk.send(.delete, "/api/cif/\(jane)/relationships/\(id)", as: "Teller").status == 204)
            #expect(await desk.send(.delete, "/api/cif/\(jane)/relationships/\(id)", as: "Teller").status == 404)
        }
    }

    @Test func access() async throws {
        try await CustomerDesk.run { desk in
            let cif = await desk.register()
            let body = #"{"username":"jane.w","email":"jane@example.com","role":"customer"}"#
            let granted = await desk.send(.post, "/api/cif/\(cif)/portal-access", as: "Teller", json: body, key: "p")
            #expect(granted.status == 201 && granted.text("userId") != nil)
            #expect(desk.users.value.map(\.phone) == ["+254711000009"])
            _ = await desk.send(.post, "/api/cif/\(cif)/portal-access", as: "Teller", json: body, key: "p")
            #expect(desk.users.value.count == 1)
            let wrong = await desk.send(
                .post, "/api/cif/\(cif)/portal-access", as: "Teller", json: body.replacing("\"customer\"", with: "\"corporateMaker\""))
            #expect(wrong.faults == ["role:not_allowed"])
        }
    }

    @Test func mergingTwoRecords() async throws {
        try await CustomerDesk.run { desk in
            let kept = await desk.register()
            let twin = await desk.register(CustomerDesk.individual("Jayne", "Wanjiru", idNumber: "87654321"))
            let pdf = Array("%PDF-1.7\nhello\n%%EOF".utf8)
            let stored = await desk.client.signedIn("Teller").upload(
                "/api/cif/\(twin)/documents", fields: [("documentType", "passport")],
                files: [("file", UploadedFile(fileName: "p.pdf", declaredType: nil, bytes: pdf))])
            #expect(stored.status == 201)
            let merged = await desk.send(
                .post, "/api/cif/\(kept)/merge", as: "BranchManager", json: #"{"duplicateCifNumber":"\#(twin)","reason":"one person"}"#)
            #expect(merged.status == 200, "\(merged.text)")
            #expect(await desk.send(.get, "/api/cif/\(twin)", as: "Teller").text("status") == "closed")
            #expect(await desk.send(.get, "/api/cif/\(kept)/documents", as: "Teller").text("items", 0, "documentType") == "passport")
            #expect(await desk.send(.get, "/api/cif/search?name=Wanjiru", as: "Teller")["items", 1] == nil)
        }
    }

    @Test func documents() async throws {
        try await CustomerDesk.run { desk in
            let cif = await desk.register()
            let teller = desk.client.signedIn("Teller")
            func upload(_ bytes: [UInt8], _ name: String = "scan.pdf") async -> InProcessResponse {
                await teller.upload(
                    "/api/cif/\(cif)/documents", fields: [("documentType", "proofOfAddress"), ("documentNumber", "AB 123456")],
                    files: [("file", UploadedFile(fileName: name, declaredType: "application/pdf", bytes: bytes))])
            }
            let pdf = Array("%PDF-1.4\nsecret words\n%%EOF\n".utf8)
            let kept = await upload(pdf, "../../etc/pass12345678.pdf")
            #expect(kept.status == 201 && kept.text("fileName") == "pass****5678.pdf" && kept.text("contentType") == "application/pdf")
            #expect(kept.text("documentNumber") == "****3456")
            #expect(kept.text("sha256") == Digests.sha256(pdf).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
            for wrong in ["MZ\u{0}\u{0}", "<html>%PDF-1.4 %%EOF", "", "%PDF-1.4 no end", "\u{89}PNG"] {
                let refused = await upload(Array(wrong.utf8))
                #expect(refused.status == 422)
                if !wrong.isEmpty { #expect(refused.problemCode == "unsupported_file") }
            }
            let id = kept.text("documentId") ?? ""
            #expect(kept.headers["Location"] == "/api/cif/\(cif)/documents/\(id)/content")
            let content = await desk.send(.get, "/api/cif/\(cif)/documents/\(id)/content", as: "Auditor")
            #expect(content.status == 200 && content.body == pdf)
            #expect(content.headers["Content-Disposition"]?.hasPrefix("attachment") == true)
            let raw = try await desk.database.superuserPool.read { transaction in
                (
                    try transaction.query("SELECT content FROM parties.document").first?.bytes(0) ?? [],
                    try transaction.query("SELECT count(*) FROM audit.record WHERE action = 'parties.viewDocument'").first?.int64(0)
                )
            }
            #expect(!String(decoding: raw.0, as: UTF8.self).contains("secret words") && raw.1 == 1)
            let other = await desk.register(CustomerDesk.corporate(), kind: "corporate")
            #expect(await desk.send(.get, "/api/cif/\(other)/documents/\(id)/content").status == 404)
            let view = await desk.send(.get, "/api/cif/\(cif)/360-view", as: "Teller")
            #expect(view.status == 200 && view.text("documents", 0, "documentId") == id)
            #expect(view.text.contains("identityDocument is missing"))

            _ = await upload(pdf, "second.pdf")
            let newest = await desk.send(.get, "/api/cif/\(cif)/documents?limit=1")
            #expect(newest.text("items", 0, "fileName") == "second.pdf" && newest["items", 1] == nil)
            let oldest = await desk.send(
                .get, "/api/cif/\(cif)/documents?limit=1&cursor=\(newest.text("nextCursor") ?? "")")
            #expect(oldest.text("items", 0, "documentId") == id && oldest.text("nextCursor") == nil)
        }
    }

    /// Everything is readable before, between and after, and nothing is left under the old key.
    @Test func keysAreExchangedInChunks() async throws {
        try await CustomerDesk.run { desk in
            let cif = await desk.register()
            _ = await desk.register(CustomerDesk.corporate(), kind: "corporate")
            _ = await desk.send(.put, "/api/cif/\(cif)", as: "Teller", json: #"{"version":1,"occupation":"Teacher"}"#)
            let keys = DataKeys(current: [UInt8](repeating: 2, count: 32), earlier: [CustomerDesk.oldKey])
            let renewed = PartyVault(keys: keys, searchKey: [UInt8](repeating: 9, count: 32))
            let done = try await PartyKeyRotation(pool: desk.pool, vault: renewed, chunk: 1).run()
            #expect(done == PartyKeyRotation.Progress(profiles: 2, histories: 3, documents: 0))
            #expect(try await PartyKeyRotation(pool: desk.pool, vault: renewed).run().total == 0)
            let only = PartyVault(keys: DataKeys(current: [UInt8](repeating: 2, count: 32)), searchKey: [UInt8](repeating: 9, count: 32))
            let party = try await desk.pool.read { try PartyStore(vault: only).require(cif, in: $0) }
            #expect(party.profile.kraPin == "A123456789Z" && party.profile.occupation == "Teacher")
        }
    }

    @Test func screeningStopsAndReleases() async throws {
        try await CustomerDesk.run { desk in
            let list = UploadedFile(
                fileName: "l.csv", declaredType: nil, bytes: Array("id,name,programme\nL1,Eric Badege,LOCAL\nL2,Kamau Peter,LOCAL\n".utf8))
            let loaded = await desk.client.signedIn("ComplianceOfficer").upload(
                "/api/compliance/watchlists/local/import", files: [("file", list)])
            #expect(loaded.status == 201 && loaded.text("added") == "2")
            #expect(await desk.send(.get, "/api/compliance/watchlists").text("items", 0, "listCode") == "local")

            let hit = await desk.send(.post, "/api/cif/individual", as: "Teller", json: CustomerDesk.individual("Badege", "Eric"))
            #expect(hit.status == 201 && hit.text("status") == "blocked")
            let cif = hit.text("cifNumber") ?? ""
            #expect(await desk.send(.post, "/api/cif/\(cif)/unblock", json: #"{"reason":"please"}"#).problemCode == "invalid_state")
            let queue = await desk.send(.get, "/api/compliance/screening/hits?status=open")
            #expect(queue.text("items", 0, "score") == "1" && queue.text("items", 0, "decision") == "block")
            #expect(await desk.send(.get, "/api/compliance/screening/hits", as: "Teller").status == 403)
            let id = queue.text("items", 0, "hitId") ?? ""
            let review = #"{"decision":"falsePositive","notes":"another person"}"#
            #expect(await desk.send(.post, "/api/compliance/screening/hits/\(id)/review", json: review).text("status") == "falsePositive")
            #expect(await desk.send(.post, "/api/compliance/screening/hits/\(id)/review", json: review).problemCode == "invalid_state")
            let freed = await desk.send(.get, "/api/cif/\(cif)", as: "Teller")
            #expect(freed.text("status") == "active")
            // What was decided stays quiet, until the customer changes.
            let again = await desk.send(.post, "/api/compliance/screening/parties", json: #"{"cifNumber":"\#(cif)"}"#)
            #expect(again.status == 201 && again.text("decision") == "clear")
            let changed = await desk.send(
                .put, "/api/cif/\(cif)", as: "Teller", json: #"{"version":\#(freed.text("version") ?? ""),"dateOfBirth":"1991-01-01"}"#)
            #expect(changed.text("status") == "blocked")

            // A director on a list stops the organisation; that it is he keeps it stopped.
            let company = await desk.register(CustomerDesk.corporate(director: "Peter Kamau"), kind: "corporate")
            #expect(await desk.send(.get, "/api/cif/\(company)", as: "Teller").text("status") == "blocked")
            let second = await desk.send(.get, "/api/compliance/screening/hits?status=open&limit=1")
            let directorHit = second.text("items", 0, "hitId") ?? ""
            _ = await desk.send(
                .post, "/api/compliance/screening/hits/\(directorHit)/review", json: #"{"decision":"truePositive","notes":"it is he"}"#)
            let confirmed = await desk.send(.get, "/api/cif/\(company)", as: "Teller")
            #expect(confirmed["isSanctioned"] == .boolean(true) && confirmed.text("riskRating") == "prohibited")
        }
    }

    @Test func newListsFindOldCustomers() async throws {
        try await CustomerDesk.run { desk in
            let cif = await desk.register()
            let list = UploadedFile(fileName: "l.csv", declaredType: nil, bytes: Array("id,name\nL1,Wanjiru Jane\n".utf8))
            let compliance = desk.client.signedIn("ComplianceOfficer")
            #expect(await compliance.upload("/api/compliance/watchlists/local/import", files: [("file", list)]).status == 201)
            while try await desk.screening.rescreening.work() {}
            #expect(await desk.send(.get, "/api/cif/\(cif)", as: "Teller").text("status") == "blocked")
            let name = await desk.send(.post, "/api/compliance/screening/parties", as: "Teller", json: #"{"name":"Jane Wanjiru"}"#)
            #expect(name.text("decision") == "block" && name.text("matches", 0, "entryId") == "L1")
            let nobody = await desk.send(.post, "/api/compliance/screening/parties", as: "Teller", json: #"{"name":"Zebedayo Xu"}"#)
            #expect(nobody.text("decision") == "clear")
            let compare = await desk.send(
                .post, "/api/compliance/screening/compare", json: #"{"query":"John SMITH","candidate":"Smythe, John"}"#)
            #expect(compare.text("score") == "0.8928" && compare.text("normalisedQuery") == "john smith")
            let torn = UploadedFile(fileName: "l.xml", declaredType: nil, bytes: Array("<CONSOLIDATED_LIST>".utf8))
            #expect(
                await compliance.upload("/api/compliance/watchlists/un/import", files: [("file", torn)]).problemCode == "unsupported_file")
            #expect(await compliance.upload("/api/compliance/watchlists/other/import", files: [("file", list)]).status == 404)
        }
    }
}
