import Glibc

/// The values of expressions.
extension TemplateRenderer {
    mutating func value(_ expression: TemplateExpression) throws(TokenizationError) -> TemplateValue
    {
        switch expression {
        case .text(let text): return .literal(text)
        case .integer(let number): return .integer(number)
        case .number(let number): return .number(number)
        case .bool(let flag): return .bool(flag)
        case .none: return .none
        case .variable(let name): return variables[name] ?? .undefined
        case .list(let elements):
            var values: [TemplateValue] = []
            for element in elements { values.append(try value(element)) }
            return .list(values)
        case .object(let members):
            var object = TemplateObject()
            for (key, member) in members {
                object[try text(of: try value(key)).text] = try value(member)
            }
            return .object(object)
        case .not(let operand): return .bool(!(try value(operand).isTrue))
        case .negative(let operand): return try negative(try value(operand))
        case .member(let base, let key): return try member(try value(base), try value(key))
        case .slice(let base, let from, let to, let step):
            return try slice(
                try value(base), try bound(from), try bound(to), by: try bound(step) ?? 1)
        case .call(let function, let arguments):
            return try call(function, try evaluated(arguments))
        case .filter(let operand, let name, let arguments):
            return try filter(name, try value(operand), try evaluated(arguments))
        case .test(let operand, let name, let arguments):
            return .bool(try test(name, try value(operand), try evaluated(arguments)))
        case .choice(let operand, let condition, let otherwise):
            if try value(condition).isTrue { return try value(operand) }
            guard let otherwise else { return .undefined }
            return try value(otherwise)
        case .binary(let symbol, let left, let right):
            return try binary(symbol, try value(left), right)
        }
    }

    private mutating func evaluated(
        _ arguments: TemplateExpression.Arguments
    ) throws(TokenizationError) -> TemplateArguments {
        var result = TemplateArguments()
        for argument in arguments.positional { result.positional.append(try value(argument)) }
        for (name, argument) in arguments.named { result.named[name] = try value(argument) }
        return result
    }

    private func negative(_ value: TemplateValue) throws(TokenizationError) -> TemplateValue {
        switch value {
        case .integer(let number): return .integer(0 &- number)
        case .number(let number): return .number(-number)
        default: throw fault("'-' before something that is not a number")
        }
    }

    // MARK: Operators

    private mutating func binary(
        _ symbol: String, _ left: TemplateValue, _ rightExpression: TemplateExpression
    ) throws(TokenizationError) -> TemplateValue {
        // The second operand of `and` and `or` may only make sense if it is needed.
        if symbol == "and" { return left.isTrue ? try value(rightExpression) : left }
        if symbol == "or" { return left.isTrue ? left : try value(rightExpression) }
        let right = try value(rightExpression)
        for case .text(let text) in [left, right] { try spend(text) }
        switch symbol {
        case "==": return .bool(left.equals(right))
        case "in": return .bool(try contains(right, left))
        case "~": return .text(try text(of: left) + text(of: right))
        case "<", ">", "<=", ">=": return .bool(try compare(symbol, left, right))
        default: break
        }
        switch (symbol, left, right) {
        case ("+", .text(let left), .text(let right)): return .text(left + right)
        case ("+", .list(let left), .list(let right)):
            try spend(64 * (left.count + right.count))
            return .list(left + right)
        case ("*", .text(let text), .integer(let count)):
            let bytes = text.pieces.reduce(0) { $0 + $1.text.utf8.count + 64 }
            let cost = bytes.multipliedReportingOverflow(by: max(0, count))
            try spend(cost.overflow ? .max : cost.partialValue)
            return .text(
                PromptText(Array(repeating: text.pieces, count: max(0, count)).joined().map { $0 }))
        default: return try arithmetic(symbol, left, right)
        }
    }

    private func arithmetic(
        _ symbol: String, _ left: TemplateValue, _ right: TemplateValue
    ) throws(TokenizationError) -> TemplateValue {
        let unfit = fault("'\(symbol)' between values that do not fit")
        if case .integer(let left) = left, case .integer(let right) = right {
            switch symbol {
            case "+": return .integer(left &+ right)
            case "-": return .integer(left &- right)
            case "*": return .integer(left &* right)
            case "//", "%":
                guard right != 0, !(left == .min && right == -1) else { throw unfit }
                let (quotient, rest) = left.quotientAndRemainder(dividingBy: right)
                // Rounded down, as the language has it.
                let isBelow = rest != 0 && (rest < 0) != (right < 0)
                if symbol == "%" { return .integer(isBelow ? rest + right : rest) }
                return .integer(isBelow ? quotient - 1 : quotient)
            default: break
            }
        }
        guard let first = left.asNumber, let second = right.asNumber else { throw unfit }
        switch symbol {
        case "+": return .number(first + second)
        case "-": return .number(first - second)
        case "*": return .number(first * second)
        case "/" where second != 0: return .number(first / second)
        case "//" where second != 0: return .number((first / second).rounded(.down))
        default: throw unfit
        }
    }

    private func compare(
        _ symbol: String, _ left: TemplateValue, _ right: TemplateValue
    ) throws(TokenizationError) -> Bool {
        let isLess: Bool
        let isGreater: Bool
        if let first = left.asNumber, let second = right.asNumber {
            (isLess, isGreater) = (first < second, first > second)
        } else if case .text(let first) = left, case .text(let second) = right {
            let (first, second) = (first.text.unicodeScalars, second.text.unicodeScalars)
            isLess = first.lexicographicallyPrecedes(second)
            isGreater = second.lexicographicallyPrecedes(first)
        } else {
            throw fault("'\(symbol)' between values that do not fit")
        }
        switch symbol {
        case "<": return isLess
        case ">": return isGreater
        case "<=": return !isGreater
        default: return !isLess
        }
    }

