// Paragraphs made from the fact tables, for the categories that come with a context.

extension SeededGenerator {
    /// A paragraph on something real, in the same form as an invented scene.
    mutating func factSheet() -> Scene {
        switch below(4) {
        case 0: sheet(on: pick(Country.all))
        case 1: sheet(on: pick(Element.all))
        case 2: sheet(on: pick(Animal.all))
        default: sheet(on: sample(3, of: Event.all).sorted { $0.year < $1.year })
        }
    }

    private mutating func sheet(on country: Country) -> Scene {
        let name = capitalized(country.name)
        let border =
            country.neighbour.map { "It has a land border with \($0)." }
            ?? "It is surrounded by the sea."
        return Scene(
            text:
                "\(name) is a country in \(country.continent). Its capital is \(country.capital). "
                + "\(country.language) is widely spoken there, and people pay with the "
                + "\(country.currency). \(border)",
            questions: [
                ("What is the capital of the country?", "Its capital is \(country.capital)."),
                (
                    "With which currency do people pay there?",
                    "They pay with the \(country.currency)."
                ),
                (
                    "Which language is widely spoken there?",
                    "\(country.language) is widely spoken in \(country.name)."
                ),
            ],
            extractions: [
                (
                    "the capital, the currency and the language",
                    [country.capital, country.currency, country.language]
                ),
                (
                    "the country, its capital and its continent",
                    [country.name, country.capital, country.continent]
                ),
            ],
            summary: "\(name) is a country in \(country.continent) with the capital "
                + "\(country.capital) and the \(country.currency) as its currency.")
    }

    private mutating func sheet(on element: Element) -> Scene {
        let name = capitalized(element.name)
        return Scene(
            text: "\(name) is a chemical element with the symbol \(element.symbol) and the atomic "
                + "number \(element.number). It is \(withArticle(element.kind)) and, at room "
                + "temperature, \(withArticle(element.state)). \(element.note)",
            questions: [
                ("What is the symbol of the element?", "Its symbol is \(element.symbol)."),
                (
                    "How many protons does an atom of this element have, given its atomic number?",
                    "An atom of \(element.name) has \(element.number) "
                        + "\(element.number == 1 ? "proton" : "protons"), since the atomic number "
                        + "counts the protons."
                ),
                (
                    "In which state is the element at room temperature?",
                    "At room temperature \(element.name) is \(withArticle(element.state))."
                ),
            ],
            extractions: [
                (
                    "the name, the symbol and the atomic number",
                    [element.name, element.symbol, String(element.number)]
                ),
                ("the kind of element and its state", [element.kind, element.state]),
            ],
            summary: "\(name) (\(element.symbol), number \(element.number)) is "
                + "\(withArticle(element.kind)). \(element.note)")
    }

    private mutating func sheet(on animal: Animal) -> Scene {
        let name = animal.name
        return Scene(
            text:
                "The \(name) is \(withArticle(animal.group)). It lives in \(animal.home) and feeds "
                + "on \(animal.diet). A young \(name) is called \(withArticle(animal.young)). "
                + animal.note,
            questions: [
                ("What does the \(name) feed on?", "It feeds on \(animal.diet)."),
                (
                    "What is the young animal called?",
                    "A young \(name) is called \(withArticle(animal.young))."
                ),
                (
                    "Which group of animals does the \(name) belong to?",
                    "It is \(withArticle(animal.group))."
                ),
            ],
            extractions: [
                ("the food and the home of the animal", [animal.diet, animal.home]),
                (
                    "the name of the animal, its group and the word for its young",
                    [name, animal.group, animal.young]
                ),
            ],
            summary:
                "The \(name) is \(withArticle(animal.group)) that lives in \(animal.home) and feeds on "
                + "\(animal.diet). \(animal.note)")
    }

    private mutating func sheet(on events: [Event]) -> Scene {
        let (first, last) = (events[0], events[events.count - 1])
        let told = events.map { "In \($0.year) \($0.statement). \($0.note)" }
        return Scene(
            text: told.joined(separator: " "),
            questions: events.map {
                ("According to the text, when \($0.question)?", "That was in \($0.year).")
            } + [
                (
                    "How many years lie between the first and the last event of the text?",
                    "\(capitalized(inWords(last.year - first.year))) years lie between them, from "
                        + "\(first.year) to \(last.year)."
                )
            ],
            extractions: [
                (
                    "the main events with their years",
                    events.map { "\($0.year): \($0.statement)" }
                )
            ],
            summary: "The text names three events: \(events[0].statement) (\(events[0].year)), "
                + "\(events[1].statement) (\(events[1].year)) and \(events[2].statement) "
                + "(\(events[2].year)).")
    }
}
