/// A country with what schoolbooks agree on.
struct Country {
    let name: String
    let capital: String
    let continent: String
    let currency: String
    /// A language that is widely spoken there.
    let language: String
    /// One country with which it shares a land border; `nil` for islands.
    let neighbour: String?

    static let all: [Country] = rows(table, columns: 6).map {
        Country(
            name: $0[0], capital: $0[1], continent: $0[2], currency: $0[3], language: $0[4],
            neighbour: $0[5] == "-" ? nil : $0[5])
    }

    private static let table = """
        France|Paris|Europe|euro|French|Spain
        Germany|Berlin|Europe|euro|German|Poland
        Italy|Rome|Europe|euro|Italian|Austria
        Spain|Madrid|Europe|euro|Spanish|Portugal
        Portugal|Lisbon|Europe|euro|Portuguese|Spain
        the Netherlands|Amsterdam|Europe|euro|Dutch|Belgium
        Austria|Vienna|Europe|euro|German|Hungary
        Greece|Athens|Europe|euro|Greek|Bulgaria
        Finland|Helsinki|Europe|euro|Finnish|Sweden
        Sweden|Stockholm|Europe|Swedish krona|Swedish|Norway
        Norway|Oslo|Europe|Norwegian krone|Norwegian|Sweden
        Denmark|Copenhagen|Europe|Danish krone|Danish|Germany
        Poland|Warsaw|Europe|Polish zloty|Polish|Germany
        Hungary|Budapest|Europe|forint|Hungarian|Austria
        Romania|Bucharest|Europe|Romanian leu|Romanian|Bulgaria
        the Czech Republic|Prague|Europe|Czech koruna|Czech|Slovakia
        Slovakia|Bratislava|Europe|euro|Slovak|Hungary
        Ireland|Dublin|Europe|euro|English|the United Kingdom
        the United Kingdom|London|Europe|pound sterling|English|Ireland
        Iceland|Reykjavik|Europe|Icelandic króna|Icelandic|-
        Ukraine|Kyiv|Europe|hryvnia|Ukrainian|Poland
        Egypt|Cairo|Africa|Egyptian pound|Arabic|Libya
        Morocco|Rabat|Africa|Moroccan dirham|Arabic|Algeria
        Algeria|Algiers|Africa|Algerian dinar|Arabic|Tunisia
        Tunisia|Tunis|Africa|Tunisian dinar|Arabic|Libya
        Kenya|Nairobi|Africa|Kenyan shilling|Swahili|Tanzania
        Ethiopia|Addis Ababa|Africa|birr|Amharic|Kenya
        Ghana|Accra|Africa|cedi|English|Togo
        Nigeria|Abuja|Africa|naira|English|Niger
        Senegal|Dakar|Africa|West African CFA franc|Wolof|Mali
        Uganda|Kampala|Africa|Ugandan shilling|English|Kenya
        Rwanda|Kigali|Africa|Rwandan franc|Kinyarwanda|Uganda
        Zambia|Lusaka|Africa|Zambian kwacha|English|Zimbabwe
        Namibia|Windhoek|Africa|Namibian dollar|Oshiwambo|Botswana
        Botswana|Gaborone|Africa|pula|Setswana|Namibia
        Madagascar|Antananarivo|Africa|ariary|Malagasy|-
        Angola|Luanda|Africa|kwanza|Portuguese|Namibia
        Mozambique|Maputo|Africa|metical|Portuguese|Zimbabwe
        Japan|Tokyo|Asia|yen|Japanese|-
        China|Beijing|Asia|renminbi|Mandarin Chinese|Mongolia
        South Korea|Seoul|Asia|South Korean won|Korean|North Korea
        India|New Delhi|Asia|Indian rupee|Hindi|Nepal
        Nepal|Kathmandu|Asia|Nepalese rupee|Nepali|India
        Bangladesh|Dhaka|Asia|taka|Bengali|India
        Pakistan|Islamabad|Asia|Pakistani rupee|Urdu|India
        Thailand|Bangkok|Asia|baht|Thai|Laos
        Vietnam|Hanoi|Asia|dong|Vietnamese|Laos
        Laos|Vientiane|Asia|kip|Lao|Thailand
        Cambodia|Phnom Penh|Asia|riel|Khmer|Thailand
        the Philippines|Manila|Asia|Philippine peso|Filipino|-
        Malaysia|Kuala Lumpur|Asia|ringgit|Malay|Thailand
        Mongolia|Ulaanbaatar|Asia|tugrik|Mongolian|China
        Iran|Tehran|Asia|rial|Persian|Iraq
        Iraq|Baghdad|Asia|Iraqi dinar|Arabic|Iran
        Jordan|Amman|Asia|Jordanian dinar|Arabic|Iraq
        Saudi Arabia|Riyadh|Asia|Saudi riyal|Arabic|Jordan
        Canada|Ottawa|North America|Canadian dollar|English|the United States
        the United States|Washington, D.C.|North America|US dollar|English|Canada
        Mexico|Mexico City|North America|Mexican peso|Spanish|Guatemala
        Cuba|Havana|North America|Cuban peso|Spanish|-
        Jamaica|Kingston|North America|Jamaican dollar|English|-
        Costa Rica|San José|North America|Costa Rican colón|Spanish|Panama
        Argentina|Buenos Aires|South America|Argentine peso|Spanish|Chile
        Brazil|Brasília|South America|real|Portuguese|Peru
        Chile|Santiago|South America|Chilean peso|Spanish|Argentina
        Peru|Lima|South America|sol|Spanish|Ecuador
        Colombia|Bogotá|South America|Colombian peso|Spanish|Venezuela
        Uruguay|Montevideo|South America|Uruguayan peso|Spanish|Brazil
        Paraguay|Asunción|South America|guaraní|Spanish|Bolivia
        Ecuador|Quito|South America|US dollar|Spanish|Peru
        Australia|Canberra|Oceania|Australian dollar|English|-
        New Zealand|Wellington|Oceania|New Zealand dollar|English|-
        Fiji|Suva|Oceania|Fijian dollar|Fijian|-
        """
}