    mutating func contains(
        _ container: TemplateValue, _ element: TemplateValue
    ) throws(TokenizationError) -> Bool {
        switch (container, element) {
        case (.list(let elements), _): return elements.contains { $0.equals(element) }
        case (.object(let object), .text(let key)): return object[key.text] != nil
        case (.object, _), (.undefined, _): return false
        case (.text(let text), .text(let part)): return text.contains(part)
        default: throw fault("'in' between values that do not fit")
        }
    }

    // MARK: Members

    private func member(
        _ base: TemplateValue, _ key: TemplateValue
    ) throws(TokenizationError) -> TemplateValue {
        switch (base, key) {
        case (.object(let object), .text(let name)): return object[name.text] ?? .undefined
        case (.namespace(let number), .text(let name)):
            return namespaces[number][name.text] ?? .undefined
        case (.list(let elements), .integer(let index)):
            let place = index < 0 ? elements.count + index : index
            return elements.indices.contains(place) ? elements[place] : .undefined
        case (.text(let text), .integer(let index)):
            let cells = text.cells
            let place = index < 0 ? cells.count + index : index
            return cells.indices.contains(place) ? .text(PromptText([cells[place]])) : .undefined
        case (.undefined, _): throw fault("a member of an undefined value")
        default: return .undefined
        }
    }

    private mutating func bound(_ expression: TemplateExpression?) throws(TokenizationError) -> Int?
    {
        guard let expression else { return nil }
        switch try value(expression) {
        case .integer(let number): return number
        case .none: return nil
        default: throw fault("a slice whose ends are not numbers")
        }
    }

    private mutating func slice(
        _ base: TemplateValue, _ from: Int?, _ to: Int?, by step: Int
    ) throws(TokenizationError) -> TemplateValue {
        switch base {
        case .list(let elements):
            return .list(try Self.sliced(elements, from, to, by: step, fault))
        case .text(let text):
            try spend(text)
            return .text(PromptText(try Self.sliced(text.cells, from, to, by: step, fault)))
        default: throw fault("a slice of something that is not a list")
        }
    }

    private static func sliced<T>(
        _ elements: [T], _ from: Int?, _ to: Int?, by step: Int,
        _ fault: (String) -> TokenizationError
    ) throws(TokenizationError) -> [T] {
        let count = elements.count
        guard step != 0, abs(max(step, -.max)) <= 1 << 30 else { throw fault("a slice by \(step)") }
        func place(_ index: Int?, _ standard: Int) -> Int {
            guard let index else { return standard }
            let place = index < 0 ? count &+ index : index
            return step > 0 ? min(max(place, 0), count) : min(max(place, -1), count - 1)
        }
        let start = place(from, step > 0 ? 0 : count - 1)
        let end = place(to, step > 0 ? count : -1)
        return stride(from: start, to: end, by: step).map { elements[$0] }
    }

    // MARK: Functions

    private mutating func call(
        _ function: TemplateExpression, _ arguments: TemplateArguments
    ) throws(TokenizationError) -> TemplateValue {
        if case .member(let base, .text(let name)) = function {
            let object = try value(base)
            if case .macro(let macro) = (try? member(object, .literal(name))) ?? .undefined {
                return try call(macro, arguments)
            }
            return try method(name, of: object, arguments)
        }
        switch try value(function) {
        case .macro(let macro): return try call(macro, arguments)
        case .function(let name): return try call(named: name, arguments)
        default: throw fault("a call of something that is no function")
        }
    }

    /// The functions that templates are given.
    static let functions = ["raise_exception", "strftime_now", "namespace", "range", "dict"]

    private mutating func call(
        named name: String, _ arguments: TemplateArguments
    ) throws(TokenizationError) -> TemplateValue {
        switch name {
        case "raise_exception":
            guard let text = arguments.text(0) else {
                throw fault("the chat template refuses the messages")
            }
            throw fault("the chat template says: \(text.text)")
        case "strftime_now":
            guard let format = arguments.text(0) else {
                throw fault("strftime_now without a format")
            }
            return .literal(Self.now(format.text))
        case "namespace", "dict":
            let object = TemplateObject(
                arguments.named.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
            if name == "dict" { return .object(object) }
            namespaces.append(object)
            try spend(64)
            return .namespace(namespaces.count - 1)
        case "range":
            let numbers = arguments.positional.indices.compactMap { arguments.integer($0) }
            guard (1...3).contains(numbers.count), numbers.count == arguments.positional.count
            else {
                throw fault("range without one to three numbers")
            }
            let (start, end) = numbers.count == 1 ? (0, numbers[0]) : (numbers[0], numbers[1])
            let step = numbers.count == 3 ? numbers[2] : 1
            guard step != 0 else { throw fault("range by 0") }
            var values: [TemplateValue] = []
            for number in stride(from: start, to: end, by: step) {
                try spend(64)
                values.append(.integer(number))
            }
            return .list(values)
        default: throw fault("unsupported function \(name)")
        }
    }

    /// Today and now, here.
    private static func now(_ format: String) -> String {
        var seconds = time(nil)
        var parts = tm()
        localtime_r(&seconds, &parts)
        var buffer = [CChar](repeating: 0, count: 256)
        let count = strftime(&buffer, buffer.count, format, &parts)
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
