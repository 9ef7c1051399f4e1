/// A small invented situation: the facts, and a paragraph that states them.
/// Three categories ask about such paragraphs, each in its own way.
struct Scene {
    let text: String
    /// Questions on the text with their answers.
    let questions: [(question: String, answer: String)]
    /// Things to pull out of the text: what, and the items in order of appearance.
    let extractions: [(what: String, items: [String])]
    let summary: String
}

extension SeededGenerator {
    /// A scene of a random kind.
    mutating func scene() -> Scene {
        switch below(7) {
        case 0: library()
        case 1: trip()
        case 2: sales()
        case 3: weather()
        case 4: meeting()
        case 5: club()
        default: delivery()
        }
    }

    private mutating func fullName() -> String {
        "\(pick(Names.people)) \(pick(Names.surnames))"
    }

    private mutating func date() -> String {
        "\(number(in: 1...28)) \(pick(Names.months))"
    }

    private mutating func library() -> Scene {
        let town = pick(Names.towns)
        let (opened, opens, closes) = (
            number(in: 1890...1995), number(in: 8...10), number(in: 5...8)
        )
        let books = number(in: 8...60) * 1000 + number(in: 1...9) * 100
        let head = fullName()
        let closed = pick(["Sunday", "Monday", "Wednesday"])
        let text =
            "The public library of \(town) was opened in \(opened). It holds \(grouped(books)) books "
            + "and is led by \(head). On working days the doors open at \(opens) a.m. and close at "
            + "\(closes) p.m.; on \(closed)s the library stays closed. Readers under eighteen "
            + "borrow free of charge, while adults pay a small yearly fee."
        return Scene(
            text: text,
            questions: [
                ("When was the library of \(town) opened?", "It was opened in \(opened)."),
                ("How many books does the library hold?", "It holds \(grouped(books)) books."),
                ("Who leads the library?", "\(head) leads the library."),
                ("On which day is the library closed?", "It is closed on \(closed)s."),
                (
                    "For how many hours is the library open on a working day?",
                    "It is open for \(inWords(12 - opens + closes)) hours, from \(opens) a.m. to "
                        + "\(closes) p.m."
                ),
                (
                    "Who can borrow books without paying?",
                    "Readers under eighteen borrow free of charge."
                ),
            ],
            extractions: [
                (
                    "all numbers written in digits",
                    [String(opened), grouped(books), String(opens), String(closes)]
                ),
                ("the town and the person", [town, head]),
                ("the opening hours", ["from \(opens) a.m. to \(closes) p.m."]),
            ],
            summary:
                "The library of \(town), opened in \(opened) and led by \(head), has "
                + "\(grouped(books)) books. It is open on working days from \(opens) a.m. to "
                + "\(closes) p.m., closed on \(closed)s, and free for young readers.")
    }

    private mutating func trip() -> Scene {
        let friends = sample(3, of: Names.people)
        let towns = sample(3, of: Names.towns)
        let (first, second) = (number(in: 12...60), number(in: 12...60))
        let day = pick(Names.weekdays)
        let problem = pick([
            "a flat tyre", "heavy rain", "a closed bridge", "a swarm of midges", "a lost map",
        ])
        let text =
            "On \(day) \(list(friends)) cycled from \(towns[0]) to \(towns[1]), a distance of "
            + "\(first) kilometres. After a night in a simple hut they went on to \(towns[2]), "
            + "which was another \(second) kilometres. The only trouble on the way was \(problem). "
            + "\(friends[1]) took most of the photographs, and \(friends[2]) cooked on both evenings."
        return Scene(
            text: text,
            questions: [
                (
                    "How far did the friends cycle in all?",
                    "They cycled \(first + second) kilometres in all: \(first) on the first part "
                        + "and \(second) on the second."
                ),
                ("Who took most of the photographs?", "\(friends[1]) took most of them."),
                ("Who cooked in the evenings?", "\(friends[2]) cooked on both evenings."),
                ("What trouble did they have on the way?", "They had to deal with \(problem)."),
                ("Where did the trip end?", "The trip ended in \(towns[2])."),
                (
                    "Which part of the trip was longer?",
                    first == second
                        ? "Both parts had the same length, \(first) kilometres."
                        : first > second
                            ? "The first part, from \(towns[0]) to \(towns[1]), was longer by "
                                + "\(first - second) kilometres."
                            : "The second part, from \(towns[1]) to \(towns[2]), was longer by "
                                + "\(second - first) kilometres."
                ),
            ],
            extractions: [
                ("the names of the people", friends), ("the names of the places", towns),
                ("all distances", ["\(first) kilometres", "\(second) kilometres"]),
            ],
            summary:
                "\(list(friends)) cycled \(first + second) kilometres from \(towns[0]) by way of "
                + "\(towns[1]) to \(towns[2]), with \(problem) as their only trouble.")
    }

