/// Lists of ideas on everyday topics.
func brainstorms(_ count: Int, using random: inout SeededGenerator) -> [MiniRecord] {
    distinctRecords(count, using: &random) { random in
        let topic = random.pick(Topic.all)
        let wanted = random.number(in: 3...7)
        let mark = topic.subject.hasPrefix("questions") ? "?" : ""
        let ideas = random.sample(wanted, of: topic.ideas).map { $0 + mark }
        let instruction = fill(
            random.pick([
                "Give me {number} {subject}.", "Can you list {number} {subject}?",
                "Please brainstorm {number} {subject}.", "I need {number} {subject}.",
                "Think of {number} {subject}.",
            ]), ["number": inWords(wanted), "subject": topic.subject])
        let response =
            switch random.below(mark.isEmpty ? 3 : 2) {
            case 0: bullets(ideas.map(capitalized))
            case 1: numbered(ideas.map(capitalized))
            default:
                random.pick(["Here are some thoughts: ", "You could consider these: "])
                    + list(ideas) + "."
            }
        return MiniRecord(
            category: .brainstorming, instruction: instruction, response: response)
    }
}
