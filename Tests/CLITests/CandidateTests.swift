import Foundation
import Testing

/// Rankings and reference scores belong to the candidates that they were made for.
@Suite struct CandidateTests {
    private func run(_ script: String) throws -> ShellResult {
        let fixture = try Workspace.fixture()
        return try Workspace.withDirectory { directory in
            try Shell.run(
                script, in: directory, environment: Workspace.environment(fixture: fixture))
        }
    }

    private let train =
        "train-cpo --model $FIXTURE/model --steps 1 --batch-size 2 --beta 0.1 --out out"

    /// The hashes are those of the JSON that the documentation names.
    @Test func hashesAreOfTheCandidates() throws {
        let result = try run(
            #"""
            printf '%s\n' '{"id":"a","response":"r","negatives":[{"kind":"an","text":"n\u00e9"}]}' |
                rank-by-embedding -q --plain --embedder $FIXTURE/model >out.jsonl
            texts=$(printf '["r","n\303\251"]' | sha256sum | head -c 64)
            grep -c "\"ranking_candidates\":{\"texts\":\"$texts\"}" out.jsonl
            printf '%s\n' '{"id":"a","prompt_ids":[5],"response_ids":[6,0],"negatives":[{"ids":[7]}]}' |
                score -q --plain --model $FIXTURE/model --as reference >scored.jsonl
            grep -c "\"candidates\":\"$(printf '[[5],[6,0],[7]]' | sha256sum | head -c 64)\"" scored.jsonl
            """#)
        #expect(result.text == "1\n1\n", "\(result.errors)")
    }

    /// Whatever the kind of negatives, a tool that replaces them drops what belonged to the old ones.
    @Test(arguments: ["an:1", "bn:1", "mn:1", "tn:1", "given"])
    func genNegativesDropsBoth(_ kinds: String) throws {
        let result = try run(
            """
            sed 's/^{/{"rejected":"No.",/' $FIXTURE/scored.jsonl >in.jsonl
            grep -c '"ranking":.*"ranking_candidates":.*"reference":' in.jsonl
            gen-negatives -q --plain --model $FIXTURE/model --kinds \(kinds) --max-new-tokens 4 \\
                in.jsonl >out.jsonl || exit
            grep -c '"negatives"' out.jsonl
            grep -c '"ranking\\|"reference"\\|"similarity"' out.jsonl
            """)
        #expect(result.text == "8\n8\n0\n", "\(result.errors)")
    }

    @Test(arguments: [
        // Another negative's ids, another response, negatives in another order, one cut off.
        (#"s/\("ids":\[\)\([0-9]*\)/\1300,\2/"#, "ranking of other candidates"),
        (#"s/"response_ids":\[/"response_ids":[300,/"#, "ranking of other candidates"),
        (#"s/\("negatives":\[\)\({[^}]*}\),\({[^}]*}\)/\1\3,\2/"#, "ranking of other candidates"),
        (#"s/"text":"/"text":"X/"#, "ranking of other candidates"),
        // Without a ranking the scores are left; they depend on the prompt too.
        (
            #"s/"ranking[^]]*\],//;s/"ids":\[/"ids":[300,/"#,
            "reference scores of other candidates"
        ),
        (#"s/"prompt_ids":\[/"prompt_ids":[300,/"#, "reference scores of other candidates"),
    ])
    func trainingRefusesOtherCandidates(_ edit: String, _ message: String) throws {
        let result = try run(
            """
            sed '1!b;\(edit)' $FIXTURE/scored.jsonl >in.jsonl
            ! cmp -s in.jsonl $FIXTURE/scored.jsonl || exit 1
            \(train) in.jsonl
            """)
        #expect(result.status == 65, "\(result.errors)")
        #expect(
            result.errors.contains("in.jsonl:1: \(message) than record \"1\" has"),
            "\(result.errors)")
        #expect(result.errors.contains("hint: "))
    }

    /// Evaluation records are read by the same rules.
    @Test func evaluationRefusesThemToo() throws {
        let result = try run(
            """
            sed '2!b;s/"ids":\\[/"ids":[300,/' $FIXTURE/scored.jsonl >eval.jsonl
            \(train) --eval eval.jsonl --eval-every 1 $FIXTURE/scored.jsonl
            """)
        #expect(result.status == 65)
        #expect(result.errors.contains("eval.jsonl:2: ranking of other"), "\(result.errors)")
    }

    /// Records of older versions have no hashes; they are taken, and the user is told.
    @Test func recordsWithoutHashesAreTaken() throws {
        let result = try run(
            """
            sed 's/"ranking_candidates":{[^}]*},//;s/"candidates":"[^"]*",//' \\
                $FIXTURE/scored.jsonl >old.jsonl
            grep -c candidates old.jsonl
            \(train) old.jsonl
            """)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.text == "0\n")
        #expect(result.errors.contains("8 records have a ranking without the hash"))
        #expect(result.errors.contains("8 records have reference scores without the hash"))
    }

    /// Tokenizing again keeps what still holds and drops what does not.
    @Test func tokenizingAgainKeepsWhatHolds() throws {
        let result = try run(
            """
            again() { tokenize --plain --model $FIXTURE/tokenizer "$@" $FIXTURE/scored.jsonl; }
            again -q | cmp - $FIXTURE/scored.jsonl && echo same
            again --max-response-tokens 3 2>log | grep -c '"ranking\\|"reference"'
            grep -c '8 records lost ranking or reference scores' log
            printf 'Q: {instruction}' >template
            again -q --template template | grep -c '"ranking_candidates"'
            again -q --template template | grep -c '"reference"'
            """)
        #expect(result.text == "same\n0\n1\n8\n0\n", "\(result.errors)")
    }
}

/// Token ids and lengths are checked against every model that sees them.
@Suite struct ForeignTokenTests {
    /// Models of other sizes than the records are for: a smaller vocabulary, fewer positions.
    private static let models = """
        sed 's/"vocab_size":320/"vocab_size":300/' $FIXTURE/llama.json >few.json
        sed 's/"max_position_embeddings":256/"max_position_embeddings":24/' $FIXTURE/llama.json >short.json
        make() {
            pretrain-mle -q --init $1.json --out $1 --steps 1 \\
                --batch-size 1 tiny.jsonl || exit
        }
        echo '{"id":"t","prompt_ids":[5],"response_ids":[6,0]}' >tiny.jsonl
        id() { sed '2s/"response_ids":\\[/"response_ids":[310,/' "$1"; }

        """

    private func run(_ script: String) throws -> ShellResult {
        let fixture = try Workspace.fixture()
        return try Workspace.withDirectory { directory in
            try Shell.run(
                Self.models + script, in: directory,
                environment: Workspace.environment(fixture: fixture))
        }
    }

    @Test(arguments: [
        "score --model few in.jsonl", "generate --model few --max-new-tokens 2 prompts.jsonl",
        "gen-negatives --model few --kinds tn:1 in.jsonl",
        "gen-negatives --model few --kinds an:1 --max-new-tokens 2 in.jsonl",
        "pretrain-mle --model few --steps 1 --out out in.jsonl",
        "pretrain-mle --model few --steps 1 --out out --eval in.jsonl --eval-every 1 tiny.jsonl",
        "train-cpo --model few --steps 1 --out out in.jsonl",
        "train-cpo --model $FIXTURE/model --reference few --steps 1 --out out in.jsonl",
        """
        train-cpo --model $FIXTURE/model --reference few --steps 1 --out out --eval in.jsonl \
        --eval-every 1 fine.jsonl
        """,
    ])
    func idsBeyondAVocabulary(_ call: String) throws {
        let result = try run(
            """
            make few
            head -n 1 tiny.jsonl | sed 's/}$/,"negatives":[{"ids":[7,0]}]}/' >fine.jsonl
            { cat fine.jsonl; sed 's/"id":"t"/"id":"u"/;s/\\[6,0\\]/[6,310,0]/' fine.jsonl; } >in.jsonl
            sed 's/"prompt_ids":\\[5\\]/"prompt_ids":[310]/' in.jsonl >prompts.jsonl
            \(call) >/dev/null
            """)
        #expect(result.status == 65, "\(result.errors)")
        #expect(result.errors.contains("310"), "\(result.errors)")
        #expect(
            result.errors.contains("in.jsonl:2: ") || result.errors.contains("prompts.jsonl:1: "),
            "\(result.errors)")
    }

    /// The message says which of two models it is.
    @Test func theModelIsNamed() throws {
        let result = try run(
            """
            make few; make short
            train-cpo --model $FIXTURE/model --reference few --steps 1 --out out \\
                <(sed 's/"ids":\\[/"ids":[310,/;s/"ranking.*"reference":{[^}]*},//' $FIXTURE/scored.jsonl)
            echo $?
            train-cpo --model $FIXTURE/model --reference short --steps 1 --out out $FIXTURE/scored.jsonl
            echo $?
            """)
        #expect(result.text == "65\n65\n", "\(result.errors)")
        #expect(result.errors.contains("the vocabulary of the reference few"), "\(result.errors)")
        #expect(result.errors.contains("too long for the reference short"), "\(result.errors)")
        #expect(result.errors.contains("scored.jsonl:1: "), "\(result.errors)")
    }

    /// Scores that are no numbers are no scores: the record and what is wrong with it are named.
    @Test(arguments: [
        "generate --decode beam --max-new-tokens 3", "generate --decode greedy --max-new-tokens 3",
        "generate --decode sample --max-new-tokens 3", "score",
        "gen-negatives --kinds tn:1", "gen-negatives --kinds an:1 --max-new-tokens 3",
    ])
    func modelsThatGiveNoNumbers(_ call: String) throws {
        let result = try run(
            """
            cp -r $FIXTURE/model broken
            size=$(stat -c %s broken/model.safetensors)
            # Weights of 8e37: finite, but not what comes of them.
            tr '\\0' '\\176' </dev/zero | head -c 512 |
                dd of=broken/model.safetensors bs=1 seek=$((size - 512)) conv=notrunc status=none
            \(call) --model broken --plain -o out.jsonl $FIXTURE/tokens.jsonl
            code=$?
            ls out.jsonl 2>/dev/null
            exit $code
            """)
        #expect(result.status == 70, "\(result.errors)")
        #expect(result.text.isEmpty, "nothing is written")
        #expect(result.errors.contains("record \"1\": "), "\(result.errors)")
    }
}