    private mutating func sales() -> Scene {
        let shop = "\(pick(Names.surnames)) & \(pick(Names.surnames))"
        let months = number(in: 0...9)
        let names = Array(Names.months[months..<months + 3])
        let goods = pick(["bicycles", "lamps", "armchairs", "radios", "tents", "kettles"])
        let sold = sample(3, of: Array(40...400))
        let best = sold.firstIndex(of: sold.max() ?? 0) ?? 0
        let worst = sold.firstIndex(of: sold.min() ?? 0) ?? 0
        let reason = pick([
            "a spring fair", "an advertisement in the local paper", "a discount for students",
            "a new window display",
        ])
        let text =
            "The firm \(shop) sold \(sold[0]) \(goods) in \(names[0]), \(sold[1]) in \(names[1]) "
            + "and \(sold[2]) in \(names[2]). The manager put the good result of \(names[best]) down "
            + "to \(reason). For the coming quarter she plans to keep the prices as they are."
        return Scene(
            text: text,
            questions: [
                (
                    "How many \(goods) did the firm sell in the three months together?",
                    "It sold \(sold.reduce(0, +)) \(goods): \(sold[0]) in \(names[0]), \(sold[1]) in "
                        + "\(names[1]) and \(sold[2]) in \(names[2])."
                ),
                (
                    "In which month were the most \(goods) sold?",
                    "Most \(goods) were sold in \(names[best]), namely \(sold[best])."
                ),
                (
                    "In which month did the firm sell the fewest \(goods)?",
                    "It sold the fewest in \(names[worst]): only \(sold[worst])."
                ),
                (
                    "What was the reason for the good result of \(names[best])?",
                    "The manager put it down to \(reason)."
                ),
                (
                    "What are the plans for the prices?",
                    "The manager plans to keep them as they are in the coming quarter."
                ),
            ],
            extractions: [
                (
                    "the sales of each month",
                    zip(names, sold).map { "\($0): \($1) \(goods)" }
                ),
                ("the months", names),
            ],
            summary:
                "\(shop) sold \(sold.reduce(0, +)) \(goods) in three months. \(names[best]) was the "
                + "best month thanks to \(reason), and prices will stay as they are.")
    }

    private mutating func weather() -> Scene {
        let town = pick(Names.towns)
        let days = Array(Names.weekdays.prefix(5))
        let degrees = sample(5, of: Array(4...31))
        let (hottest, coldest) = (degrees.max() ?? 0, degrees.min() ?? 0)
        let hot = days[degrees.firstIndex(of: hottest) ?? 0]
        let cold = days[degrees.firstIndex(of: coldest) ?? 0]
        let wet = pick(days)
        let readings = zip(days, degrees).map { "\($1) degrees on \($0)" }
        let text =
            "The weather station in \(town) reported these highest temperatures for the week: "
            + "\(list(readings)). Rain fell only on \(wet). The wind came from the "
            + "\(pick(["north", "east", "south", "west"])) on all five days and stayed light."
        return Scene(
            text: text,
            questions: [
                (
                    "Which was the warmest day?",
                    "\(hot) was the warmest day, with \(hottest) degrees."
                ),
                (
                    "Which was the coldest day?",
                    "\(cold) was the coldest day, with \(coldest) degrees."
                ),
                (
                    "By how many degrees did the warmest and the coldest day differ?",
                    "They differed by \(hottest - coldest) degrees: it was \(hottest) degrees on "
                        + "\(hot) and \(coldest) on \(cold)."
                ),
                ("On which day did it rain?", "It rained on \(wet)."),
                ("How strong was the wind?", "The wind was light on all five days."),
            ],
            extractions: [
                ("the temperature of each day", zip(days, degrees).map { "\($0): \($1) degrees" }),
                ("the rainy day and the town", [wet, town]),
            ],
            summary:
                "In \(town) the week's highest temperatures lay between \(coldest) degrees on "
                + "\(cold) and \(hottest) on \(hot), with light wind and rain only on \(wet).")
    }

