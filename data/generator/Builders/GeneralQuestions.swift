/// Explanations, arithmetic, units and grammar.
func generalQuestions(_ count: Int, using random: inout SeededGenerator) -> [MiniRecord] {
    let explanations = Explanations.all.map {
        MiniRecord(category: .generalQA, instruction: $0.question, response: $0.answer)
    }
    precondition(explanations.count < count, "no room for anything but explanations")
    let rest = distinctRecords(count - explanations.count, using: &random) { random in
        let (question, answer): (String, String) =
            switch random.below(7) {
            case 0, 1: arithmetic(using: &random)
            case 2: wordProblem(using: &random)
            case 3: conversion(using: &random)
            case 4: timeSpan(using: &random)
            default: grammar(using: &random)
            }
        return MiniRecord(category: .generalQA, instruction: question, response: answer)
    }
    return explanations + rest
}

private func arithmetic(using random: inout SeededGenerator) -> (String, String) {
    switch random.below(5) {
    case 0:
        let (a, b) = (random.number(in: 12...480), random.number(in: 12...480))
        return (
            random.pick(["What is \(a) + \(b)?", "Add \(a) and \(b)."]),
            random.pick(["\(a) + \(b) = \(a + b).", "The sum of \(a) and \(b) is \(a + b)."])
        )
    case 1:
        let (a, b) = (random.number(in: 200...900), random.number(in: 15...199))
        return (
            random.pick(["What is \(a) - \(b)?", "Subtract \(b) from \(a)."]),
            "\(a) - \(b) = \(a - b). As a check, \(a - b) + \(b) = \(a)."
        )
    case 2:
        let (a, b) = (random.number(in: 3...25), random.number(in: 3...25))
        let tens = b / 10 * 10
        let split =
            b > 10 && b % 10 != 0
            ? " One way to see it: \(a) times \(tens) is \(a * tens), \(a) times \(b - tens) is "
                + "\(a * (b - tens)), and together that makes \(a * b)."
            : ""
        return (
            random.pick(["What is \(a) times \(b)?", "Multiply \(a) by \(b)."]),
            "\(a) times \(b) is \(a * b)." + split
        )
    case 3:
        let (divisor, quotient) = (random.number(in: 3...15), random.number(in: 4...40))
        let rest = random.below(divisor)
        let number = divisor * quotient + rest
        return (
            "What is \(number) divided by \(divisor)?",
            rest == 0
                ? "\(number) divided by \(divisor) is \(quotient)."
                : "\(number) divided by \(divisor) is \(quotient) with a remainder of \(rest), "
                    + "because \(divisor) times \(quotient) is \(divisor * quotient)."
        )
    default:
        let percent = random.number(in: 1...19) * 5
        let base = random.number(in: 2...40) * 20
        return (
            "What is \(percent) percent of \(base)?",
            "\(percent) percent of \(base) is \(percent * base / 100)."
        )
    }
}

private func wordProblem(using random: inout SeededGenerator) -> (String, String) {
    let name = random.pick(Names.people)
    let goods = random.pick(["apples", "pencils", "postcards", "rolls", "stamps", "tickets"])
    let (count, price) = (random.number(in: 3...12), random.number(in: 2...9))
    switch random.below(3) {
    case 0:
        let paid = (count * price / 10 + 1) * 10
        return (
            "\(name) buys \(count) \(goods) at \(price) dollars each and pays with \(paid) dollars. "
                + "How much change does \(name) get?",
            "The \(goods) cost \(count) times \(price), which is \(count * price) dollars. From \(paid) "
                + "dollars that leaves \(paid - count * price) dollars of change."
        )
    case 1:
        let given = random.number(in: 1...count - 1)
        let left = count * price - given
        return (
            "\(name) has \(price) bags with \(count) \(goods) in each and gives away \(given) of the "
                + "\(goods). How many are left?",
            "At first there are \(price) times \(count), which is \(count * price) \(goods). After giving "
                + "away \(given), \(name) has \(left) left."
        )
    default:
        let (speed, hours) = (random.number(in: 3...24) * 5, random.number(in: 2...9))
        return (
            "\(name) travels at a steady \(speed) kilometres an hour for \(hours) hours. How far does "
                + "\(name) get?",
            "Distance is speed times time: \(speed) times \(hours) is \(speed * hours), so \(name) gets "
                + "\(speed * hours) kilometres far."
        )
    }
}

