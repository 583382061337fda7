import HTTPEdge
import Kernel

/// Transfers inside the bank: from the portal, and from the general path that counter staff share (contract, sections 5 and 7).
struct TransferEndpoints: Sendable {
    /// A CorporateMaker's transfers need a checker; until approvals exist they are refused (contract, 1.6).
    private static let customers = RoleSet([.customer, .smeOwner])
    private static let counter = RoleSet([.teller, .supervisor])
    private static let errors = [
        "account_not_found", "destination_not_found", "same_account", "account_closed", "account_frozen", "account_dormant",
        "account_not_active", "currency_mismatch", "customer_blocked", "kyc_required", "limit_exceeded", "insufficient_funds",
        "step_up_required", "id_in_use",
    ]

    let transfer: TransferMoney
    let quotes: QuoteTransfer

    var all: [Endpoint] { [portal, general, quote] }

    private var quote: Endpoint {
        Endpoint(
            .get, "/api/customer-portal/transactions/transfer-quote", summary: "What a transfer would cost and leave; nothing is stored",
            tag: "Customer portal", access: .roles(.initiator), query: TransferQuoteQuery.self, reply: TransferQuoteView.self,
            errors: Self.errors.filter { $0 != "step_up_required" && $0 != "id_in_use" },
            options: EndpointOptions(
                details: "Refuses in the same order as the transfer. `from` is an id or a number of an own account, `to` an account number."
            )
        ) { call in
            let customer = try call.context.requireCustomer()
            return Reply(TransferQuoteView(quote: try await quotes.quote(call.query.order(by: customer), context: call.context)))
        }
    }

    private var portal: Endpoint {
        Endpoint(
            .post, "/api/customer-portal/transactions/transfer", summary: "Transfer inside the bank", tag: "Customer portal",
            access: .roles(Self.customers), body: TransferRequest.self, reply: TransferView.self, status: 201, errors: Self.errors
        ) { call in
            let customer = try call.context.requireCustomer()
            return try await reply(
                to: call.body.order(by: .customer(customer)), context: call.context, location: "/api/customer-portal/transactions")
        }
    }

    private var general: Endpoint {
        Endpoint(
            .post, "/api/transactions/transfer", summary: "Transfer inside the bank, by a customer or at the counter",
            tag: "Transactions", access: .roles(Self.customers.union(Self.counter)), body: TransferRequest.self, reply: TransferView.self,
            status: 201, errors: Self.errors
        ) { call in
            try await reply(
                to: call.body.order(by: try Self.authority(call.body, call.context)), context: call.context,
                location: "/api/transactions")
        }
    }

    /// A person who is a customer acts as one; only without a customer record do the roles of the counter count.
    private static func authority(_ request: TransferRequest, _ context: RequestContext) throws -> TransferOrder.Authority {
        let principal = try context.requirePrincipal()
        if let customer = principal.customerID, principal.roles.intersects(customers) { return .customer(customer) }
        guard principal.roles.intersects(counter) else { throw Refusal.forbidden() }
        guard let instruction = request.customerInstruction else {
            throw Refusal.validation([.init("customerInstruction", "required", "Say what the customer asked for")])
        }
        return .staff(instruction: instruction)
    }

    private func reply(
        to order: TransferOrder, context: RequestContext, location: String
    ) async throws -> Reply<TransferView> {
        let completed = try await transfer.run(order, context: context)
        guard
            let view = TransferView(
                journal: completed.journal, fromAccountNumber: completed.fromAccountNumber, toAccountNumber: completed.toAccountNumber)
        else { throw Refusal.unavailable() }
        var reply = Reply.created(view, location: "\(location)/\(view.transactionID)")
        reply.isReplay = completed.isReplay
        return reply
    }
}

extension TransferRequest {
    fileprivate func order(by authority: TransferOrder.Authority) -> TransferOrder {
        TransferOrder(
            source: source, destinationNumber: toAccountNumber, amount: amount, narration: narration, beneficiaryName: beneficiaryName,
            transactionID: transactionID, authority: authority)
    }
}
