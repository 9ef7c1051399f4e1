import Transformer

/// A decoder as it stands in GGUF files: all that depends on its family.
///
/// ``GGUFFamily`` says what hyperparameters and tensors are called and how rows are arranged; ``GGUFExport``
/// does the rest.
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

    /// `general.architecture`.
    let architecture: String
    /// The hyperparameters, keys without the architecture.
    let hyperparameters: [GGUFEntry]
    /// All tensors of the checkpoint, in its order.
    let places: [Place]
    /// Tensors that are computed from the configuration.
    let derived: [Derived]

    /// The layout of a model.
    ///
    /// - Throws: ``CheckpointError/unsupported(file:what:)`` if there is none for its family or for a trait
    ///   that it has.
    init(_ configuration: DecoderConfiguration, file: String) throws(CheckpointError) {
        guard let family = DecoderFamily.of(configuration).gguf else {
            throw .unsupported(file: file, what: "\(configuration.family) in a GGUF file")
        }
        architecture = family.architecture
        do throws(CheckpointError) {
            hyperparameters = try family.hyperparameters(of: configuration)
        } catch {
            guard case .unsupported(_, let what) = error else { throw error }
            throw .unsupported(file: file, what: "\(what), in a GGUF file")
        }
        var places: [Place] = []
        for entry in ParameterLayout(configuration).entries {
            guard let name = family.name(entry) else {
                throw .unsupported(
                    file: file,
                    what: "\(entry.name) in a GGUF file of architecture \(architecture)")
            }
            places.append(
                Place(
                    entry: entry, name: name,
                    arrangement: family.arrangement(entry, configuration),
                    role: Role(entry, isTied: configuration.tiedHead)))
        }
        self.places = places
        derived = family.rotaryTensors(of: configuration).map {
            Derived(name: $0.name, values: $0.values)
        }
    }
}

extension GGUFLayout.Role {
    /// The role of a tensor; one with a single dimension stays in single precision whatever its role.
    init(_ entry: ParameterEntry, isTied: Bool) {
        switch entry.place?.role {
        case .head: self = .head
        case .embedding: self = isTied ? .head : .matrix
        case .positions: self = .single
        default: self = .matrix
        }
    }
}

/// How the rows of a tensor in a GGUF file are made of the checkpoint's.
package enum GGUFArrangement: Hashable {
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
    package func source(ofRow row: Int) -> Int {
        guard case .pairs(let width) = self else { return row }
        let (head, place) = (row / width * width, row % width)
        return head + place % 2 * (width / 2) + place / 2
    }
}
