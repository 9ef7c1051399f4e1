/// The words by which verdicts are recognised, in lower case.
enum VerdictVocabulary {
    /// What a letter may be the name of. They may stand before it anywhere.
    static let nouns: Set<String> = [
        "response", "responses", "continuation", "answer", "answers", "option", "assistant",
        "candidate", "completion", "output", "model", "system", "chatbot", "reply",
        "text",
        "ai", "bot", "version", "letter",
        "antwort", "réponse", "réponses", "respuesta", "opción", "risposta", "opzione", "resposta",
        "opção", "antwoord", "odpowiedź", "ответ", "вариант", "cevap", "yanıt",
        "回答", "选项", "答案", "回复", "応答", "回應", "選項", "답변", "응답",
    ]

    /// What a line may hold besides a letter that labels the answer: `Final verdict: B`.
    static let frames: Set<String> = [
        "verdict", "winner", "preference", "preferred", "decision", "result", "conclusion", "final",
        "judgment", "judgement", "selection", "selected", "chosen", "choice", "pick", "better",
        "best", "more", "most", "helpful", "my", "the", "is", "would", "be", "i", "d", "i'd", "i’d",
        "choose", "select", "pick", "prefer", "say", "vote", "for", "go", "with", "so", "therefore",
        "thus", "hence", "overall", "wins", "one", "boxed", "mathrm", "textbf", "mathbf", "json",
        "definitely", "clearly", "certainly", "obviously", "probably", "yes", "sure", "ok", "okay",
        "think", "believe", "vote", "goes", "to", "it's", "it’s", "its", "it",
        "gewinner", "sieger", "urteil", "besser", "bessere", "beste", "ist", "die", "der",
        "hilfreicher", "hilfreichere", "entscheidung", "ich", "wähle",
        "gagnant", "gagnante", "choix", "meilleure", "mieux", "est", "la", "le", "préférence",
        "je", "choisis", "plus", "utile",
        "ganador", "ganadora", "veredicto", "mejor", "es", "más", "útil", "elección", "elijo",
        "vincitore", "verdetto", "migliore", "scelta", "è", "più", "vencedor", "vencedora",
        "veredito", "melhor", "escolha", "é", "mais", "a", "winnaar", "beter", "keuze",
        "победитель", "вердикт", "выбор", "лучше", "лучший", "kazanan",
        "结论", "結論", "判断", "判決", "胜者", "勝者", "获胜者", "更好", "最佳", "选择", "選択", "我选择", "选",
        "我选", "是", "的", "最终", "最终答案", "答え", "正解", "は", "です", "の", "が", "方", "より良い",
        "良い", "ほうが", "정답", "답", "승자", "은", "는", "이", "가", "더", "입니다", "선택", "결론",
    ]

    /// Words that name a verdict, behind which a letter after ":", "=" or "is" is one.
    static let verdictNouns: Set<String> = [
        "verdict", "winner", "answer", "decision", "preference", "preferred", "choice", "result",
        "conclusion", "judgment", "judgement", "selection", "pick", "better", "best", "helpful",
        "superior", "preferable", "one", "gewinner", "urteil", "antwort", "réponse", "gagnant",
        "respuesta", "ganador", "veredicto", "risposta", "vincitore", "resposta", "vencedor",
        "ответ",
        "победитель", "答案", "结论", "最终答案", "胜者", "勝者", "答え", "結論", "정답", "승자",
    ]

    /// Between a noun like "winner" and the letter, besides marks.
    static let copulas: Set<String> = [
        "is", "be", "was", "are", "therefore", "thus", "clearly", "definitely", "goes", "to", "the",
        "ist", "est", "es", "è", "é",
    ]

    /// Words after which a letter is the one that is chosen.
    static let choosing: Set<String> = [
        "prefer", "prefers", "preferred", "preferring", "choose", "chose", "choosing", "pick",
        "picked", "select", "selected", "favor", "favour", "favored", "favoured", "recommend",
        "wähle", "bevorzuge", "choisis", "préfère", "elijo", "prefiero", "scelgo", "preferisco",
        "escolho", "prefiro", "kies", "выбираю", "предпочитаю",
        "我选择", "选择", "我选", "选", "選ぶ",
    ]

    /// The same, of several words.
    static let choosingPhrases: [[String]] = [
        ["go", "with"], ["going", "with"], ["went", "with"], ["vote", "for"],
        ["vote", "goes", "to"],
        ["in", "favor", "of"], ["in", "favour", "of"], ["preference", "for"], ["opt", "for"],
        ["lean", "towards"], ["lean", "toward"], ["leaning", "towards"], ["leaning", "toward"],
        ["side", "with"], ["settle", "on"], ["preference", "goes", "to"],
    ]

    /// Words that may stand before the letter that a sentence is about.
    static let leads: Set<String> = [
        "that", "think", "believe", "say", "feel", "find", "so", "therefore", "thus", "hence",
        "overall", "conclude", "judge", "consider", "then", "clearly", "however", "but", "and",
        "because", "while", "as", "since", "although", "though", "whereas", "opinion", "view",
        "the",
        "here", "case", "honestly", "definitely", "comparison", "conclusion", "summary",
    ]

