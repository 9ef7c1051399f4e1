/// A binary heap whose least element, by `precedes`, is at the top.
struct Heap<Element> {
    private(set) var elements: [Element] = []
    private let precedes: (Element, Element) -> Bool

    init(by precedes: @escaping (Element, Element) -> Bool) { self.precedes = precedes }

    var count: Int { elements.count }

    /// Adds an element. O(log n).
    mutating func push(_ element: Element) {
        elements.append(element)
        var child = elements.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard precedes(elements[child], elements[parent]) else { break }
            elements.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes the least element out. O(log n).
    mutating func pop() -> Element? {
        guard let top = elements.first, let last = elements.popLast() else { return nil }
        if elements.isEmpty { return top }
        elements[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < elements.count && precedes(elements[child], elements[least]) {
                least = child
            }
            if least == parent { return top }
            elements.swapAt(parent, least)
            parent = least
        }
    }

    mutating func removeAll(keepingCapacity: Bool) {
        elements.removeAll(keepingCapacity: keepingCapacity)
    }
}

/// A binary heap of integers, least first. Apart from ``Heap`` because merging long chunks
/// spends its time here.
struct IntegerHeap {
    private var elements: [UInt64] = []

    /// Adds an element. O(log n).
    mutating func push(_ element: UInt64) {
        elements.append(element)
        elements.withUnsafeMutableBufferPointer { elements in
            var child = elements.count - 1
            while child > 0 {
                let parent = (child - 1) / 2
                if elements[parent] <= element { break }
                elements[child] = elements[parent]
                child = parent
            }
            elements[child] = element
        }
    }

    /// Takes the least element out. O(log n).
    mutating func pop() -> UInt64? {
        guard let top = elements.first, let last = elements.popLast() else { return nil }
        elements.withUnsafeMutableBufferPointer { elements in
            if elements.isEmpty { return }
            var parent = 0
            while true {
                var child = 2 * parent + 1
                if child >= elements.count { break }
                if child + 1 < elements.count && elements[child + 1] < elements[child] {
                    child += 1
                }
                if last <= elements[child] { break }
                elements[parent] = elements[child]
                parent = child
            }
            elements[parent] = last
        }
        return top
    }

    /// Empties the heap; memory beyond `capacity` elements is given back.
    mutating func clear(keeping capacity: Int) {
        elements.removeAll(keepingCapacity: elements.capacity <= capacity)
    }
}
