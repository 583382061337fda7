import CCurl
import Dispatch
import Kernel

/// One transfer by libcurl, on a thread of its own so that nobody waits for somebody else's server.
struct CurlTransfer: Sendable {
    enum Option: Sendable {
        case text(UInt32, String)
        case number(UInt32, Int)
        case list(UInt32, [String])
    }

    static let connectTimeoutMilliseconds = 5_000
    static let timeoutMilliseconds = 15_000
    private static let queue = DispatchQueue(label: "wekeza.messages", qos: .utility, attributes: .concurrent)
    /// Done once, before the first handle.
    private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    let options: [Option]
    let payload: [UInt8]
    /// Whether libcurl asks for the payload while it sends (mail), or is given it as a form (HTTP).
    let isUpload: Bool

    /// - Returns: the last response code of the other side
    /// - Throws: `DeliveryFailure`
    func run() async throws -> Int {
        try await withCheckedThrowingContinuation { continuation in
            Self.queue.async { continuation.resume(with: Result { try perform() }) }
        }
    }

    /// What is left of a payload while libcurl reads it.
    private final class Reading {
        var rest: ArraySlice<UInt8>
        init(_ bytes: [UInt8]) { rest = bytes[...] }
    }

    private func perform() throws -> Int {
        guard Self.isReady, let handle = curl_easy_init() else { throw DeliveryFailure("libcurl is not available") }
        defer { curl_easy_cleanup(handle) }
        var lists: [UnsafeMutablePointer<curl_slist>] = []
        defer { for list in lists { curl_slist_free_all(list) } }
        wekeza_curl_set_number(handle, CURLOPT_NOSIGNAL, 1)
        wekeza_curl_set_number(handle, CURLOPT_CONNECTTIMEOUT_MS, Self.connectTimeoutMilliseconds)
        wekeza_curl_set_number(handle, CURLOPT_TIMEOUT_MS, Self.timeoutMilliseconds)
        wekeza_curl_set_callback(handle, CURLOPT_WRITEFUNCTION) { _, size, count, _ in size * count }
        for option in options {
            switch option {
            case .text(let name, let value): wekeza_curl_set_text(handle, CURLoption(rawValue: name), value)
            case .number(let name, let value): wekeza_curl_set_number(handle, CURLoption(rawValue: name), value)
            case .list(let name, let values):
                var list: UnsafeMutablePointer<curl_slist>?
                for value in values { list = curl_slist_append(list, value) }
                guard let list else { continue }
                lists.append(list)
                wekeza_curl_set_pointer(handle, CURLoption(rawValue: name), list)
            }
        }
        let reading = Reading(payload)
        let code: CURLcode
        if isUpload {
            wekeza_curl_set_number(handle, CURLOPT_UPLOAD, 1)
            wekeza_curl_set_callback(handle, CURLOPT_READFUNCTION) { buffer, size, count, context in
                guard let buffer, let context else { return 0 }
                let reading = Unmanaged<Reading>.fromOpaque(context).takeUnretainedValue()
                let part = reading.rest.prefix(size * count)
                for (offset, byte) in part.enumerated() { buffer[offset] = CChar(bitPattern: byte) }
                reading.rest = reading.rest.dropFirst(part.count)
                return part.count
            }
            wekeza_curl_set_pointer(handle, CURLOPT_READDATA, Unmanaged.passUnretained(reading).toOpaque())
            code = withExtendedLifetime(reading) { curl_easy_perform(handle) }
        } else {
            code = payload.withUnsafeBytes { bytes in
                wekeza_curl_set_number(handle, CURLOPT_POSTFIELDSIZE, bytes.count)
                wekeza_curl_set_pointer(handle, CURLOPT_POSTFIELDS, UnsafeMutableRawPointer(mutating: bytes.baseAddress))
                return curl_easy_perform(handle)
            }
        }
        var status = 0
        wekeza_curl_response_code(handle, &status)
        guard code == CURLE_OK else {
            // libcurl's own words for the code: they name no address, no recipient and no secret.
            throw DeliveryFailure("\(String(cString: curl_easy_strerror(code))) (\(status))")
        }
        return status
    }
}
