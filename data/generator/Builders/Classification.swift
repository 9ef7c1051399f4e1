/// Items to be sorted into classes.
func classifications(_ count: Int, using random: inout SeededGenerator) -> [MiniRecord] {
    distinctRecords(count, using: &random) { random in
        switch random.below(8) {
        case 0, 1: kindsOfThings(using: &random)
        case 2: animalGroups(using: &random)
        case 3: numbers(using: &random)
        case 4: elements(using: &random)
        case 5: continents(using: &random)
        case 6: reviews(using: &random)
        default: centuries(using: &random)
        }
    }
}

/// A record that asks for the class of each item and answers in one of three forms.
private func sorted(
    _ items: [(item: String, label: String)], into labels: [String],
    question: String, asSentences: Bool = true, using random: inout SeededGenerator
) -> MiniRecord {
    let names = items.map(\.item).joined(separator: asSentences ? ", " : "; ")
    let response =
        switch random.below(asSentences ? 3 : 2) {
        case 0: items.map { "\(capitalized($0.item)): \($0.label)" }.joined(separator: "\n")
        case 1:
            labels.map { label in
                let members = items.filter { $0.label == label }.map(\.item)
                return "\(capitalized(label)): "
                    + (members.isEmpty
                        ? "none" : members.joined(separator: asSentences ? ", " : "; "))
            }.joined(separator: "\n")
        default:
            labels.compactMap { label in
                let members = items.filter { $0.label == label }.map(\.item)
                guard !members.isEmpty else { return nil }
                let verb = members.count == 1 ? "belongs" : "belong"
                return "\(capitalized(list(members))) \(verb) to the class \"\(label)\"."
            }.joined(separator: " ")
        }
    return MiniRecord(
        category: .classification, instruction: "\(question) \(names)", response: response)
}

private func kindsOfThings(using random: inout SeededGenerator) -> MiniRecord {
    let pairs = [
        ["fruit", "vegetable"], ["string instrument", "wind instrument"], ["tree", "flower"],
        ["tool", "piece of furniture"], ["piece of clothing", "vehicle"], ["noun", "verb"],
        ["verb", "adjective"], ["noun", "adjective"],
    ]
    let labels = random.pick(pairs)
    var items: [(item: String, label: String)] = []
    for label in labels {
        let members = Words.kinds[label] ?? []
        items += random.sample(random.number(in: 2...4), of: members).map { ($0, label) }
    }
    let question = random.pick([
        "Tell me for each of these words whether it is \(withArticle(labels[0])) or "
            + "\(withArticle(labels[1])):",
        "Sort the following into the classes \"\(labels[0])\" and \"\(labels[1])\":",
        "Classify each word as \(labels[0]) or \(labels[1]):",
    ])
    return sorted(random.shuffled(items), into: labels, question: question, using: &random)
}

private func animalGroups(using random: inout SeededGenerator) -> MiniRecord {
    let animals = random.sample(random.number(in: 3...6), of: Animal.all)
    let labels = ["mammal", "bird", "reptile", "amphibian", "fish", "insect"]
    return sorted(
        animals.map { ($0.name, $0.group) },
        into: labels.filter { label in animals.contains { $0.group == label } },
        question: random.pick([
            "Classify each animal as mammal, bird, reptile, amphibian, fish or insect:",
            "To which group of animals does each of these belong?",
        ]), using: &random)
}

private func numbers(using random: inout SeededGenerator) -> MiniRecord {
    let values = random.sample(random.number(in: 4...6), of: Array(2...120))
    if random.below(2) == 0 {
        return sorted(
            values.map { (String($0), $0.isMultiple(of: 2) ? "even" : "odd") },
            into: ["even", "odd"], question: "Which of these numbers are even and which are odd?",
            using: &random)
    }
    func isPrime(_ value: Int) -> Bool {
        (2..<value).allSatisfy { !value.isMultiple(of: $0) }
    }
    return sorted(
        values.map { (String($0), isPrime($0) ? "prime" : "composite") },
        into: ["prime", "composite"], question: "Classify each number as prime or composite:",
        using: &random)
}

