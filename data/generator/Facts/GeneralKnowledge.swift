/// Single questions with their answers, for which no table is needed.
enum GeneralKnowledge {
    /// Question and answer, both as whole sentences.
    static let questions: [(question: String, answer: String)] = rows(table, columns: 2).map {
        ($0[0], $0[1])
    }

    private static let table = """
        What is the largest ocean on Earth?|The Pacific Ocean is the largest ocean on Earth. It covers about a third of the planet's surface.
        What is the highest mountain above sea level?|Mount Everest is the highest mountain above sea level. Its summit is about 8,849 metres high.
        Which planet is closest to the Sun?|Mercury is the planet closest to the Sun.
        Which is the largest planet of the solar system?|Jupiter is the largest planet of the solar system.
        Which planet is known for its bright rings?|Saturn is known for its bright rings, which consist mostly of ice.
        How many planets does the solar system have?|The solar system has eight planets: Mercury, Venus, Earth, Mars, Jupiter, Saturn, Uranus and Neptune.
        How long does the Earth take to go around the Sun?|The Earth takes about 365 and a quarter days. The extra quarter is why there are leap years.
        Which is the smallest country in the world by area?|Vatican City is the smallest country in the world. It lies within the city of Rome.
        Which is the largest country in the world by area?|Russia is the largest country in the world by area. It stretches across eleven time zones.
        Which is the largest hot desert in the world?|The Sahara in northern Africa is the largest hot desert in the world.
        On which continent is the South Pole?|The South Pole is in Antarctica.
        Which river flows through Cairo?|The Nile flows through Cairo.
        Which river flows through London?|The Thames flows through London on its way to the North Sea.
        Which river flows through Paris?|The Seine flows through Paris.
        Which river flows through Vienna, Bratislava, Budapest and Belgrade?|The Danube flows through all four of these capitals.
        What is the longest bone of the human body?|The thighbone, or femur, is the longest bone of the human body.
        Which organ pumps blood through the body?|The heart pumps blood through the body.
        What is the largest organ of the human body?|The skin is the largest organ of the human body.
        How many chambers does the human heart have?|The human heart has four chambers: two atria and two ventricles.
        How many bones does an adult human usually have?|An adult human usually has 206 bones.
        What do plants take in from the air for photosynthesis?|Plants take in carbon dioxide. With water and sunlight they make sugar from it and release oxygen.
        At what temperature does water boil at sea level?|At sea level water boils at about 100 degrees Celsius, which is 212 degrees Fahrenheit.
        At what temperature does water freeze?|Under normal pressure water freezes at 0 degrees Celsius, which is 32 degrees Fahrenheit.
        What is the chemical formula of water?|The chemical formula of water is H2O: two atoms of hydrogen and one of oxygen.
        What is the chemical formula of table salt?|Table salt is sodium chloride, NaCl.
        How fast does light travel in a vacuum?|Light travels at 299,792,458 metres per second in a vacuum, or roughly 300,000 kilometres per second.
        Who was the first person to walk on the Moon?|Neil Armstrong was the first person to walk on the Moon, on 20 July 1969 by Houston time.
        Who was the first president of the United States?|George Washington was the first president of the United States. He took office in 1789.
        How many sides does a hexagon have?|A hexagon has six sides.
        What is the sum of the angles of a triangle?|The angles of a plane triangle add up to 180 degrees.
        What is the smallest prime number?|The smallest prime number is 2. It is also the only even one.
        How many strings does a violin have?|A violin has four strings, usually tuned to G, D, A and E.
        How many keys does a standard piano have?|A standard piano has 88 keys: 52 white and 36 black.
        How many squares does a chessboard have?|A chessboard has 64 squares in eight rows of eight.
        How many players of one team are on the field in association football?|Each team has eleven players on the field, one of whom is the goalkeeper.
        Which gas do humans need to breathe to stay alive?|Humans need oxygen, which makes up about 21 percent of dry air.
        Which instrument measures air pressure?|A barometer measures air pressure.
        Which instrument measures temperature?|A thermometer measures temperature.
        Which instrument records earthquakes?|A seismograph records earthquakes.
        What is the hardest natural mineral on the Mohs scale?|Diamond is the hardest mineral on the Mohs scale. It has the value 10.
        What is a group of stars that forms a pattern called?|It is called a constellation. Orion and Ursa Major are well-known examples.
        Which natural satellite orbits the Earth?|The Moon orbits the Earth. One orbit takes a little more than 27 days.
        Which alphabet is used to write Russian?|Russian is written in the Cyrillic alphabet.
        From which language does the word "kindergarten" come?|The word "kindergarten" comes from German, where it means a garden of children.
        How many days does February have in a leap year?|In a leap year February has 29 days.
        How many letters does the English alphabet have?|The English alphabet has 26 letters, five of which are usually called vowels.
        What is the Roman numeral for 50?|The Roman numeral for 50 is L.
        What is the Roman numeral for 500?|The Roman numeral for 500 is D.
        Which sea separates Europe from Africa?|The Mediterranean Sea separates Europe from Africa. At the Strait of Gibraltar the two are only about 14 kilometres apart.
        Which canal joins the Atlantic to the Pacific?|The Panama Canal joins the Atlantic to the Pacific. It was opened in 1914.
        """
}
