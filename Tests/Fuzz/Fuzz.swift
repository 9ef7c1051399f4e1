import CAllocationLimit
import FuzzTargets
import Glibc

// What libFuzzer calls. The variable CPO_FUZZ_TARGET names the target.

/// Called once.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _ count: UnsafeMutablePointer<CInt>?,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>?
) -> CInt {
    guard let target else {
        say("CPO_FUZZ_TARGET has to name one of")
        for target in FuzzTarget.all { say("  \(target.name)") }
        exit(64)
    }
    // What is made once and kept, such as tables, is not the input's doing.
    _ = try? target.run([])
    return 0
}

/// Called with every input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    allocation_limit_set(FuzzTarget.memoryLimit(of: input))
    defer { allocation_limit_clear() }
    do throws(Finding) {
        try target?.run(input)
    } catch {
        say("ERROR: \(error)")
        abort()
    }
    return 0
}

private let target = getenv("CPO_FUZZ_TARGET").flatMap { FuzzTarget(named: String(cString: $0)) }
