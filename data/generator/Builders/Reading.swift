// The three categories whose answer lies in the context.

/// Questions that the context answers.
func closedQuestions(_ count: Int, using random: inout SeededGenerator) -> [MiniRecord] {
    distinctRecords(count, using: &random) { random in
        let scene = random.below(3) < 2 ? random.scene() : random.factSheet()
        let pair = random.pick(scene.questions)
        return MiniRecord(
            category: .closedQA, instruction: pair.question, context: scene.text,
            response: pair.answer)
    }
}

/// Lists of what a text contains.
func extractions(_ count: Int, using random: inout SeededGenerator) -> [MiniRecord] {
    distinctRecords(count, using: &random) { random in
        let scene = random.below(3) < 2 ? random.scene() : random.factSheet()
        let (what, items) = random.pick(scene.extractions)
        let (instruction, response): (String, String) =
            // Pairs such as "May: 12 lamps" do not read well inside a sentence.
            switch random.below(items.contains { $0.contains(": ") } ? 3 : 4) {
            case 0: ("Extract \(what) from the text as a bulleted list.", bullets(items))
            case 1:
                (
                    "From the passage, list \(what). Separate the items with semicolons.",
                    items.joined(separator: "; ")
                )
            case 2: ("Find \(what) in this paragraph and number the results.", numbered(items))
            default:
                (
                    "Pull \(what) out of the text. Answer in one sentence.",
                    "The text gives \(list(items))."
                )
            }
        return MiniRecord(
            category: .informationExtraction, instruction: instruction, context: scene.text,
            response: response)
    }
}

/// Paragraphs and what they say in short.
func summaries(_ count: Int, using random: inout SeededGenerator) -> [MiniRecord] {
    distinctRecords(count, using: &random) { random in
        var scene = random.below(4) < 3 ? random.scene() : random.factSheet()
        if random.below(5) == 0 {
            // Two texts at once make a longer context.
            let second = random.factSheet()
            scene = Scene(
                text: scene.text + "\n\n" + second.text, questions: [], extractions: [],
                summary: scene.summary + " " + second.summary)
        }
        let instruction = random.pick([
            "Summarize the text in one or two sentences.", "Give a short summary of this passage.",
            "What does this text say, in brief?", "Please sum up the following paragraph.",
            "Write a brief summary of the text for somebody in a hurry.",
            "Shorten this text and keep the main facts.",
        ])
        return MiniRecord(
            category: .summarization, instruction: instruction, context: scene.text,
            response: scene.summary)
    }
}
