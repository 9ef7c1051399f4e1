/// Poems, stories, letters and short texts for daily use.
func creativeTexts(_ count: Int, using random: inout SeededGenerator) -> [MiniRecord] {
    distinctRecords(count, using: &random) { random in
        let (instruction, response): (String, String) =
            switch random.below(8) {
            case 0: poem(using: &random)
            case 1: haiku(using: &random)
            case 2, 3: story(using: &random)
            case 4: letter(using: &random)
            case 5: advertisement(using: &random)
            case 6: diary(using: &random)
            default: dialogue(using: &random)
            }
        return MiniRecord(
            category: .creativeWriting, instruction: instruction, response: response)
    }
}

private func poem(using random: inout SeededGenerator) -> (String, String) {
    // Sorted, because the order of a dictionary differs from run to run.
    let theme = random.pick(Poems.couplets.keys.sorted())
    let couplets = random.sample(random.number(in: 2...3), of: Poems.couplets[theme] ?? [])
    let lines = inWords(2 * couplets.count)
    return (
        random.pick([
            "Write a poem of \(lines) lines about \(theme).",
            "Compose a rhyming poem about \(theme) in \(lines) lines.",
            "I would like \(lines) lines of verse about \(theme) for a postcard.",
        ]),
        couplets.flatMap(\.self).joined(separator: "\n")
    )
}

private func haiku(using random: inout SeededGenerator) -> (String, String) {
    let season = random.pick(Poems.haiku.keys.sorted())
    guard let lines = Poems.haiku[season] else { preconditionFailure("no lines for \(season)") }
    let outer = random.sample(2, of: lines.fives)
    let middle = random.pick(lines.sevens)
    return (
        random.pick([
            "Write a haiku about \(season) that mentions \(outer[0].mention) and \(middle.mention).",
            "Compose a \(season) haiku with \(middle.mention) and \(outer[0].mention) in it.",
        ]),
        "\(outer[0].text),\n\(middle.text).\n\(outer[1].text)."
    )
}

private func story(using random: inout SeededGenerator) -> (String, String) {
    let (one, two) = (random.pick(Names.people), random.pick(Names.surnames))
    let job = random.pick([
        "clockmaker", "baker", "lighthouse keeper", "bus driver", "gardener", "librarian",
        "postwoman", "beekeeper", "retired teacher", "carpenter",
    ])
    let town = random.pick(Names.towns)
    let object = random.pick([
        "an old key", "a letter without a name", "a small brass bell", "a map drawn by a child",
        "a silver button", "a box of photographs", "a broken music box",
    ])
    let thing = object.split(separator: " ").dropFirst().joined(separator: " ")
    let weather = random.pick([
        "On a foggy morning", "One evening in late autumn", "On the first warm day of the year",
        "During a long night of rain", "One Sunday before breakfast",
    ])
    let values = [
        "name": one, "surname": two, "job": withArticle(job), "trade": job, "town": town,
        "object": object, "thing": thing, "weather": weather,
    ]
    let (instruction, text) = random.pick([
        (
            "Write a short story about {name}, {job} from {town}, who finds {object}.",
            "{weather}, {name} found {object} under a bench in {town}. Being {job}, {name} was used to "
                + "looking closely, and noticed the letters \"M. {surname}\" scratched into it. It took a "
                + "week of asking from door to door. At last an old man opened, saw the {thing} and had to "
                + "sit down. \"I lost it sixty years ago,\" he said, \"on the day I met my wife.\""
        ),
        (
            "Tell me a brief tale set in {town} in which {object} changes hands.",
            "In {town} nobody threw anything away. So when {name}, {job}, was given {object} as payment, "
                + "it went on the shelf with all the rest. {weather} a stranger named {surname} came in, "
                + "pointed at the {thing} and offered a fortune. {name} thought for a moment and gave it "
                + "away for nothing. \"Things should go where they are missed,\" said the {trade}."
        ),
        (
            "Write the opening of a mystery in which {job} called {name} {surname} discovers {object}.",
            "{weather}, {name} {surname} unlocked the door and knew at once that somebody had been there. "
                + "Nothing was missing. On the table, however, lay {object}, and next to it a cup of tea "
                + "that was still warm. In twenty years as {job} in {town}, {name} had never locked "
                + "that door twice. Today seemed a good day to begin."
        ),
        (
            "Make up a story for children about {name} from {town} and {object}.",
            "{name} lived in {town} and was afraid of the dark. {weather}, a kind {trade} gave {name} "
                + "{object}. \"Hold it tight,\" said the {trade}, \"and the dark will tell you a story.\" "
                + "That night {name} held the {thing} and listened. There was the wind, and the cat, and the "
                + "clock in the hall. It was a good story, and {name} fell asleep before the end."
        ),
    ])
    return (fill(instruction, values), fill(text, values))
}

