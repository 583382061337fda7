import Application
import Kernel
import Postgres

/// A decision about how far a party is verified (contract, 9: kyc-status).
public struct KYCDecision: Sendable {
    public let newStatus: KYCStatus
    public let tier: Int16?
    public let remarks: String?
    public let expiryDate: BusinessDate?
    public let verifiedDocuments: [String]

    public init(newStatus: KYCStatus, tier: Int16?, remarks: String?, expiryDate: BusinessDate?, verifiedDocuments: [String]) {
        self.newStatus = newStatus
        self.tier = tier
        self.remarks = remarks
        self.expiryDate = expiryDate
        self.verifiedDocuments = verifiedDocuments
    }
}

/// What a party may do: verification, blocks, merging.
extension PartyRegistry {
    /// - Throws: 404 `customer_not_found`; 409 `invalid_state`; 422 `conditions_not_met` when owners are not listed, `out_of_range`
    public func decideKYC(_ reference: String, _ decision: KYCDecision, context: RequestContext) async throws -> PartyVersion {
        let today = BusinessDate(of: clock.now())
        if let expiry = decision.expiryDate, expiry <= today {
            throw Refusal.validation([.init("expiryDate", "in_past", "A verification cannot expire before it is made")])
        }
        let (now, userID) = (clock.now(), context.principal?.userID)
        return try await change(reference, context: context) { party, transaction in
            let current = party.customer.kycStatus
            guard KYCPolicy.allows(current, decision.newStatus) else {
                throw Refusal.invalidState(
                    current.rawValue, "From \(current.rawValue) the verification cannot become \(decision.newStatus.rawValue)")
            }
            var tier = decision.tier ?? party.customer.kycTier
            if decision.newStatus == .verified {
                if decision.tier == nil { tier = max(1, tier) }
                guard tier >= 1 else {
                    throw Refusal.validation([.init("kycTier", "out_of_range", "Somebody who is verified has at least tier 1")])
                }
                if party.customer.kind == .corporate, !KYCPolicy.areOwnersListed(party.profile) {
                    throw Refusal.rule(
                        "conditions_not_met", "Owners of 10 % or more must be listed before an organisation is verified",
                        field: "beneficialOwners")
                }
                party.kycExpiryDate = decision.expiryDate ?? KYCPolicy.expiry(from: today, rating: party.riskRating)
            } else {
                if decision.newStatus == .rejected { tier = 0 }
                if let expiry = decision.expiryDate { party.kycExpiryDate = expiry }
            }
            party.customer.kycStatus = decision.newStatus
            party.customer.kycTier = tier
            if !decision.verifiedDocuments.isEmpty {
                try DocumentStore.markVerified(
                    decision.verifiedDocuments, of: party.customer.id, by: userID, at: now, in: transaction)
            }
            var detail = [("from", current.rawValue), ("to", decision.newStatus.rawValue), ("tier", String(tier))]
            let missing = decision.newStatus == .verified ? KYCPolicy.missing(for: tier, party) : []
            // Who verifies without everything the policy asks for answers for it by name.
            if !missing.isEmpty { detail.append(("waived", missing.joined(separator: ","))) }
            if !decision.verifiedDocuments.isEmpty { detail.append(("documents", decision.verifiedDocuments.joined(separator: ","))) }
            return ChangeNote(
                action: "setKYC", fields: ["kycStatus", "kycTier", "kycExpiryDate"], remarks: decision.remarks, detail: detail)
        }
    }

    /// A blocked customer's accounts refuse debits from this commit on.
    /// - Throws: 404 `customer_not_found`; 409 `invalid_state`
    public func block(_ reference: String, reason: String, context: RequestContext) async throws -> PartyVersion {
        try await change(reference, isIdempotent: true, context: context) { party, _ in
            guard party.customer.status == .active else {
                throw Refusal.invalidState(party.customer.status.rawValue, "The customer is not active")
            }
            party.customer.status = .blocked
            party.blockSource = .officer
            return ChangeNote(action: "block", fields: ["status"], remarks: reason)
        }
    }

    /// - Throws: 404 `customer_not_found`; 409 `invalid_state`, also while a screening hit waits for its review
    public func unblock(_ reference: String, reason: String, context: RequestContext) async throws -> PartyVersion {
        try await change(reference, isIdempotent: true, context: context) { party, _ in
            guard party.customer.status == .blocked else {
                throw Refusal.invalidState(party.customer.status.rawValue, "The customer is not blocked")
            }
            guard party.blockSource != .screening else {
                throw Refusal.invalidState("blocked", "The review of the screening hit releases this customer")
            }
            party.customer.status = .active
            party.blockSource = nil
            return ChangeNote(action: "unblock", fields: ["status"], remarks: reason)
        }
    }

