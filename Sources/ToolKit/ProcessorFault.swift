import Kernels
import StreamIO

/// A processor on which the kernels give wrong numbers.
struct ProcessorFault: ReportedError {
    let fault: WrongProduct

    var exitStatus: ExitStatus { .internalFailure }
    var description: String {
        "matrix products of \(fault.product) are wrong on this processor (got \(fault.got), "
            + "expected \(fault.expected); \(ProductCheck.description))"
    }
    var hint: String? {
        "the tools are compiled for the processor that they are built on: build them on this one"
    }
}
