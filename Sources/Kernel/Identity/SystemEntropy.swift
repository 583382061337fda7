import Synchronization

/// Random bits of the operating system (`getrandom`) for identifiers, drawn a page at a time: a system call for each identifier costs
/// more than everything else about it. Not for keys and codes, which are drawn singly (`SystemRandom`).
public enum SystemEntropy {
    private struct Page {
        var words: [UInt64] = []
    }

    private static let wordsInPage = 512
    private static let page = Mutex(Page())

    public static func bits64() -> UInt64 { page.withLock { next(&$0) } }

    public static func bits128() -> UInt128 {
        page.withLock { page in UInt128(next(&page)) << 64 | UInt128(next(&page)) }
    }

    private static func next(_ page: inout Page) -> UInt64 {
        if page.words.isEmpty {
            var generator = SystemRandomNumberGenerator()
            page.words = (0..<wordsInPage).map { _ in generator.next() }
        }
        return page.words.removeLast()
    }
}
