import HTTPEdge
import Kernel

struct BranchView: Representation {
    let branch: Branch
    static let schemaName = "Branch"
    static let example = BranchView(
        branch: Branch(
            code: "001", name: "Head Office", address: "Kenyatta Avenue", city: "Nairobi", phone: "+254711000001",
            email: "nairobi@wekeza.example", location: Location(latitude: -1_285_000, longitude: 36_821_000),
            openingHours: ["Mon-Fri 08:30-16:00"], status: .active, version: 1))

    func write(to object: inout ObjectWriter) {
        object.text("branchCode", branch.code)
        object.text("name", branch.name)
        object.text("address", branch.address)
        object.text("city", branch.city)
        object.optionalText("phone", branch.phone)
        object.optionalText("email", branch.email)
        object.optionalText("latitude", branch.location.map { Location.text($0.latitude) })
        object.optionalText("longitude", branch.location.map { Location.text($0.longitude) })
        object.texts("openingHours", branch.openingHours)
        object.choice("status", branch.status)
        object.integer("version", branch.version)
    }
}

struct ParameterView: Representation {
    let parameter: Parameter
    static let schemaName = "Parameter"
    static let example = ParameterView(
        parameter: Parameter(
            definition: .money("stepUp.transferThreshold", "Amount above which a transfer is confirmed", "50000.00"), value: "50000.00",
            effectiveDate: BusinessDate(epochDay: 20_000), version: 1,
            upcoming: .init(value: "60000.00", effectiveDate: BusinessDate(epochDay: 20_100))))

    func write(to object: inout ObjectWriter) {
        object.text("key", parameter.definition.key)
        object.text("value", parameter.value)
        object.choice("type", parameter.definition.kind)
        object.text("description", parameter.definition.description)
        // Until approvals exist nothing waits for one (contract, section 1.6).
        object.boolean("requiresApproval", false)
        object.date("effectiveDate", parameter.effectiveDate)
        object.integer("version", parameter.version)
        object.optionalText("upcomingValue", parameter.upcoming?.value)
        object.optionalDate("upcomingDate", parameter.upcoming?.effectiveDate)
    }
}
