/// Questions that are answered from general knowledge, without a context.
func openQuestions(_ count: Int, using random: inout SeededGenerator) -> [MiniRecord] {
    var records: [MiniRecord] = []
    func add(_ question: String, _ answer: String) {
        records.append(
            MiniRecord(category: .openQA, instruction: question, response: answer))
    }
    for pair in GeneralKnowledge.questions { add(pair.question, pair.answer) }
    for country in Country.all {
        let (question, answer) = countryQuestion(country, using: &random)
        add(question, answer)
    }
    for element in Element.all {
        let (question, answer) = elementQuestion(element, using: &random)
        add(question, answer)
    }
    for event in Event.all {
        add(
            random.pick(["In which year \(event.question)?", "When \(event.question)?"]),
            random.pick([
                "\(capitalized(event.statement)) in \(event.year).",
                "\(capitalized(event.statement)) in \(event.year). \(event.note)",
            ]))
    }
    for person in Person.all {
        add(
            "Who \(person.deed)?",
            random.pick([
                "\(person.name) \(person.deed). \(person.note)",
                "It was \(person.name) who \(person.deed). \(person.note)",
                "\(person.name) \(person.deed).",
            ]))
    }
    for book in Book.all {
        if random.below(2) == 0 {
            add(
                random.pick([
                    "Who wrote \(book.title)?", "Who is the author of \(book.title)?",
                ]),
                random.pick([
                    "\(book.author) wrote \(book.title).",
                    "\(book.title) was written by \(book.author). \(book.note)",
                ]))
        } else {
            add(
                "What kind of book is \(book.title), and what is it about?",
                "\(book.title) by \(book.author) is \(withArticle(book.kind)) from \(book.year). "
                    + book.note)
        }
    }
    for animal in Animal.all {
        let (question, answer) = animalQuestion(animal, using: &random)
        add(question, answer)
    }
    return random.shuffled(records).distinct(count)
}

private func countryQuestion(
    _ country: Country, using random: inout SeededGenerator
) -> (String, String) {
    let (name, capital) = (country.name, country.capital)
    switch random.below(6) {
    case 0:
        return (
            "Which currency is used in \(name)?",
            "\(capitalized(name)) uses the \(country.currency)."
        )
    case 1:
        return (
            "On which continent is \(name), and what is its capital?",
            "\(capitalized(name)) is in \(country.continent), and its capital is \(capital)."
        )
    case 2:
        return (
            "\(capital) is the capital of which country?",
            "\(capital) is the capital of \(name)."
        )
    case 3:
        return (
            "Name a language that is widely spoken in \(name).",
            "\(country.language) is widely spoken in \(name)."
        )
    default:
        let close = country.neighbour.map { "It shares a land border with \($0)." }
        return (
            random.pick([
                "What is the capital of \(name)?", "Which city is the capital of \(name)?",
                "Tell me the capital of \(name).",
            ]),
            random.pick([
                "The capital of \(name) is \(capital).",
                "\(capital) is the capital of \(name). The country is in \(country.continent).",
                "\(capital) is the capital of \(name)."
                    + (close.map { " The country is in \(country.continent). \($0)" } ?? ""),
            ])
        )
    }
}

private func elementQuestion(
    _ element: Element, using random: inout SeededGenerator
) -> (String, String) {
    let name = element.name
    switch random.below(4) {
    case 0:
        return (
            "What is the chemical symbol of \(name)?",
            "The chemical symbol of \(name) is \(element.symbol)."
        )
    case 1:
        return (
            "Which element has the atomic number \(element.number)?",
            "\(capitalized(name)) has the atomic number \(element.number). \(element.note)"
        )
    case 2:
        return (
            "What kind of element is \(name), and what is its symbol?",
            "\(capitalized(name)), with the symbol \(element.symbol), is "
                + "\(withArticle(element.kind)). \(element.note)"
        )
    default:
        return (
            "Is \(name) a solid, a liquid or a gas at room temperature?",
            "\(capitalized(name)) is \(withArticle(element.state)) at room temperature."
        )
    }
}

private func animalQuestion(
    _ animal: Animal, using random: inout SeededGenerator
) -> (String, String) {
    let plural = capitalized(animal.plural)
    switch random.below(4) {
    case 0:
        return (
            "What do \(animal.plural) eat?",
            "\(plural) eat \(animal.diet). They live in \(animal.home)."
        )
    case 1:
        return (
            "What is a young \(animal.name) called?",
            "A young \(animal.name) is called \(withArticle(animal.young))."
        )
    case 2:
        return (
            "Where do \(animal.plural) live?",
            "\(plural) live in \(animal.home)."
        )
    default:
        return (
            "What is special about the \(animal.name)?",
            "The \(animal.name) is \(withArticle(animal.group)). "
                + animal.note
        )
    }
}
