/// Topics for brainstorming, each with more ideas than any one answer needs.
struct Topic {
    /// Follows "ideas for" or "ways to …": "a rainy Sunday at home".
    let subject: String
    let ideas: [String]

    static let all: [Topic] = rows(table, columns: 2).map { row in
        Topic(subject: row[0], ideas: row[1].split(separator: ";").map(String.init))
    }

    private static let table = """
        things to do on a rainy Sunday at home|bake a cake;sort old photographs;read a novel;play a board game;write a letter to a friend;learn a card trick;try a new soup recipe;build a blanket fort
        things to pack for a weekend hike|a rain jacket;a map and a compass;a water bottle;a first aid kit;dry socks;a torch;snacks with nuts and dried fruit;a hat against the sun
        ways to save electricity in a flat|switch off lights in empty rooms;use LED lamps;unplug chargers;wash clothes at a lower temperature;dry laundry on a line;put a lid on the pot;defrost the freezer regularly;use a power strip with a switch
        ways to welcome a new colleague|show them around the building;have lunch together;set up their computer in advance;name one person for questions;explain the unwritten rules;introduce them to the neighbouring teams;plan a small first task;ask after a week how things are going
        small presents for a gardener|a packet of wildflower seeds;a pair of good gloves;a ball of twine;plant labels made of wood;a book on herbs;a sharp pair of secateurs;a rain gauge;a kneeling pad
        names for a sailing boat|Morning Star;Second Wind;Silver Gull;Quiet Water;Northern Light;Driftwood;Blue Horizon;Wanderer
        ways to reuse empty jars|store dried beans;hold pens and brushes;grow herbs on the window sill;keep buttons and screws;make a small lantern;start a sourdough;pack a salad for lunch;put up jam
        topics for a school newspaper|an interview with the caretaker;a test of the canteen food;a map of safe cycle routes;portraits of new teachers;results of the sports day;a puzzle page;book reviews by pupils;a report on the school garden
        ways to practise a foreign language|talk to a language partner;label things in the house;keep a diary in the language;watch films with subtitles;read children's books;sing along to songs;change the language of the phone;cook from a foreign recipe
        healthy snacks for the office|apple slices;carrot sticks with hummus;a handful of almonds;plain yoghurt with berries;wholegrain crackers;a boiled egg;a banana;roasted chickpeas
        activities for a child's birthday party|a treasure hunt;a sack race;painting T-shirts;a puppet show;musical chairs;decorating biscuits;a quiz about animals;building towers from boxes
        uses for an old bicycle|give it to a repair workshop;turn the wheels into a trellis;learn to repair gears on it;fit it with a basket as a shopping bike;paint it as a sign for a shop;use the parts as spares;lend it to visitors;make a clock from a chainring
        names for a small bakery|The Golden Crust;Flour and Salt;The Early Oven;Rye and Shine;Crumb Corner;The Warm Loaf;Three Grains;The Rolling Pin
        ways to reduce food waste|plan the meals of the week;write a shopping list;freeze leftovers;make soup from wilted vegetables;store bread in a bag;look at food before trusting the date on it;cook smaller portions;compost the peelings
        questions for an interview with a beekeeper|how did you start to keep bees;what does your work look like in winter;how often have you been stung;which plants do your bees like best;how do you know that a hive is healthy;how much honey does a hive give;what worries you most;what would you tell a beginner
        ways to stay fit without a gym|take the stairs;cycle to work;do press-ups in the morning;go for a swim in the lake;skip with a rope;walk during phone calls;dance in the kitchen;work in the garden
        themes for a photo exhibition|bridges of our town;hands at work;the colour red;shadows;neighbours and their doors;one tree through the year;markets at dawn;reflections in water
        ways to make a meeting shorter|send an agenda beforehand;start on time;invite only those who are needed;name a person who watches the clock;stand instead of sitting;put side topics on a list;write decisions down at once;end when the agenda is done
        ideas for a small balcony|grow tomatoes in pots;hang up a bird feeder;put out a folding table;train beans along strings;plant lavender for the bees;lay wooden tiles;hang a string of lights;set up a herb shelf
        ways to learn to cook|start with one simple dish;ask a grandparent for a recipe;watch somebody chop vegetables;taste often while cooking;cook with a friend;learn three sauces;read the recipe to the end first;keep notes on what worked
        games for a long train journey|twenty questions;a word chain;cards on the folding table;counting bridges;guessing the next station;telling a story in turns;drawing with eyes closed;a quiz about the places on the way
        ways to attract birds to a garden|plant shrubs with berries;put up nesting boxes;offer a shallow bath;leave seed heads standing;avoid insecticides;feed seeds in winter;keep a wild corner;stick marks on large windows
        fund-raising ideas for a sports club|a cake sale;a sponsored run;a second-hand market;a car wash;a raffle;a concert in the gym;a calendar with team photos;a quiz night
        ways to calm down before an exam|breathe slowly and deeply;take a short walk;pack the bag the evening before;write down worries on paper;listen to quiet music;drink a glass of water;remember past successes;arrive a little early
        titles for a book about the sea|Salt and Silence;The Last Lighthouse;Below the Tide;A Year of Waves;Letters from the Harbour;The Keeper of Shells;Deep Water, Clear Sky;Where the River Ends
        vegetarian dishes for a picnic|potato salad;a quiche with leeks;stuffed peppers;cucumber sandwiches;a pasta salad with olives;lentil patties;grilled courgettes;a couscous salad
        ways to thank a volunteer|write a card by hand;mention them in the newsletter;bring a homemade cake;invite them to a dinner;give them a photo of the project;write a reference for them;thank them in front of everyone;offer them a course
        uses for baking soda at home|clean the sink;freshen a carpet;take smells out of the fridge;help a cake to rise;remove stains from cups;loosen burnt food in a pan;freshen shoes;clean silver with foil and hot water
        projects for a beginner in programming|a calculator;a guessing game;a to-do list;a program that renames photos;a quiz on capitals;a timer for the kitchen;a simple drawing program;a diary in text files
        ways to make a street safer for children|lower the speed limit;add a zebra crossing;plant trees at the edge;move parked cars away from corners;mark cycle lanes;put up better lights;close the street on Sundays;send older pupils along as guides
        """
}