    /// Verbs of which a letter is the subject. None can follow an article.
    static let verbs: Set<String> = [
        "is", "was", "has", "gives", "provides", "offers", "wins", "explains", "addresses",
        "contains", "covers", "shows", "describes", "includes", "presents", "delivers", "feels",
        "seems", "appears", "looks", "does", "goes", "stays", "makes", "uses", "lists", "handles",
        "because", "and", "or", "over", "than", "since", "beats", "outperforms", "surpasses",
        "edges", "as", "rather", "instead", "not", "for", "due", "but", "with", "adds", "ist",
        "est",
        "reads", "follows", "captures", "answers", "would",
    ]

    /// Verbs with which a letter is just linked to what is said of it.
    static let linking: Set<String> = [
        "is", "was", "seems", "appears", "looks", "feels", "ist", "est", "es",
    ]

    /// Verbs that say that the one before is preferred to the one behind.
    static let beating: [[String]] = [
        ["over"], ["beats"], ["outperforms"], ["surpasses"], ["rather", "than"], ["instead", "of"],
        ["wins", "over"], ["is", "better", "than"], ["is", "preferred", "over"],
        ["is", "preferable", "to"], ["is", "superior", "to"], ["is", "preferred", "to"],
        ["edges", "out"], ["scores", "higher", "than"], ["ranks", "higher", "than"],
        ["higher", "than"],
    ]

    /// The same the other way round.
    static let losing: [[String]] = [
        ["is", "worse", "than"], ["is", "inferior", "to"], ["loses", "to"],
    ]

    /// Adverbs that change nothing.
    static let adverbs: Set<String> = [
        "clearly", "much", "far", "slightly", "significantly", "definitely", "somewhat", "also",
        "a", "bit", "little", "lot", "the", "overall", "generally", "considerably", "marginally",
        "by", "far", "still", "really", "certainly", "easily", "just", "would", "strongly",
        "simply",
        "therefore", "clear", "obviously", "arguably", "both",
    ]

    /// What says that a side is the better one on the whole.
    static let superior: Set<String> = [
        "better", "best", "preferable", "superior", "preferred", "winner", "helpful",
        "besser", "meilleure", "mejor", "migliore", "melhor",
    ]

    /// What may follow such a word and leave it about the whole.
    static let onTheWhole: Set<String> = [
        "than", "overall", "because", "since", "as", "response", "answer", "option", "one",
        "choice",
        "continuation", "here", "and", "due", "for", "to", "of", "assistant", "candidate", "by",
    ]

    /// What says that a side is better in some respect.
    static let comparatives: Set<String> = [
        "more", "most", "better", "best", "clearer", "fuller", "greater", "richer", "stronger",
        "wins",
    ]

    /// Words that turn praise around, or make it doubtful.
    static let spoiling: Set<String> = [
        "not", "never", "no", "nor", "hardly", "less", "least", "if", "whether", "unless", "might",
        "may", "could", "should", "cannot", "neither", "nothing", "without", "lack", "lacks",
        "fails", "too", "worse", "worst", "inferior", "loser", "bad", "poor", "poorer", "wrong",
        "incorrect", "irrelevant", "errors", "error", "mistakes", "mistake", "confusing",
        "unnecessary", "wordy", "verbose", "repetitive", "vague", "generic", "unhelpful",
        "incomplete", "inaccurate", "misleading", "problems", "harmful", "nicht", "pas", "no",
        "non",
        "não", "не", "short", "missing", "shorter", "weaker", "rejected", "eliminated", "runner",
        "up",
    ]

    /// Words that make a sentence a condition.
    static let conditions: Set<String> = [
        "if", "whether", "unless", "depends", "depending", "assuming", "suppose",
    ]

    /// Words at which one clause ends and another begins.
    static let clauseEnds: Set<String> = [
        "but", "however", "although", "though", "while", "whereas", "because", "since", "as", "yet",
        "so", "which",
    ]

    /// Words that give a reason for the letter before them.
    static let reasons: Set<String> = ["because", "since", "as", "due"]

    /// Words after which the other side may win after all.
    static let contrast: Set<String> = [
        "but", "however", "although", "though", "yet", "despite", "except", "nevertheless",
        "nonetheless", "while", "whereas", "otherwise", "initially",
    ]

    /// Words of an answer that does not decide.
    static let undecided: Set<String> = [
        "neither", "tie", "tied", "draw", "equal", "equally", "undecided", "unclear", "unsure",
        "unable", "cannot", "can't", "can’t", "either",
    ]

    /// Lines that are an answer, but name no side.
    static let ties: Set<String> = [
        "tie", "tied", "draw", "c", "neither", "both", "equal", "none", "unentschieden", "égalité",
        "empate", "pareggio", "平局", "引き分け", "ничья",
    ]

    /// Words that put two letters together.
    static let joining: Set<String> = [
        "or", "and", "nor", "vs", "versus", "oder", "und", "ou", "et", "o", "y", "e", "или", "и",
        "和", "或", "与", "と", "또는",
    ]
}