private func elements(using random: inout SeededGenerator) -> MiniRecord {
    let some = random.sample(random.number(in: 3...6), of: Element.all)
    if random.below(2) == 0 {
        return sorted(
            some.map { ($0.name, $0.state) }, into: ["solid", "liquid", "gas"],
            question: "Is each of these elements a solid, a liquid or a gas at room temperature?",
            using: &random)
    }
    let clear = some.filter { $0.kind != "metalloid" }
    return sorted(
        clear.map { ($0.name, $0.isMetal ? "metal" : "nonmetal") }, into: ["metal", "nonmetal"],
        question: "Sort these elements into metals and nonmetals:", using: &random)
}

private func continents(using random: inout SeededGenerator) -> MiniRecord {
    let some = random.sample(random.number(in: 3...5), of: Country.all)
    let order = ["Africa", "Asia", "Europe", "North America", "South America", "Oceania"]
    let byCapital = random.below(2) == 0
    return sorted(
        some.map { (byCapital ? $0.capital : $0.name, $0.continent) },
        into: order.filter { name in some.contains { $0.continent == name } },
        question: byCapital
            ? "Sort these capitals by continent:" : "Sort these countries by continent:",
        using: &random)
}

private func centuries(using random: inout SeededGenerator) -> MiniRecord {
    let events = random.sample(3, of: Event.all)
    // The year 1900 would belong to the 19th century; the table has no year ending in 00.
    let labels = events.map { "\(ordinal($0.year / 100 + 1)) century" }
    return sorted(
        Array(zip(events.map(\.statement), labels)),
        into: labels.enumerated().filter { labels.firstIndex(of: $0.element) == $0.offset }
            .map(\.element),
        question: "Assign each of these events to its century:", asSentences: false, using: &random)
}

private func reviews(using random: inout SeededGenerator) -> MiniRecord {
    let thing = random.pick([
        "kettle", "hotel room", "novel", "headset", "restaurant", "bicycle", "lamp", "museum tour",
        "raincoat", "cooking course",
    ])
    let (label, text): (String, String) =
        switch random.below(3) {
        case 0:
            (
                "positive",
                random.pick([
                    "I could not be happier with this \(thing).",
                    "This \(thing) was worth every penny.",
                    "What a wonderful \(thing), far better than I had hoped.",
                ])
                    + random.pick([
                        " I will recommend it to all my friends.", " Everything was just right.",
                        " I would choose it again at once.",
                    ])
            )
        case 1:
            (
                "negative",
                random.pick([
                    "This \(thing) was a great disappointment.",
                    "I regret spending money on this \(thing).",
                    "I expected much more from this \(thing).",
                ])
                    + random.pick([
                        " I asked for my money back.", " Nobody answered my complaint.",
                        " I cannot recommend it to anybody.",
                    ])
            )
        default:
            (
                "mixed",
                random.pick([
                    "This \(thing) has good and bad sides.",
                    "I am of two minds about this \(thing).",
                ])
                    + random.pick([
                        " I liked the look of it, but the price was too high.",
                        " The staff were friendly, yet I had to wait far too long.",
                        " It does its job, though I had hoped for better quality.",
                    ])
            )
        }
    let reason =
        switch label {
        case "positive": "The writer is happy with the \(thing) and says nothing bad about it."
        case "negative": "The writer is unhappy with the \(thing) and names nothing good."
        default: "The writer weighs good points against bad ones."
        }
    return MiniRecord(
        category: .classification,
        instruction: random.pick([
            "Is this review positive, negative or mixed?",
            "Classify the mood of this review as positive, negative or mixed.",
        ]),
        context: text,
        response: random.pick([
            "The review is \(label). \(reason)", "\(capitalized(label)). \(reason)",
        ]))
}
