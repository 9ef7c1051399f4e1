/// A person and the deed that the person is known for.
struct Person {
    let name: String
    /// "painted the Mona Lisa"
    let deed: String
    let note: String

    static let all: [Person] = rows(table, columns: 3).map {
        Person(name: $0[0], deed: $0[1], note: $0[2])
    }

    private static let table = """
        Leonardo da Vinci|painted the Mona Lisa|The painting hangs in the Louvre in Paris.
        Michelangelo|painted the ceiling of the Sistine Chapel|He worked on it from 1508 to 1512.
        Vincent van Gogh|painted The Starry Night|He painted it in 1889 in Saint-Rémy.
        Pablo Picasso|painted Guernica|The picture is a protest against the bombing of a Basque town.
        Edvard Munch|painted The Scream|Munch was a Norwegian painter.
        Johannes Vermeer|painted Girl with a Pearl Earring|He lived and worked in Delft.
        Ludwig van Beethoven|composed the Moonlight Sonata|He also wrote nine symphonies.
        Antonio Vivaldi|composed The Four Seasons|It is a set of four violin concertos.
        Pyotr Tchaikovsky|composed Swan Lake|It is one of the best known of all ballets.
        Wolfgang Amadeus Mozart|composed The Magic Flute|The opera was first performed in Vienna in 1791.
        Marie Curie|discovered polonium and radium together with her husband Pierre|She received Nobel Prizes in both physics and chemistry.
        Dmitri Mendeleev|published the first widely recognized periodic table|He left gaps for elements that were still unknown.
        Johannes Kepler|showed that the planets move in ellipses|He used the observations of Tycho Brahe.
        Galileo Galilei|discovered the four largest moons of Jupiter|He saw them with a small telescope in 1610.
        Gregor Mendel|worked out basic laws of heredity with pea plants|He was a friar in Brno.
        Albert Einstein|developed the theory of relativity|He received the Nobel Prize for his work on the photoelectric effect.
        William Herschel|discovered the planet Uranus|He found it in 1781.
        Michael Faraday|discovered electromagnetic induction|Generators and transformers rest on this effect.
        Edward Jenner|introduced vaccination against smallpox|He used material from the milder cowpox.
        Louis Pasteur|developed pasteurization|The process kills germs in drinks by moderate heat.
        Ada Lovelace|published an early algorithm for Charles Babbage's Analytical Engine|She is often called the first programmer.
        Tim Berners-Lee|invented the World Wide Web|He was working at CERN at the time.
        Johannes Gutenberg|introduced printing with movable metal type to Europe|His best known work is a printed Bible.
        Alfred Nobel|invented dynamite|He left his fortune to the prizes that bear his name.
        Rosalind Franklin|led the X-ray work behind Photograph 51 of DNA|The image gave important evidence for the double helix.
        Ferdinand Magellan|led the expedition that first sailed around the world|He himself died on the way, in the Philippines.
        Valentina Tereshkova|was the first woman in space|She orbited the Earth 48 times in 1963.
        Amelia Earhart|was the first woman to fly alone across the Atlantic|She made the flight in 1932.
        Florence Nightingale|reformed nursing after the Crimean War|She also used charts to argue for better hygiene.
        Louis Braille|devised a system of raised dots for blind readers|He was still a teenager at the time.
        """
}

/// A book, its author and the year in which it first appeared.
struct Book {
    let title: String
    let author: String
    let year: Int
    let kind: String
    let note: String

    static let all: [Book] = rows(table, columns: 5).map {
        Book(title: $0[0], author: $0[1], year: Int($0[2]) ?? 0, kind: $0[3], note: $0[4])
    }

    private static let table = """
        Pride and Prejudice|Jane Austen|1813|novel|It follows Elizabeth Bennet and Mr Darcy.
        Frankenstein|Mary Shelley|1818|novel|A young scientist brings a creature to life and comes to regret it.
        Oliver Twist|Charles Dickens|1838|novel|An orphan grows up among thieves in London.
        Jane Eyre|Charlotte Brontë|1847|novel|A governess falls in love with Mr Rochester.
        Wuthering Heights|Emily Brontë|1847|novel|Its scene is the Yorkshire moors.
        Moby-Dick|Herman Melville|1851|novel|Captain Ahab hunts a white whale.
        Walden|Henry David Thoreau|1854|book of reflections|It tells of two years in a cabin by a pond.
        Madame Bovary|Gustave Flaubert|1857|novel|Its heroine is unhappy with her life in the provinces.
        Les Misérables|Victor Hugo|1862|novel|The former convict Jean Valjean is its hero.
        Alice's Adventures in Wonderland|Lewis Carroll|1865|children's book|A girl follows a white rabbit down its hole.
        Crime and Punishment|Fyodor Dostoevsky|1866|novel|The student Raskolnikov commits a murder in Saint Petersburg.
        Little Women|Louisa May Alcott|1868|novel|It tells of the four March sisters.
        Treasure Island|Robert Louis Stevenson|1883|adventure novel|Jim Hawkins goes to sea with a treasure map.
        The Time Machine|H. G. Wells|1895|science fiction novel|A traveller visits the distant future.
        Dracula|Bram Stoker|1897|horror novel|A count from Transylvania travels to England.
        The Jungle Book|Rudyard Kipling|1894|collection of stories|Mowgli is a boy raised by wolves.
        The Wind in the Willows|Kenneth Grahame|1908|children's book|Mole, Rat, Toad and Badger live by a river.
        The Metamorphosis|Franz Kafka|1915|novella|Gregor Samsa wakes up as a giant insect.
        Ulysses|James Joyce|1922|novel|The whole story takes place on one day in Dublin.
        The Great Gatsby|F. Scott Fitzgerald|1925|novel|A rich man on Long Island longs for a lost love.
        Mrs Dalloway|Virginia Woolf|1925|novel|It describes a single day in London.
        Brave New World|Aldous Huxley|1932|novel|It imagines a future society ruled by comfort.
        The Hobbit|J. R. R. Tolkien|1937|fantasy novel|Bilbo Baggins leaves home with thirteen dwarves.
        The Little Prince|Antoine de Saint-Exupéry|1943|story|A pilot meets a small boy in the desert.
        Animal Farm|George Orwell|1945|novella|Farm animals chase away their master.
        Things Fall Apart|Chinua Achebe|1958|novel|Its hero Okonkwo lives in an Igbo village.
        To Kill a Mockingbird|Harper Lee|1960|novel|A lawyer in Alabama defends an innocent man.
        One Hundred Years of Solitude|Gabriel García Márquez|1967|novel|It follows the Buendía family in Macondo.
        """
}
