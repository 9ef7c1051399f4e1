/// Words with what a grammar says about them.
enum Words {
    /// Singular and irregular plural.
    static let plurals: [[String]] = rows(
        """
        child|children
        mouse|mice
        foot|feet
        tooth|teeth
        goose|geese
        ox|oxen
        leaf|leaves
        knife|knives
        wolf|wolves
        life|lives
        half|halves
        potato|potatoes
        city|cities
        baby|babies
        box|boxes
        church|churches
        sheep|sheep
        woman|women
        crisis|crises
        loaf|loaves
        """, columns: 2)

    /// Verb, simple past and past participle.
    static let verbs: [[String]] = rows(
        """
        go|went|gone
        write|wrote|written
        take|took|taken
        sing|sang|sung
        swim|swam|swum
        begin|began|begun
        drink|drank|drunk
        break|broke|broken
        speak|spoke|spoken
        choose|chose|chosen
        fly|flew|flown
        grow|grew|grown
        know|knew|known
        draw|drew|drawn
        give|gave|given
        eat|ate|eaten
        fall|fell|fallen
        drive|drove|driven
        ride|rode|ridden
        rise|rose|risen
        bring|brought|brought
        think|thought|thought
        teach|taught|taught
        build|built|built
        """, columns: 3)

    /// Words of opposite meaning.
    static let opposites: [[String]] = rows(
        """
        ancient|modern
        brave|cowardly
        broad|narrow
        cheap|expensive
        deep|shallow
        difficult|easy
        early|late
        empty|full
        generous|stingy
        heavy|light
        noisy|quiet
        polite|rude
        rough|smooth
        sharp|blunt
        strong|weak
        tight|loose
        transparent|opaque
        victory|defeat
        arrival|departure
        ascend|descend
        accept|refuse
        """, columns: 2)

    /// Kinds of things, with members; a question asks which kind a word belongs to.
    static let kinds: [String: [String]] = [
        "fruit": [
            "apple", "pear", "banana", "cherry", "mango", "grape", "plum", "peach", "orange",
            "lemon", "apricot", "fig",
        ],
        "vegetable": [
            "carrot", "cabbage", "spinach", "broccoli", "onion", "leek", "lettuce", "turnip",
            "radish", "parsnip", "cauliflower", "kale",
        ],
        "string instrument": [
            "violin", "cello", "guitar", "harp", "viola", "banjo", "lute", "mandolin", "sitar",
            "ukulele",
        ],
        "wind instrument": [
            "flute", "clarinet", "oboe", "trumpet", "bassoon", "trombone", "tuba", "recorder",
            "saxophone", "piccolo",
        ],
        "tree": [
            "oak", "beech", "birch", "maple", "willow", "elm", "ash", "spruce", "larch", "poplar",
        ],
        "flower": [
            "tulip", "daisy", "rose", "daffodil", "violet", "carnation", "marigold", "poppy",
            "snowdrop", "peony",
        ],
        "tool": [
            "hammer", "saw", "screwdriver", "chisel", "pliers", "wrench", "drill", "rake",
            "spade", "crowbar",
        ],
        "piece of furniture": [
            "table", "chair", "wardrobe", "sofa", "bookcase", "desk", "stool", "bed", "armchair",
            "chest of drawers",
        ],
        "piece of clothing": [
            "shirt", "jacket", "scarf", "glove", "sock", "coat", "sweater", "skirt", "hat",
            "waistcoat",
        ],
        "vehicle": [
            "car", "bus", "tram", "bicycle", "lorry", "train", "motorcycle", "van", "scooter",
            "tractor",
        ],
        "noun": [
            "kitchen", "river", "honesty", "teacher", "window", "music", "mountain", "friendship",
            "candle", "village",
        ],
        "verb": [
            "sing", "arrive", "think", "become", "bring", "explain", "forget", "decide", "believe",
            "choose",
        ],
        "adjective": [
            "tall", "cheerful", "ancient", "famous", "honest", "careful", "clever", "enormous",
            "fragile", "wooden",
        ],
    ]
}
