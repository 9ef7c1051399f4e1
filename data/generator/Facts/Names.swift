/// Invented people, places and firms for contexts and stories.
enum Names {
    static let people = [
        "Amara", "Bruno", "Clara", "Davit", "Elena", "Farid", "Greta", "Hugo", "Ines", "Jonas",
        "Kaya", "Leo", "Mira", "Nadia", "Oskar", "Priya", "Quentin", "Rosa", "Samir", "Tilda",
        "Umar", "Vera", "Wanda", "Xenia", "Yusuf", "Zoe",
    ]
    static let surnames = [
        "Abbott", "Bergstrom", "Castillo", "Dimitrov", "Eriksen", "Fontaine", "Gruber",
        "Halloran", "Ivanova", "Jensen", "Kowalski", "Lindqvist", "Moreau", "Novak", "Okafor",
        "Petrov", "Quinn", "Rossi", "Santos", "Tanaka", "Varga", "Weber",
    ]
    static let towns = [
        "Ashcombe", "Brindle Bay", "Coldwater", "Dunmere", "Eastwick Green", "Fernhollow",
        "Greyford", "Hazelmoor", "Ivybridge Cross", "Juniper Falls", "Kestrel Point", "Larkfield",
        "Millbrook", "Netherby", "Oakhaven", "Pinecrest", "Rookdale", "Silverton Lea",
    ]
    static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ]
    static let weekdays = [
        "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
    ]
}
