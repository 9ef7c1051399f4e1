import COpenBLAS

extension Transposition {
    fileprivate var cblas: CBLAS_TRANSPOSE { self == .none ? CblasNoTrans : CblasTrans }
}

/// C ← alpha · op(A)·op(B) + beta · C by one call of `cblas_sgemm`, on the calling thread: for small
/// factors, as those of attention.
@inline(__always)
public func multiplyTile(
    _ a: MatrixView, _ transposeA: Transposition, _ b: MatrixView, _ transposeB: Transposition,
    into c: MatrixView, inner: Int, alpha: Float = 1, beta: Float = 0
) {
    cblas_sgemm(
        CblasRowMajor, transposeA.cblas, transposeB.cblas,
        blasint(c.rows), blasint(c.columns), blasint(inner), alpha,
        a.base, blasint(a.stride), b.base, blasint(b.stride), beta, c.base, blasint(c.stride))
}
