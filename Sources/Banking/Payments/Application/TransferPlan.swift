import Kernel
import Ledger

/// A transfer inside the bank with its charges: what the books will say about it.
struct TransferPlan: Sendable, Equatable {
    /// Income from fees and the excise that is owed on them (contract, section 8).
    static let feeIncome = GLCode(4001)
    static let excisePayable = GLCode(2200)

    let source: Identifier<Account>
    let destination: Identifier<Account>
    let amount: Money
    let fee: Money
    let excise: Money

    /// - Precondition: a positive amount, charges that are not negative, one currency
    init(source: Identifier<Account>, destination: Identifier<Account>, amount: Money, fee: Money, excise: Money) {
        precondition(
            amount.isPositive && !fee.isNegative && !excise.isNegative, "a transfer moves something and charges no less than nothing")
        precondition(fee.currency == amount.currency && excise.currency == amount.currency, "charges are in the transfer's currency")
        self.source = source
        self.destination = destination
        self.amount = amount
        self.fee = fee
        self.excise = excise
    }

    /// The lines: the amount, then the fee and the excise on top of it where there are any. Each pair sums to zero by itself.
    var legs: [Leg] {
        let payer = Leg.Authority.customer(field: "fromAccountNumber")
        let payee = Leg.Authority.customer(field: "toAccountNumber")
        let currency = amount.currency
        var legs = [
            Leg(.account(source), amount: -amount.minorUnits, currency: currency, type: .transfer, ordinal: 1, authority: payer),
            Leg(.account(destination), amount: amount.minorUnits, currency: currency, type: .transfer, ordinal: 1, authority: payee),
        ]
        if !fee.isZero {
            legs.append(Leg(.account(source), amount: -fee.minorUnits, currency: currency, type: .fee, ordinal: 2, authority: payer))
            legs.append(Leg(.generalLedger(Self.feeIncome), amount: fee.minorUnits, currency: currency, type: .fee, ordinal: 2))
        }
        if !excise.isZero {
            legs.append(Leg(.account(source), amount: -excise.minorUnits, currency: currency, type: .excise, ordinal: 3, authority: payer))
            legs.append(Leg(.generalLedger(Self.excisePayable), amount: excise.minorUnits, currency: currency, type: .excise, ordinal: 3))
        }
        assert(legs.reduce(Int128(0)) { $0 + Int128($1.amount) } == 0, "debits equal credits")
        return legs
    }
}
