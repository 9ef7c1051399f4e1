/// An animal, what it is and how it lives.
struct Animal {
    let name: String
    let plural: String
    /// mammal, bird, reptile, amphibian, fish or insect
    let group: String
    let diet: String
    let young: String
    let home: String
    let note: String

    static let all: [Animal] = rows(table, columns: 7).map {
        Animal(
            name: $0[0], plural: $0[1], group: $0[2], diet: $0[3], young: $0[4], home: $0[5],
            note: $0[6])
    }

    private static let table = """
        lion|lions|mammal|meat|cub|the grasslands of Africa|Lions live in groups that are called prides.
        African elephant|African elephants|mammal|plants|calf|savannas and forests south of the Sahara|It is the largest animal that lives on land today.
        giraffe|giraffes|mammal|leaves|calf|the savannas of Africa|It is the tallest animal alive.
        cheetah|cheetahs|mammal|meat|cub|open country in Africa|No land animal runs faster over a short distance.
        blue whale|blue whales|mammal|krill|calf|the oceans|It is the largest animal known to have lived.
        dolphin|dolphins|mammal|fish and squid|calf|the sea|It finds its prey with the help of echoes.
        brown bear|brown bears|mammal|plants and animals|cub|forests and mountains of the north|It spends the winter in a den.
        gray wolf|gray wolves|mammal|meat|pup|forests, tundra and grassland|Wolves hunt together in packs.
        red fox|red foxes|mammal|small animals and fruit|kit|woods, fields and even cities|Its bushy tail is called a brush.
        kangaroo|kangaroos|mammal|grass|joey|Australia|It carries its young in a pouch.
        koala|koalas|mammal|eucalyptus leaves|joey|the forests of Australia|It sleeps for most of the day.
        bat|bats|mammal|insects or fruit|pup|caves, trees and buildings|Bats are the only mammals that truly fly.
        horse|horses|mammal|grass|foal|farms and grasslands|It can sleep standing up.
        beaver|beavers|mammal|bark and water plants|kit|rivers and lakes|It builds dams from branches and mud.
        camel|camels|mammal|desert plants|calf|deserts and dry steppes|The fat in its humps is a store of energy.
        emperor penguin|emperor penguins|bird|fish, squid and krill|chick|Antarctica|It cannot fly but is an excellent swimmer.
        ostrich|ostriches|bird|plants and insects|chick|the plains of Africa|It is the largest living bird.
        barn owl|barn owls|bird|mice and other small animals|owlet|farmland and open woods|It hunts at night and flies almost without a sound.
        golden eagle|golden eagles|bird|hares and other animals|eaglet|mountains and open country|It builds large nests that are called eyries.
        hummingbird|hummingbirds|bird|nectar and small insects|chick|the Americas|It can hover in the air and fly backwards.
        mallard|mallards|bird|water plants and small animals|duckling|ponds, lakes and rivers|It is the ancestor of most farm ducks.
        raven|ravens|bird|nearly everything|chick|mountains, coastal country and forests|It is known for its ability to solve problems.
        peacock|peacocks|bird|seeds, insects and small reptiles|chick|the forests of South Asia|The male spreads its long train to impress females.
        Nile crocodile|Nile crocodiles|reptile|fish and other animals|hatchling|rivers and lakes of Africa|It lies in wait for its prey at the edge of the water.
        green sea turtle|green sea turtles|reptile|seagrass and algae|hatchling|warm seas|It returns to beaches to lay its eggs.
        king cobra|king cobras|reptile|other snakes|hatchling|the forests of South and Southeast Asia|It is the longest of all venomous snakes.
        chameleon|chameleons|reptile|insects|hatchling|Africa and Madagascar|It can move its two eyes independently.
        Komodo dragon|Komodo dragons|reptile|meat|hatchling|parts of Indonesia|It is the largest living lizard.
        common frog|common frogs|amphibian|insects, snails and worms|tadpole|ponds and damp meadows of Europe|It lays its eggs in water.
        axolotl|axolotls|amphibian|worms and small water animals|larva|lakes near Mexico City|It can regrow a lost leg.
        fire salamander|fire salamanders|amphibian|insects and worms|larva|damp forests of Europe|Its yellow and black pattern warns off enemies.
        great white shark|great white sharks|fish|fish and seals|pup|cool coastal seas|Its skeleton is made of cartilage instead of bone.
        Atlantic salmon|Atlantic salmon|fish|insects, shrimps and small fish|fry|rivers and the North Atlantic|It swims back to the river of its birth to spawn.
        seahorse|seahorses|fish|tiny crustaceans|fry|shallow coastal waters|The male carries the eggs in a pouch.
        clownfish|clownfish|fish|plankton and algae|fry|coral reefs|It lives among the tentacles of sea anemones.
        honeybee|honeybees|insect|nectar and pollen|larva|hives and hollow trees|A dance tells its sisters where flowers are.
        monarch butterfly|monarch butterflies|insect|nectar|caterpillar|meadows of North America|Many of them fly to Mexico for the winter.
        ladybird|ladybirds|insect|aphids|larva|gardens and fields|Gardeners like it because it eats plant lice.
        dragonfly|dragonflies|insect|other insects|nymph|ponds and streams|It catches its prey in flight.
        ant|ants|insect|seeds, sugar and other insects|larva|nests in soil or wood|Ants mark their paths with scent.
        """
}
