import ChatEndpoint
import Testing

@Suite struct PolicyTests {
    @Test("pauses double from half a second to eight, less up to a quarter")
    func backOff() {
        let longest = (0..<7).map { RetryPolicy.backOff(repetition: $0, randomness: 0) }
        #expect(longest == [0.5, 1, 2, 4, 8, 8, 8].map { Duration.seconds($0) })
        let shortest = RetryPolicy.backOff(repetition: 2, randomness: 1)
        #expect(shortest == .seconds(1.5))
    }

    // 784111777 is Sun, 06 Nov 1994 08:49:37 GMT.
    @Test(
        "pauses that a server asks for",
        arguments: [([String: String], Double)]([
            (["retry-after": "7"], 7), (["retry-after": "0.25"], 0.25),
            (["retry-after-ms": "1500", "retry-after": "9"], 1.5),
            (["retry-after": "Sun, 06 Nov 1994 08:49:47 GMT"], 10), (["retry-after": "600"], 600),
            (["retry-after": "1e300"], 1e9), (["retry-after-ms": "inf"], 1e9),
        ]))
    func requested(headers: [String: String], seconds: Double) throws {
        let pause = try #require(RetryPolicy.requestedPause(headers, now: 784_111_777))
        #expect(abs(pause / .seconds(1) - seconds) < 1e-6)
    }

    @Test(
        "no pause asked for",
        arguments: [[String: String]]([
            [:], ["retry-after": "soon"], ["retry-after": "0"], ["retry-after": "-3"],
            ["retry-after": "nan"], ["retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"],
            ["retry-after": "Sun, 06 Brumaire 1994 08:49:47 GMT"],
        ]))
    func notRequested(headers: [String: String]) {
        #expect(RetryPolicy.requestedPause(headers, now: 784_111_777) == nil)
    }

    @Test("which statuses pass")
    func transient() {
        for status in [408, 409, 429, 500, 502, 503, 504, 529] {
            #expect(RetryPolicy.isTransient(status: status, headers: [:]))
            #expect(!RetryPolicy.isTransient(status: status, headers: ["x-should-retry": "false"]))
        }
        for status in [400, 401, 403, 404, 413, 422] {
            #expect(!RetryPolicy.isTransient(status: status, headers: [:]))
            #expect(RetryPolicy.isTransient(status: status, headers: ["x-should-retry": "true"]))
        }
    }

    @Test("refusals that name a field change the dialect, a bounded number of times")
    func dialect() {
        var dialect = Dialect()
        let change1 = dialect.adapt(toRefusal: "400 the seeded garden has max_tokens_per_minute")
        #expect(!change1)
        let change2 = dialect.adapt(toRefusal: "'max_completion_tokens' is not permitted")
        #expect(change2)
        #expect(dialect.lengthField == .maxTokens)
        // That was not it: back, and no third change.
        let change3 = dialect.adapt(
            toRefusal: "use 'max_completion_tokens' instead of 'max_tokens'")
        #expect(change3)
        #expect(dialect.lengthField == .maxCompletionTokens)
        let change4 = dialect.adapt(toRefusal: "max_completion_tokens is too large")
        #expect(!change4)
        let change5 = dialect.adapt(toRefusal: "temperature must be 1")
        #expect(change5)
        let change6 = dialect.adapt(toRefusal: "temperature must be 1")
        #expect(!change6)
        #expect(dialect.departures == ["no temperature"])

        var fixed = Dialect(lengthField: .maxTokens)
        let change7 = fixed.adapt(toRefusal: "max_tokens is not supported")
        #expect(!change7)
    }

    @Test("a server that ignores the length field is found out by the length of its answer")
    func ignoredLength() {
        var dialect = Dialect()
        let change8 = dialect.adapt(toAnswerOf: 5, limit: 5)
        #expect(!change8)
        let change9 = dialect.adapt(toAnswerOf: 6, limit: 5)
        #expect(change9)
        #expect(dialect.lengthField == .maxTokens)
        let change10 = dialect.adapt(toAnswerOf: 6, limit: 5)
        #expect(!change10)
    }
}