private func conversion(using random: inout SeededGenerator) -> (String, String) {
    let units = [
        ("kilometres", "metres", 1000), ("metres", "centimetres", 100),
        ("kilograms", "grams", 1000), ("litres", "millilitres", 1000), ("hours", "minutes", 60),
        ("minutes", "seconds", 60), ("days", "hours", 24), ("weeks", "days", 7),
        ("feet", "inches", 12), ("yards", "feet", 3), ("tonnes", "kilograms", 1000),
        ("pounds", "ounces", 16), ("dozen", "pieces", 12), ("centuries", "years", 100),
    ]
    let (large, small, factor) = random.pick(units)
    let amount = random.number(in: 2...40)
    let one = [
        "feet": "foot", "centuries": "century", "dozen": "dozen", "tonnes": "tonne",
        "inches": "inch",
    ]
    let unit = one[large] ?? String(large.dropLast())
    return (
        random.pick([
            "How many \(small) are \(amount) \(large)?", "Convert \(amount) \(large) to \(small).",
        ]),
        random.pick([
            "\(amount) \(large) are \(grouped(amount * factor)) \(small).",
            "One \(unit) has \(grouped(factor)) \(small), so \(amount) \(large) are "
                + "\(grouped(amount * factor)) \(small).",
        ])
    )
}

private func timeSpan(using random: inout SeededGenerator) -> (String, String) {
    let start = random.number(in: 6 * 12...16 * 12) * 5
    let length = random.number(in: 3...50) * 5
    func clock(_ minutes: Int) -> String {
        "\(minutes / 60):\(minutes % 60 < 10 ? "0" : "")\(minutes % 60)"
    }
    let what = random.pick(["train ride", "film", "lesson", "concert", "flight", "football match"])
    return (
        "A \(what) begins at \(clock(start)) and takes \(length) minutes. When does it end?",
        "It ends at \(clock(start + length))."
            + (length > 60 && !length.isMultiple(of: 60)
                ? " \(length) minutes are \(inWords(length / 60)) "
                    + "\(length / 60 == 1 ? "hour" : "hours") and \(length % 60) minutes."
                : "")
    )
}

private func grammar(using random: inout SeededGenerator) -> (String, String) {
    switch random.below(4) {
    case 0:
        let pair = random.pick(Words.plurals)
        return (
            "What is the plural of \"\(pair[0])\"?",
            pair[0] == pair[1]
                ? "The plural of \"\(pair[0])\" is also \"\(pair[1])\": the word does not change."
                : "The plural of \"\(pair[0])\" is \"\(pair[1])\"."
        )
    case 1:
        let verb = random.pick(Words.verbs)
        return (
            "What are the simple past and the past participle of \"\(verb[0])\"?",
            verb[1] == verb[2]
                ? "Both the simple past and the past participle of \"\(verb[0])\" are \"\(verb[1])\"."
                : "The simple past of \"\(verb[0])\" is \"\(verb[1])\", and the past participle is "
                    + "\"\(verb[2])\"."
        )
    case 2:
        let pair = random.pick(Words.opposites)
        return (
            "Give me a word that means the opposite of \"\(pair[0])\".",
            "The opposite of \"\(pair[0])\" is \"\(pair[1])\"."
        )
    default:
        let verb = random.pick(Words.verbs.filter { $0[1] != $0[2] })
        let name = random.pick(Names.people)
        return (
            "Which form of \"\(verb[0])\" goes into this gap: \(name) has never ___ so well?",
            "The right form is the past participle: \(name) has never \(verb[2]) so well."
        )
    }
}