    /// Verifications that ran out: their customers may not send money until they are refreshed. Bounded work a call.
    /// - Returns: whether there may be more
    public func expireVerifications(limit: Int = 100) async throws -> Bool {
        let today = BusinessDate(of: clock.now())
        let due = try await pool.read { transaction in
            try transaction.query(
                """
                SELECT id FROM parties.customer WHERE kyc_status = 'verified' AND kyc_expiry_date < \(today)
                ORDER BY kyc_expiry_date, id LIMIT \(Int64(limit))
                """
            ).map { try $0.identifier(0, as: Customer.self) }
        }
        for id in due {
            let context = RequestContext.system(.batch, at: clock.now(), idempotencyKey: "kyc-expiry/\(id)/\(today)")
            _ = try await change(id.description, context: context) { party, _ in
                guard party.customer.kycStatus == .verified, let expiry = party.kycExpiryDate, expiry < today else {
                    throw Refusal.invalidState(party.customer.kycStatus.rawValue, "Refreshed in the meantime")
                }
                party.customer.kycStatus = .expired
                return ChangeNote(action: "expireKYC", fields: ["kycStatus"])
            }
        }
        return due.count == limit
    }

    /// Puts two records of one person together: documents, relationships and what the surviving record lacks go over, the other is closed.
    /// - Parameter hasOpenBusiness: whether other rooms still keep accounts or contracts for a customer
    /// - Throws: 404 `customer_not_found`; 409 `invalid_state`; 422 `not_eligible`
    public func merge(
        _ duplicateReference: String, into reference: String, reason: String, context: RequestContext,
        hasOpenBusiness: @escaping @Sendable (Identifier<Customer>, Transaction) throws -> Bool
    ) async throws -> PartyVersion {
        try await change(reference, isIdempotent: true, context: context) { [self] party, transaction in
            let found = try PartyDirectory().require(duplicateReference, in: transaction)
            guard found.id != party.customer.id, found.kind == party.customer.kind else {
                throw Refusal.rule("not_eligible", "These two cannot be one party", field: "duplicateCifNumber")
            }
            guard var duplicate = try store.find(found.id, locking: true, in: transaction) else { throw Refusal.customerNotFound }
            for record in [party, duplicate] where record.customer.status == .closed {
                throw Refusal.invalidState(record.customer.status.rawValue, "One of the records is closed already")
            }
            guard try !hasOpenBusiness(found.id, transaction) else {
                throw Refusal.invalidState(
                    duplicate.customer.status.rawValue, "The duplicate still holds accounts or contracts: close or move them first")
            }
            let before = duplicate
            duplicate.customer.status = .closed
            duplicate.blockSource = nil
            duplicate.mergedInto = party.customer.id
            // First the duplicate lets go of its document, so that the survivor may take it over.
            try save(
                &duplicate, before: before,
                ChangeNote(action: "merged away", fields: ["status", "mergedInto"], remarks: reason), context: context, in: transaction)
            party.adopt(before)
            party.possibleDuplicates.removeAll { $0 == found.id }
            try DocumentStore.move(from: found.id, to: party.customer.id, in: transaction)
            try RelationshipStore.move(from: found.id, to: party.customer.id, in: transaction)
            return ChangeNote(
                action: "merge", fields: ["merged"], remarks: reason, detail: [("duplicate", duplicate.customer.cifNumber)])
        }
    }
}

extension PartyRecord {
    /// Takes over what this record does not know; what speaks against either speaks against both.
    mutating func adopt(_ other: PartyRecord) {
        customer.email = customer.email ?? other.customer.email
        customer.phone = customer.phone ?? other.customer.phone
        birthDate = birthDate ?? other.birthDate
        nationality = nationality ?? other.nationality
        address = address ?? other.address
        riskRating = max(riskRating, other.riskRating)
        isPEP = isPEP || other.isPEP
        isSanctioned = isSanctioned || other.isSanctioned
        profile.kraPin = profile.kraPin ?? other.profile.kraPin
        profile.identification = profile.identification ?? other.profile.identification
        profile.registrationNumber = profile.registrationNumber ?? other.profile.registrationNumber
        profile.sourceOfFunds = profile.sourceOfFunds ?? other.profile.sourceOfFunds
        profile.occupation = profile.occupation ?? other.profile.occupation
        profile.employerName = profile.employerName ?? other.profile.employerName
        profile.monthlyIncome = profile.monthlyIncome ?? other.profile.monthlyIncome
        if profile.directors.isEmpty { profile.directors = other.profile.directors }
        if profile.beneficialOwners.isEmpty { profile.beneficialOwners = other.profile.beneficialOwners }
    }
}