private func letter(using random: inout SeededGenerator) -> (String, String) {
    let names = random.sample(2, of: Names.people)
    let (from, to) = (names[0], names[1])
    let day = random.pick(Names.weekdays)
    switch random.below(3) {
    case 0:
        let gift = random.pick([
            "a scarf", "a cookbook", "a jar of honey", "a box of paints", "a pair of skates",
        ])
        let short = gift.split(separator: " ").last.map(String.init) ?? gift
        return (
            "Write a short thank-you note from \(from) to \(to) for \(gift).",
            "Dear \(to),\nthank you so much for \(gift)! You could not have chosen better. I have already "
                + "put the \(short) to good use and thought of you with a smile. Come and see me soon.\n"
                + "Yours, \(from)"
        )
    case 1:
        let occasion = random.pick([
            "a housewarming party", "a birthday dinner", "an evening of board games",
            "a garden party",
        ])
        let hour = random.number(in: 5...8)
        return (
            "Write an invitation from \(from) to \(to) to \(occasion) on \(day) at \(hour) p.m.",
            "Hello \(to),\nI would love to see you at \(occasion) on \(day) at \(hour) p.m. There will be "
                + "enough to eat and drink, so just bring yourself and good spirits. Please let me know "
                + "whether you can come.\nBest wishes, \(from)"
        )
    default:
        let town = random.pick(Names.towns)
        return (
            "Write a postcard from \(from) to \(to) about a holiday in \(town).",
            "Dear \(to),\ngreetings from \(town)! The bed is soft, the coffee is strong, and since \(day) "
                + "the sun has not stopped shining. Yesterday I got lost on a footpath and found the best "
                + "view of the whole valley. You would like it here.\nSee you soon, \(from)"
        )
    }
}

private func advertisement(using random: inout SeededGenerator) -> (String, String) {
    let product = random.pick([
        "umbrella", "notebook", "teapot", "bicycle lamp", "backpack", "desk lamp", "alarm clock",
        "raincoat", "bread knife", "garden chair",
    ])
    let quality = random.pick(["sturdy", "light", "handmade", "quiet", "simple", "cheerful"])
    let buyer = random.pick(["students", "commuters", "grandparents", "travellers", "early risers"])
    return (
        "Write a short advertisement for \(withArticle(quality)) \(product) aimed at \(buyer).",
        random.pick([
            "Some things should simply work. Our \(quality) \(product) does, today and in ten years. Made "
                + "for \(buyer) who have better things to do than to buy the same thing twice.",
            "Dear \(buyer), meet your new companion: \(withArticle(quality)) \(product) that asks for "
                + "little and gives a lot. Try it for thirty days. We are sure that you will keep it.",
            "Why settle for less? This \(quality) \(product) was designed with \(buyer) in mind, down to "
                + "the last detail. You will wonder how you ever managed without it.",
        ])
    )
}

private func diary(using random: inout SeededGenerator) -> (String, String) {
    let writer = random.pick([
        "a ship's cat", "an astronaut", "a snowman", "a museum guard", "an old oak tree",
        "a street musician", "a lost umbrella", "a mountain guide",
    ])
    let day = random.pick(Names.weekdays)
    let mood = random.pick(["a happy", "a sad", "a surprising", "a quiet"])
    let opening = [
        "a happy": "Everything went right today.", "a sad": "It has been a heavy day.",
        "a surprising": "I did not expect any of this.",
        "a quiet": "Hardly anything happened, and I liked it.",
    ]
    let ending = [
        "a happy": "I wish that every day could end like this.",
        "a sad": "Tomorrow will be kinder, I tell myself.",
        "a surprising": "I will need some time to believe it.",
        "a quiet": "Now it is getting dark, and I am content.",
    ]
    let middle = random.pick([
        "In the morning a child stopped, looked at me for a long time and waved.",
        "The light was so clear that even far things looked near.",
        "Somebody whistled a tune that I had not heard for years.",
        "The wind turned at noon, and with it everything else.",
    ])
    return (
        "Write a diary entry by \(writer) on \(mood) \(day).",
        "\(day). \(opening[mood] ?? "") \(middle) \(ending[mood] ?? "")"
    )
}

private func dialogue(using random: inout SeededGenerator) -> (String, String) {
    let things = random.sample(
        2,
        of: [
            "moon", "lamp", "clock", "spoon", "window", "mirror", "broom", "candle", "teapot",
            "doormat",
        ])
    let (one, two) = (capitalized(things[0]), capitalized(things[1]))
    let subject = random.pick(["patience", "work", "growing old", "visitors", "silence"])
    return (
        "Write a short dialogue between a \(things[0]) and a \(things[1]) about \(subject).",
        random.pick([
            "\(one): What do you think of \(subject)?\n\(two): I have seen too little of the world to say. "
                + "And you?\n\(one): I have seen a lot and know even less.\n\(two): Then let us wait together.",
            "\(one): People talk about \(subject) all the time.\n\(two): They talk, and we do what we "
                + "were made for.\n\(one): Do you ever want to be something else?\n\(two): Only on Mondays.",
            "\(one): I have been thinking about \(subject).\n\(two): That sounds tiring.\n\(one): It is. But "
                + "somebody has to.\n\(two): Then think a little for me as well, will you?",
        ])
    )
}