    private mutating func meeting() -> Scene {
        let people = sample(3, of: Names.people)
        let subject = pick([
            "the new playground", "the summer festival", "the repair of the church roof",
            "the bus stop in Mill Lane", "the community garden",
        ])
        let cost = number(in: 3...40) * 500
        let (when, next) = (date(), pick(Names.weekdays))
        let text =
            "The town committee met on \(when) to talk about \(subject). \(people[0]) presented three "
            + "offers, the cheapest of which came to \(grouped(cost)) dollars. \(people[1]) was worried "
            + "about the noise during the work, but in the end the committee accepted the cheapest "
            + "offer. \(people[2]) will write to the neighbours, and the next meeting is on \(next)."
        return Scene(
            text: text,
            questions: [
                ("What did the committee meet to talk about?", "It met to talk about \(subject)."),
                ("Who presented the offers?", "\(people[0]) presented three offers."),
                (
                    "How much did the cheapest offer come to?",
                    "It came to \(grouped(cost)) dollars."
                ),
                (
                    "What was \(people[1]) worried about?",
                    "\(people[1]) was worried about the noise during the work."
                ),
                ("Who will write to the neighbours?", "\(people[2]) will write to the neighbours."),
                ("When did the committee meet?", "It met on \(when)."),
            ],
            extractions: [
                ("the names of the people", people),
                (
                    "the date, the weekday and the sum of money",
                    [when, next, "\(grouped(cost)) dollars"]
                ),
                (
                    "who does what",
                    [
                        "\(people[0]): presented three offers",
                        "\(people[1]): was worried about the noise",
                        "\(people[2]): will write to the neighbours",
                    ]
                ),
            ],
            summary:
                "The committee discussed \(subject) and, in spite of worries about noise, accepted the "
                + "cheapest offer of \(grouped(cost)) dollars. \(people[2]) will inform the neighbours."
        )
    }

    private mutating func club() -> Scene {
        let town = pick(Names.towns)
        let hobby = pick(["chess", "rowing", "hiking", "photography", "gardening", "fencing"])
        let (year, members) = (number(in: 1950...2015), number(in: 24...180))
        let young = number(in: 5...members / 3)
        let (founder, evening) = (fullName(), pick(Array(Names.weekdays.prefix(5))))
        let fee = number(in: 2...12) * 5
        let text =
            "The \(hobby) club of \(town) was founded in \(year) by \(founder). Today it has \(members) "
            + "members, \(young) of whom are younger than twenty. The club meets every \(evening) "
            + "evening in the old fire station. Membership costs \(fee) dollars a year, and guests "
            + "may come twice before they have to join."
        return Scene(
            text: text,
            questions: [
                ("Who founded the \(hobby) club?", "\(founder) founded the club in \(year)."),
                (
                    "How many members are twenty or older?",
                    "\(members - young) members are twenty or older, because \(young) of the "
                        + "\(members) are younger than twenty."
                ),
                ("Where does the club meet?", "It meets in the old fire station."),
                ("How much does a year's membership cost?", "It costs \(fee) dollars."),
                ("How often may guests come before they have to join?", "Guests may come twice."),
                ("On which evening does the club meet?", "It meets on \(evening) evenings."),
            ],
            extractions: [
                (
                    "all numbers written in digits",
                    [String(year), String(members), String(young), String(fee)]
                ),
                (
                    "the founder, the town and the meeting place",
                    [founder, town, "the old fire station"]
                ),
            ],
            summary:
                "The \(hobby) club of \(town), founded by \(founder) in \(year), has \(members) members, "
                + "meets on \(evening) evenings and costs \(fee) dollars a year.")
    }

    private mutating func delivery() -> Scene {
        let customer = fullName()
        let goods = sample(
            3,
            of: ["plates", "cups", "towels", "candles", "notebooks", "bowls", "cushions", "vases"])
        let counts = sample(3, of: Array(2...24))
        let price = number(in: 30...290)
        let (ordered, broken) = (date(), below(3))
        let items = zip(counts, goods).map { "\($0) \($1)" }
        let text =
            "\(customer) ordered \(list(items)) on \(ordered) and paid \(price) dollars by card. The parcel "
            + "arrived four days later. One of the \(goods[broken]) was broken, so the shop sent a "
            + "replacement without charge and added a voucher for ten dollars as an apology."
        return Scene(
            text: text,
            questions: [
                (
                    "What was broken when the parcel arrived?",
                    "One of the \(goods[broken]) was broken."
                ),
                (
                    "How many articles did \(customer) order altogether?",
                    "The order had \(counts.reduce(0, +)) articles: \(list(items))."
                ),
                ("How was the order paid?", "It was paid by card; the sum was \(price) dollars."),
                (
                    "What did the shop do about the damage?",
                    "It sent a replacement without charge and added a voucher for ten dollars."
                ),
                (
                    "How long did the delivery take?",
                    "The parcel arrived four days after the order."
                ),
            ],
            extractions: [
                ("the ordered articles with their number", items),
                ("the customer, the date and the price", [customer, ordered, "\(price) dollars"]),
            ],
            summary:
                "\(customer) ordered \(list(goods)) for \(price) dollars. As one of the "
                + "\(goods[broken]) arrived broken, the shop replaced it and added a voucher.")
    }
}
