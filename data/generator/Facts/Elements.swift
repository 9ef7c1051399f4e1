/// A chemical element.
struct Element {
    let number: Int
    let symbol: String
    let name: String
    let kind: String
    /// State at room temperature.
    let state: String
    let note: String

    var isMetal: Bool { kind.hasSuffix("metal") && kind != "nonmetal" }

    static let all: [Element] = rows(table, columns: 6).map {
        Element(
            number: Int($0[0]) ?? 0, symbol: $0[1], name: $0[2], kind: $0[3], state: $0[4],
            note: $0[5])
    }

    private static let table = """
        1|H|hydrogen|nonmetal|gas|It is the most abundant element in the universe.
        2|He|helium|noble gas|gas|It fills party balloons because it is lighter than air.
        3|Li|lithium|alkali metal|solid|It is used in rechargeable batteries.
        6|C|carbon|nonmetal|solid|Diamond and graphite are two of its forms.
        7|N|nitrogen|nonmetal|gas|It makes up about 78 percent of dry air.
        8|O|oxygen|nonmetal|gas|It makes up about 21 percent of dry air.
        9|F|fluorine|halogen|gas|It is the most electronegative of all elements.
        10|Ne|neon|noble gas|gas|It glows reddish orange in electric signs.
        11|Na|sodium|alkali metal|solid|Together with chlorine it forms table salt.
        12|Mg|magnesium|alkaline earth metal|solid|It burns with a brilliant white light.
        13|Al|aluminium|metal|solid|It is a light metal used for drink cans and aircraft.
        14|Si|silicon|metalloid|solid|It is the base material of most computer chips.
        15|P|phosphorus|nonmetal|solid|It is an important part of fertilizers and of DNA.
        16|S|sulfur|nonmetal|solid|In its pure form it is a bright yellow solid.
        17|Cl|chlorine|halogen|gas|It is used to disinfect swimming pools.
        18|Ar|argon|noble gas|gas|It is used as a shielding gas in welding.
        19|K|potassium|alkali metal|solid|Bananas and potatoes are well-known sources of it.
        20|Ca|calcium|alkaline earth metal|solid|Bones and teeth contain a great deal of it.
        22|Ti|titanium|transition metal|solid|It is strong and light, so it is used in aircraft and implants.
        24|Cr|chromium|transition metal|solid|It makes stainless steel resist rust.
        26|Fe|iron|transition metal|solid|It is the main ingredient of steel.
        27|Co|cobalt|transition metal|solid|Its compounds give glass a deep blue colour.
        28|Ni|nickel|transition metal|solid|It is found in many coins and in stainless steel.
        29|Cu|copper|transition metal|solid|It conducts electricity well and is used for wires.
        30|Zn|zinc|metal|solid|It protects steel from rust in galvanizing.
        35|Br|bromine|halogen|liquid|It is a reddish brown liquid at room temperature.
        36|Kr|krypton|noble gas|gas|Its name comes from the Greek word for hidden.
        47|Ag|silver|transition metal|solid|It conducts electricity better than any other element.
        50|Sn|tin|metal|solid|Bronze is an alloy of copper and this metal.
        53|I|iodine|halogen|solid|The thyroid gland needs it, so it is often added to salt.
        54|Xe|xenon|noble gas|gas|It is used in bright lamps and in some ion thrusters.
        74|W|tungsten|transition metal|solid|It has the highest melting point of all metals.
        78|Pt|platinum|transition metal|solid|It is used in catalytic converters and in jewellery.
        79|Au|gold|transition metal|solid|It does not rust and has been used for coins since antiquity.
        80|Hg|mercury|metal|liquid|It was long used in thermometers, and its vapour is poisonous.
        82|Pb|lead|metal|solid|It is dense and soft and is used as a shield against radiation.
        92|U|uranium|metal|solid|It serves as fuel in nuclear power stations.
        """
}
