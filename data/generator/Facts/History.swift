/// An event with a certain year.
struct Event {
    let year: Int
    /// "the Berlin Wall fell"
    let statement: String
    /// "did the Berlin Wall fall"
    let question: String
    let note: String

    static let all: [Event] = rows(table, columns: 4).map {
        Event(year: Int($0[0]) ?? 0, statement: $0[1], question: $0[2], note: $0[3])
    }

    private static let table = """
        1066|the Battle of Hastings was fought|was the Battle of Hastings fought|William of Normandy won it and became king of England.
        1215|Magna Carta was sealed|was Magna Carta sealed|It bound the king of England to respect certain rights.
        1453|Constantinople fell to the Ottomans|did Constantinople fall to the Ottomans|That was the end of the Byzantine Empire.
        1492|Christopher Columbus first reached the Americas|did Christopher Columbus first reach the Americas|He had sailed west from Spain in search of a route to Asia.
        1517|Martin Luther published his Ninety-five Theses|did Martin Luther publish his Ninety-five Theses|They set off the Reformation.
        1543|Copernicus published his main work on the motion of the planets|did Copernicus publish his main work on the motion of the planets|It put the Sun and not the Earth at the centre.
        1588|the Spanish Armada was defeated|was the Spanish Armada defeated|Storms did a good part of the damage.
        1666|the Great Fire of London broke out|did the Great Fire of London break out|It started in a bakery in Pudding Lane.
        1687|Isaac Newton published the Principia|did Isaac Newton publish the Principia|The book contains his laws of motion and of gravitation.
        1755|a great earthquake destroyed much of Lisbon|did a great earthquake destroy much of Lisbon|A tsunami and fires followed it.
        1776|the United States declared independence|did the United States declare independence|The Declaration was adopted on 4 July.
        1783|the Montgolfier brothers first sent people up in a balloon|did the Montgolfier brothers first send people up in a balloon|The flight took place in Paris in a hot-air balloon.
        1789|the French Revolution began|did the French Revolution begin|The storming of the Bastille took place on 14 July.
        1804|Haiti became independent|did Haiti become independent|It was the outcome of a successful revolt against slavery.
        1815|Napoleon was defeated at Waterloo|was Napoleon defeated at Waterloo|He was then sent to the island of Saint Helena.
        1859|Charles Darwin published On the Origin of Species|did Charles Darwin publish On the Origin of Species|The book explains evolution by natural selection.
        1863|Abraham Lincoln delivered the Gettysburg Address|did Abraham Lincoln deliver the Gettysburg Address|The speech takes only a few minutes to read aloud.
        1865|the American Civil War ended|did the American Civil War end|The Thirteenth Amendment abolished slavery later that year.
        1867|Canada became a dominion by Confederation|did Canada become a dominion by Confederation|Canada Day, 1 July, recalls it.
        1869|the Suez Canal was opened|was the Suez Canal opened|It joins the Mediterranean to the Red Sea.
        1876|Alexander Graham Bell received his patent for the telephone|did Alexander Graham Bell receive his patent for the telephone|The first words he sent called his assistant into the room.
        1889|the Eiffel Tower was completed|was the Eiffel Tower completed|It was built for a world's fair in Paris.
        1893|New Zealand gave women the right to vote|did New Zealand give women the right to vote|It was the first self-governing country to do so.
        1895|Wilhelm Röntgen discovered X-rays|did Wilhelm Röntgen discover X-rays|He later received the first Nobel Prize in Physics.
        1896|the first modern Olympic Games were held|were the first modern Olympic Games held|The host city was Athens.
        1903|the Wright brothers made their first powered flight|did the Wright brothers make their first powered flight|It took place near Kitty Hawk in North Carolina.
        1911|Roald Amundsen reached the South Pole|did Roald Amundsen reach the South Pole|His party arrived about five weeks before Scott's.
        1912|the Titanic sank|did the Titanic sink|The ship had struck an iceberg on its first voyage.
        1914|the First World War began|did the First World War begin|It lasted until November 1918.
        1922|Howard Carter found the tomb of Tutankhamun|did Howard Carter find the tomb of Tutankhamun|The tomb lies in the Valley of the Kings in Egypt.
        1928|Alexander Fleming discovered penicillin|did Alexander Fleming discover penicillin|A mould had spoiled one of his bacterial cultures.
        1945|the Second World War ended|did the Second World War end|The United Nations was founded in the same year.
        1947|India became independent|did India become independent|Independence Day is celebrated there on 15 August.
        1953|Mount Everest was first climbed|was Mount Everest first climbed|The climbers were Edmund Hillary and Tenzing Norgay.
        1957|Sputnik 1 was launched|was Sputnik 1 launched|It was the first artificial satellite of the Earth.
        1961|Yuri Gagarin flew into space|did Yuri Gagarin fly into space|He was the first human being to do so.
        1969|humans first landed on the Moon|did humans first land on the Moon|Neil Armstrong and Buzz Aldrin walked on its surface.
        1989|the Berlin Wall fell|did the Berlin Wall fall|Germany was reunited in the following year.
        1990|the Hubble Space Telescope was launched|was the Hubble Space Telescope launched|A space shuttle carried it into orbit.
        1994|Nelson Mandela became president of South Africa|did Nelson Mandela become president of South Africa|The election was the first in which all adults could vote.
        """
}
