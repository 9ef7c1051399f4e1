import Glibc
import Locks

/// Things that happen deep in the libraries and that the user should know, though the work goes on.
public enum Notice {
    private static let handler = Mutex<(@Sendable (String) -> Void)?>(nil)

    /// From now on notices go to `body`, on any thread; until then nobody hears of them.
    public static func deliver(to body: @escaping @Sendable (String) -> Void) {
        handler.withLock { $0 = body }
    }

    static func give(_ text: String) {
        let body = handler.withLock { $0 }
        body?(text)
    }
}
