import Glibc
import Kernels

@main struct Bench {
    static func now() -> Double {
        var t = timespec(); clock_gettime(CLOCK_MONOTONIC, &t);
        return Double(t.tv_sec) + Double(t.tv_nsec) * 1e-9
    }
    static func main() {
        let threads = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1])! : 2
        Parallel.configure(threads: threads)
        print(BLAS.description, Parallel.threads)
        for (m, n, k, ta, tb) in [
            (1024, 576, 576, false, true), (1024, 1536, 576, false, true),
            (1024, 576, 1536, false, true), (512, 49152, 576, false, true),
            (1024, 576, 1536, false, false), (1536, 576, 1024, true, false),
            (576, 576, 1024, true, false), (49152, 576, 512, true, false),
            (512, 576, 49152, false, false), (32, 1536, 576, false, true),
            (32, 49152, 576, false, true),
        ] as [(Int, Int, Int, Bool, Bool)] {
            let a = UnsafeMutablePointer<Float>.allocate(capacity: m * k),
                b = UnsafeMutablePointer<Float>.allocate(capacity: n * k),
                c = UnsafeMutablePointer<Float>.allocate(capacity: m * n)
            for i in 0..<m * k { a[i] = Float(i % 17) * 0.01 }
            for i in 0..<n * k { b[i] = Float(i % 13) * 0.01 }
            let av = ta ? MatrixView(a, rows: k, columns: m) : MatrixView(a, rows: m, columns: k)
            let bv = tb ? MatrixView(b, rows: n, columns: k) : MatrixView(b, rows: k, columns: n)
            let cv = MatrixView(c, rows: m, columns: n)
            var times: [Double] = []
            for _ in 0..<7 {
                let t = now();
                multiply(av, ta ? .transposed : .none, bv, tb ? .transposed : .none, into: cv);
                times.append(now() - t)
            }
            times.sort()
            print(m, n, k, ta, tb, "GFLOP/s", Int(2 * Double(m * n * k) / times[3] / 1e9))
            a.deallocate(); b.deallocate(); c.deallocate()
        }
    }
}
