import StreamIO

/// Pairs the elements of two lists by id, in the order of the first. Ids are one if their bytes are.
///
/// - Parameters:
///   - names: what the lists are called in messages.
/// - Throws: ``EvaluationError/join(problem:ids:)``, listing the ids, if one occurs twice in a list
///   or in one list only.
public func joinByID<A, B>(
    _ first: [A], _ second: [B], id firstID: (A) -> String, _ secondID: (B) -> String,
    names: (String, String)
) throws(EvaluationError) -> [(A, B)] {
    try requireUnique(first.map(firstID), in: names.0)
    try requireUnique(second.map(secondID), in: names.1)
    let byID = Dictionary(uniqueKeysWithValues: second.map { (ExactString(secondID($0)), $0) })
    var pairs: [(A, B)] = []
    var missing: [String] = []
    for element in first {
        let id = firstID(element)
        if let partner = byID[ExactString(id)] {
            pairs.append((element, partner))
        } else {
            missing.append(id)
        }
    }
    guard missing.isEmpty else {
        throw .join(problem: "ids of \(names.0) missing in \(names.1)", ids: missing)
    }
    if pairs.count < second.count {
        let known = Set(first.map { ExactString(firstID($0)) })
        throw .join(
            problem: "ids of \(names.1) missing in \(names.0)",
            ids: second.map(secondID).filter { !known.contains(ExactString($0)) })
    }
    return pairs
}

/// Pairs the elements of two lists of the same type by id.
public func joinByID<A>(
    _ first: [A], _ second: [A], id: (A) -> String, names: (String, String)
) throws(EvaluationError) -> [(A, A)] {
    try joinByID(first, second, id: id, id, names: names)
}

/// Refuses ids that occur more than once, listing them.
public func requireUnique(_ ids: [String], in name: String) throws(EvaluationError) {
    var seen: Set<ExactString> = []
    let repeated = ids.filter { !seen.insert(ExactString($0)).inserted }
    guard repeated.isEmpty else {
        throw .join(problem: "ids that occur more than once in \(name)", ids: repeated)
    }
}
