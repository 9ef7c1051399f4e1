/// Lines for poems. Couplets rhyme and stand alone, so any of one theme can follow each other.
enum Poems {
    static let couplets: [String: [[String]]] = [
        "the sea": [
            ["The waves come in, the waves go out,", "and gulls above them wheel and shout."],
            ["A sail goes by without a sound,", "the world is wide, the world is round."],
            ["The sand still keeps the warmth of noon", "beneath the cool and rising moon."],
            ["I found a shell as white as snow", "that someone dropped there long ago."],
        ],
        "winter": [
            ["The snow has covered hill and street", "and hides the tracks of little feet."],
            ["The kettle sings, the fire is low,", "the window shines with falling snow."],
            ["The lake lies still beneath the ice", "and stars look down like scattered rice."],
            ["The birds come hungry to the sill", "when all the fields are white and still."],
        ],
        "a garden": [
            ["The beans have climbed the garden wall,", "the sunflowers have grown so tall."],
            ["A snail goes slowly up the stair", "and has no worry, has no care."],
            ["The bees are busy in the thyme", "and never ask about the time."],
            ["The rain has washed the roses bright,", "they seem to drink the morning light."],
        ],
        "the night": [
            ["The town is dark, the clocks are slow,", "the streetlamps keep a yellow glow."],
            ["An owl calls out across the park", "and gets an answer from the dark."],
            ["The moon has climbed above the trees", "and silver moves along the breeze."],
            ["The cat comes home on quiet feet", "along the long and empty street."],
        ],
        "the city": [
            ["The trams roll by with ringing bells,", "the baker's door has lovely smells."],
            ["A thousand windows catch the sun,", "a thousand people start to run."],
            ["The market fills with noise and light,", "with oranges and melons bright."],
            ["At five the bridges fill with feet", "that hurry home from street to street."],
        ],
        "autumn": [
            ["The leaves come down in red and gold,", "the mornings now are clear and cold."],
            ["The apples wait in wooden trays,", "a gift of all the summer days."],
            ["The swallows gather on the wire", "and evening brings us to the fire."],
            ["A kite climbs up into the sky", "and watches all the clouds go by."],
        ],
        "a friend": [
            ["You knew my fears, you shared my bread,", "you laughed at every word I said."],
            ["The road was long, the hill was steep,", "we had our promises to keep."],
            ["When I was lost you drew a map,", "when I was sad you brought my cap."],
            ["So here's a cup, and here's a chair,", "a friend is someone who is there."],
        ],
    ]

    /// A line of five or seven syllables with what it mentions.
    struct Line {
        let mention: String
        let text: String
    }

    /// Haiku lines of a season: of five syllables, and of seven.
    static let haiku: [String: (fives: [Line], sevens: [Line])] = [
        "winter": (
            [
                Line(mention: "snow", text: "Snow on the old roof"),
                Line(mention: "smoke", text: "Smoke from one chimney"),
                Line(mention: "twigs", text: "Bare twigs hold the light"),
            ],
            [
                Line(mention: "a fox", text: "a fox crosses the white field"),
                Line(mention: "a river", text: "the river sleeps under ice"),
            ]
        ),
        "spring": (
            [
                Line(mention: "rain", text: "Rain taps on the leaves"),
                Line(mention: "a blackbird", text: "One blackbird at dawn"),
                Line(mention: "mud", text: "Mud on both my boots"),
            ],
            [
                Line(mention: "a cherry tree", text: "the cherry tree drops its snow"),
                Line(mention: "wet soil", text: "green points push through the wet soil"),
            ]
        ),
        "summer": (
            [
                Line(mention: "heat", text: "Heat above the road"),
                Line(mention: "bees", text: "Bees in the clover"),
                Line(mention: "bare feet", text: "Bare feet in the stream"),
            ],
            [
                Line(mention: "a child", text: "a child counts the ice cream vans"),
                Line(mention: "a dog", text: "the dog sleeps beneath the bench"),
            ]
        ),
        "autumn": (
            [
                Line(mention: "mist", text: "Mist on the stubble"),
                Line(mention: "geese", text: "Geese call overhead"),
                Line(mention: "a leaf", text: "One leaf on the step"),
            ],
            [
                Line(mention: "apples", text: "the last apples scent the barn"),
                Line(mention: "an old man", text: "an old man rakes, rests, rakes on"),
            ]
        ),
    ]
}
