import Transformer

/// A decoder as it stands in GGUF files: all that depends on its family.
///
/// A family says what `general.architecture` is, which hyperparameters go under its prefix, and what every
/// tensor of ``ParameterLayout`` is called and how its rows are arranged; ``GGUFExport`` does the rest.
struct GGUFLayout {
    /// A tensor of the checkpoint and its place in the file.
    struct Place {
        /// The tensor in the checkpoint.
        let entry: ParameterEntry
        /// Its name in the file.
        let name: String
        /// Where its rows come from.
        let arrangement: GGUFArrangement
        /// What decides the type that it is stored in.
        let role: Role

        /// A tensor; one with a single dimension stays in single precision whatever its role.
        init(
            _ entry: ParameterEntry, name: String, arrangement: GGUFArrangement = .same,
            role: Role = .matrix
        ) {
            self.entry = entry
            self.name = name
            self.arrangement = arrangement
            self.role = role
        }

        /// Its shape in the file, row-major.
        var shape: [Int] {
            arrangement == .transposed ? entry.shape.reversed() : entry.shape
        }
    }

    /// What a tensor is for, as far as its type depends on it.
    enum Role {
        /// A matrix, which has the type that was asked for.
        case matrix
        /// What logits are computed with, which suffers most from few bits.
        case head
        /// What llama.cpp has in single precision only.
        case single
    }

    /// A tensor that no checkpoint has, such as factors of rotary frequencies.
    struct Derived {
        /// Its name in the file.
        let name: String
        /// Its elements, in one dimension.
        let values: [Float]
    }

    /// `general.architecture`, and the prefix of hyperparameters.
    let architecture: String
    /// The hyperparameters, keys without the prefix.
    let hyperparameters: [GGUFEntry]
    /// All tensors of the checkpoint, in its order.
    let places: [Place]
    /// Tensors that are computed from the configuration.
    var derived: [Derived] = []

    /// The layout of a model.
    ///
    /// - Throws: ``CheckpointError/unsupported(file:what:)`` if there is none for its family or for a trait
    ///   that it has.
    init(_ configuration: DecoderConfiguration, file: String) throws(CheckpointError) {
        switch configuration.architecture {
        case .llama: try self.init(llama: configuration, file: file)
        case .gpt2: try self.init(gpt2: configuration, file: file)
        }
    }

    /// A layout with all its values.
    ///
    /// - Parameter place: the place of a tensor; nil for one that has none, which is an error
    init(
        architecture: String, hyperparameters: [GGUFEntry],
        _ configuration: DecoderConfiguration, file: String,
        place: (ParameterEntry) -> Place?
    ) throws(CheckpointError) {
        self.architecture = architecture
        self.hyperparameters = hyperparameters
        var places: [Place] = []
        for entry in ParameterLayout(configuration).entries {
            guard let place = place(entry) else {
                throw .unsupported(
                    file: file, what: "\(entry.name) in a GGUF file of architecture \(architecture)"
                )
            }
            places.append(place)
        }
        self.places = places
    }
}

/// How the rows of a tensor in a GGUF file are made of the checkpoint's.
enum GGUFArrangement: Hashable {
    /// As they are.
    case same
    /// Those of each head of `headWidth` rows by pairs instead of by halves, as llama.cpp rotates Llama's:
    /// row 2i + c is row c·d/2 + i, with c ∈ {0, 1} and i < d/2.
    case pairs(headWidth: Int)
    /// Row r is column r: the checkpoint has (in, out), the file (out, in).
    case transposed
    /// One is added to every element: the checkpoint has a norm's difference from one.
    case plusOne

    /// The checkpoint's row that a row of the file is, unless columns become rows.
    func source(ofRow row: Int) -> Int {
        guard case .pairs(let width) = self else { return row }
        let (head, place) = (row / width * width, row % width)
        return head + place % 2 * (width / 2) + place / 2
    }
}
