/// Questions of a general kind with an answer of a paragraph.
enum Explanations {
    static let all: [(question: String, answer: String)] = rows(table, columns: 2).map {
        ($0[0], $0[1])
    }

    private static let table = """
        Why is the sky blue?|Sunlight contains all colours. Air molecules scatter short waves, such as blue, much more strongly than long waves, such as red. So blue light reaches our eyes from every part of the sky.
        Why do we have seasons?|The axis of the Earth is tilted by about 23.4 degrees. During one half of the year the northern half of the globe leans towards the Sun, and during the other half it leans away, so the length of the days and the strength of the sunlight change.
        How does a rainbow form?|Sunlight enters raindrops, is bent, reflected inside them and bent again on leaving. Each colour is bent by a slightly different angle, so an observer with the Sun behind sees the colours side by side in an arc.
        Why does ice float on water?|Water expands when it freezes because its molecules form an open lattice. Ice is therefore about nine percent less dense than liquid water and floats.
        What causes the tides?|Mainly the gravity of the Moon, and to a lesser degree that of the Sun. They pull a little more strongly on the near side of the Earth than on the far side, which raises two bulges of water; the Earth turns beneath them.
        How does a vaccine work?|A vaccine shows the immune system a harmless form or part of a germ. The body learns to recognize it and keeps memory cells, so it can react quickly when the real germ arrives.
        Why do leaves change colour in autumn?|Trees stop making green chlorophyll when the days become short and break down what is left. Yellow and orange pigments that were there all along become visible, and some trees produce red ones as well.
        What is the difference between weather and climate?|Weather is the state of the atmosphere at a given time and place. Climate is the typical weather of a region over many years, usually thirty or more.
        What is the difference between a comet and an asteroid?|A comet consists largely of ice and dust and grows a glowing coma and tails near the Sun. An asteroid is mostly rock or metal and has no such tail.
        How does soap remove grease?|One end of a soap molecule likes water and the other end likes fat. The fatty ends surround a droplet of grease while the other ends face outwards, so that the droplet can be rinsed away with water.
        Why does bread rise?|Yeast feeds on sugars in the dough and gives off carbon dioxide. The elastic gluten of the flour holds the gas in small bubbles, so the dough swells.
        How does a refrigerator keep food cold?|A fluid evaporates in pipes inside the box and takes up heat as it does so. A compressor then squeezes the vapour, which gives the heat off at the back of the appliance and becomes liquid again.
        What is inflation?|Inflation is a general rise in prices over time. The same amount of money then buys fewer goods than before.
        What is compound interest?|It is interest that is paid not only on the original sum but also on the interest earned so far. Over long periods it makes savings, and debts, grow faster and faster.
        What is the difference between mass and weight?|Mass is the amount of matter in a body and is the same everywhere. Weight is the force with which gravity pulls on that mass, so it is smaller on the Moon than on the Earth.
        How does a compass work?|A compass needle is a small magnet that can turn freely. It lines up with the magnetic field of the Earth, so one end points roughly to the north.
        Why do we see lightning before we hear thunder?|Light covers the distance almost at once, while sound travels only about 340 metres in a second. Three seconds between flash and thunder therefore mean a distance of about one kilometre.
        What is a solar eclipse?|In a solar eclipse the Moon passes between the Sun and the Earth and covers the Sun in whole or in part. It can only happen at new moon.
        What is a lunar eclipse?|In a lunar eclipse the Moon moves through the shadow of the Earth. It can only happen at full moon, and the Moon often looks dark red.
        How do bees make honey?|Bees collect nectar from flowers and pass it on in the hive. Enzymes change its sugars, and the bees fan it with their wings until so much water has evaporated that it keeps.
        Why do cats purr?|Cats often purr when they are content, for example while being stroked. They may also purr when they are hurt or afraid, probably to calm themselves.
        Why are bees important to farmers?|Bees carry pollen from flower to flower. Many crops, such as apples, almonds and cherries, bear little or no fruit without pollination by insects.
        What is the difference between a fruit and a vegetable in botany?|In botany a fruit is the part of a plant that develops from the flower and holds the seeds. Vegetable is a word of the kitchen for other edible parts such as roots, stems and leaves; in this sense a tomato is a fruit.
        How does a lever make work easier?|A lever trades force for distance. A small force on the long arm moves a large load on the short arm, but the hand has to travel farther than the load.
        Why does metal feel colder than wood at the same temperature?|Metal conducts heat much better than wood. It draws heat from the hand faster, and the skin notices the loss of heat rather than the temperature of the object.
        What is biodiversity?|Biodiversity is the variety of life in a place: the number of species, the differences within each species, and the range of habitats. Diverse ecosystems tend to cope better with change.
        What is a prime number?|A prime number is a whole number greater than 1 that can be divided without remainder only by 1 and by itself. The first ones are 2, 3, 5, 7 and 11.
        What is the difference between an average and a median?|The average is the sum of all values divided by their number. The median is the value in the middle of the sorted list, so a few extreme values hardly change it.
        What is photosynthesis?|Photosynthesis is the process by which plants, algae and some bacteria use the energy of light to make sugar from water and carbon dioxide. Plants release oxygen as they do it.
        What is the water cycle?|Water evaporates from seas, lakes and soil, rises, cools and condenses into clouds. It returns as rain or snow and flows back through rivers and ground water to the sea.
        What does a catalyst do?|A catalyst makes a chemical reaction faster by lowering the energy that is needed to start it. It is not used up in the reaction.
        Why should you save important files in more than one place?|Disks fail, computers get lost and people delete files by mistake. A second copy in another place means that no single accident destroys the work.
        How can I make a strong password?|Make it long; several random words in a row are easy to remember and hard to guess. Do not use names or dates, use a different one for each account, and let a password manager store them.
        How should I prepare for a job interview?|Read about the employer, go through the job description and think of an example from your work for each requirement. Prepare a few questions of your own, test the route or the video connection, and arrive early.
        How do I remove a splinter?|Wash your hands and the skin around the splinter. Pull it out with clean tweezers in the direction in which it went in, then wash the spot again and cover it if needed.
        How can I sleep better?|Go to bed and get up at regular hours, keep the room dark, quiet and cool, and avoid coffee late in the day. Put bright screens away some time before going to bed.
        How do I keep houseplants alive during a holiday?|Move them out of direct sun, water them well before you leave and group them together. For a long trip ask a neighbour, or lead a cotton string from a bowl of water into each pot.
        What should be in a first aid kit?|Plasters, sterile dressings, bandages, tape, scissors, tweezers, disposable gloves and something to clean wounds. A list of emergency numbers is useful as well.
        How do I read a topographic map?|Look at the scale and the legend first. Contour lines join points of equal height: where they lie close together the ground is steep, and where they are far apart it is gentle.
        What is the best way to learn new vocabulary?|Learn a few words each day, use them in sentences of your own and test yourself at growing intervals. Recalling a word from memory helps more than reading it again.
        Why do we shake hands?|Shaking hands is a greeting that shows good will. A common explanation is that the open hand shows that it holds no weapon, though nobody knows for certain how the custom began.
        What is a haiku?|A haiku is a short poem that came from Japan. In English it is often written in three lines of five, seven and five syllables and tends to show a moment in nature.
        What is the difference between a simile and a metaphor?|A simile compares two things with a word such as "like" or "as": she swims like a fish. A metaphor speaks of one thing as if it were the other: he is a walking dictionary.
        What is a palindrome?|A palindrome is a word or phrase that reads the same forwards and backwards, such as "level", "radar" or "noon".
        What is the difference between "its" and "it's"?|"Its" shows possession, as in "the dog wagged its tail". "It's" is short for "it is" or "it has", as in "it's raining".
        When do you use "fewer" and when "less"?|In careful usage "fewer" goes with things that can be counted, as in fewer cars, and "less" with quantities that cannot, as in less traffic.
        What is an open-source licence?|It is a licence that lets everybody use, study, change and pass on a program. Some of these licences require that changed versions stay under the same terms.
        What does a compiler do?|A compiler translates a program from the language in which people write it into another form, usually machine code. On the way it checks the program for errors and often makes it faster.
        What is the difference between RAM and a hard disk?|RAM holds the data that programs are working on; it is fast and loses its content without power. A hard disk or SSD is slower but keeps files when the computer is switched off.
        How does recycling glass help?|Old glass melts at a lower temperature than its raw materials, so the furnaces need less energy. Glass can be melted again and again without losing quality.
        """
}
