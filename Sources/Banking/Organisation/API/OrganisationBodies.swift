import HTTPEdge
import Kernel

struct CreateBranchRequest: RequestBody {
    let branch: Branch

    init(from fields: inout Fields) {
        branch = BranchFields.read(&fields, code: fields.formatted("branchCode", .branchCode), version: 1)
    }
}

struct ChangeBranchRequest: RequestBody {
    /// With an empty code: that stands in the path.
    let branch: Branch

    init(from fields: inout Fields) {
        branch = BranchFields.read(&fields, code: "", version: Int32(clamping: fields.version()))
    }
}

enum BranchFields {
    static let degrees = TextFormat("degrees with at most 6 decimals", pattern: "^-?\\d{1,3}(\\.\\d{1,6})?$", maximumLength: 12) { text in
        Location.degrees(text).map { Location.text($0) }
    }

    static func read(_ fields: inout Fields, code: String, version: Int32) -> Branch {
        let latitude = fields.optionalFormatted("latitude", degrees).flatMap { Location.degrees($0) }
        let longitude = fields.optionalFormatted("longitude", degrees).flatMap { Location.degrees($0) }
        var location: Location?
        if let latitude, let longitude {
            location = Location(latitude: latitude, longitude: longitude)
            if location == nil { fields.fail("latitude", "out_of_range", "This is no place on the earth") }
        } else if !fields.hasFaults, latitude != nil || longitude != nil {
            fields.fail(latitude == nil ? "latitude" : "longitude", "required", "A place has both")
        }
        return Branch(
            code: code, name: fields.text("name", 1...100), address: fields.text("address", 1...255), city: fields.text("city", 1...100),
            phone: fields.optionalFormatted("phone", .phone), email: fields.optionalFormatted("email", .email), location: location,
            openingHours: fields.texts("openingHours", 1...100, count: 0...14),
            status: fields.optionalChoice("status", Branch.Status.self) ?? .active, version: version)
    }
}

struct BranchSearch: QueryParameters, Paged {
    let page: PageRequest
    let text: String?
    let near: Location?

    init(from fields: inout Fields) {
        // A person looks for the nearest of all branches, so all of them is what comes without a limit.
        page = fields.page(defaultLimit: 200)
        text = fields.optionalText("q", 0...100)
        let place = fields.optionalText("near", 0...40)
        near = place.flatMap { Location(text: $0) }
        if place != nil, near == nil { fields.fail("near", "invalid_format", "This must be latitude,longitude") }
    }
}

struct ChangeParameterRequest: RequestBody {
    let change: Parameters.Change

    init(from fields: inout Fields) {
        change = Parameters.Change(
            value: fields.scalar("value", 1...100), effectiveDate: fields.optionalDate("effectiveDate"),
            reason: fields.text("reason", 1...500, allowsLineBreaks: true), version: Int32(clamping: fields.version()))
    }
}
