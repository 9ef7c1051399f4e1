import Evaluation
import Testing

@Suite struct SimilarityRankingTests {
    @Test("most similar first, the ground truth before all, ties by index")
    func ranks() throws {
        let ranking = try SimilarityRanking(
            truth: [1, 0] as [Float], negatives: [0, 2, 3, 3, -1, 0, 5, 0, 3, 3] as [Float])
        #expect(ranking.ranking == [0, 4, 2, 5, 1, 3])
        let expected = [0, 0.5.squareRoot(), -1, 1, 0.5.squareRoot()]
        for (similarity, value) in zip(ranking.similarities, expected) {
            #expect(abs(similarity - value) < 1e-12)
        }
        #expect(ranking.similarities[1] == ranking.similarities[4])
    }

    @Test("no negatives leave the ground truth alone")
    func none() throws {
        let ranking = try SimilarityRanking(truth: [1, 0] as [Float], negatives: [] as [Float])
        #expect(ranking.ranking == [0])
        #expect(ranking.similarities.isEmpty)
    }

    @Test("a zero vector is similar to nothing")
    func zero() throws {
        let ranking = try SimilarityRanking(
            truth: [1, 1] as [Float], negatives: [0, 0, 1, 0] as [Float])
        #expect(ranking.similarities[0] == 0)
        #expect(ranking.ranking == [0, 2, 1])
    }

    @Test("what is not a number, and rows of another width, are refused")
    func refuses() {
        #expect(throws: EvaluationError.notFinite(what: "similarity", index: 1)) {
            try SimilarityRanking(truth: [1, 1] as [Float], negatives: [1, 0, .nan, 0] as [Float])
        }
        #expect(throws: EvaluationError.self) {
            try SimilarityRanking(truth: [1, 1] as [Float], negatives: [1, 0, 1] as [Float])
        }
        #expect(throws: EvaluationError.self) {
            try SimilarityRanking(truth: [] as [Float], negatives: [] as [Float])
        }
    }
}

@Suite struct TextStatisticsTests {
    @Test("distinct n-grams, repetition and lengths, counted by hand")
    func measures() {
        let statistics = TextStatistics(["a b a b a b a", "a c", ""])
        #expect(statistics.count == 3)
        #expect(statistics.emptyCount == 1)
        #expect(statistics.meanWords == 3)
        #expect(abs(statistics.meanBytes - 16.0 / 3) < 1e-12)
        // 1-grams a b c of 9; 2-grams ab ba ac of 7; 3-grams aba bab of 5; 4-grams abab baba of 4.
        let expected = [3.0 / 9, 3.0 / 7, 2.0 / 5, 2.0 / 4]
        for (value, target) in zip(statistics.distinct, expected) {
            #expect(abs(value - target) < 1e-12)
        }
        #expect(statistics.repeatedFourGrams == 0.5)
    }

    @Test("texts without repetition, and no texts")
    func extremes() {
        let fresh = TextStatistics(["one two three four five", "six\tseven\neight nine"])
        #expect(fresh.distinct == [1, 1, 1, 1])
        #expect(fresh.repeatedFourGrams == 0)
        let none = TextStatistics([])
        #expect(none.meanWords == 0 && none.distinct == [0, 0, 0, 0])
        #expect(wordCount(" a  b\n") == 2)
    }
}
