public import Records
public import ToolKit
public import Training
public import Transformer

/// All records of an input, made into what an objective needs.
public struct LoadedRecords<Example> {
    /// The files, as the user named them.
    public var name: String
    /// One for each record.
    public var examples: [Example] = []
    /// The records' ids.
    public var ids: [String] = []

    /// Reads all records of the input.
    ///
    /// - Parameter convert: throws a `RecordError` for records that cannot be trained on
    public init(
        _ io: InputRecordOptions, _ log: Log, convert: (Record) throws -> Example
    ) throws {
        name =
            io.files.isEmpty || io.files == ["-"]
            ? "standard input" : io.files.joined(separator: " ")
        var reader = try io.reader(log)
        while let record = try reader.next() {
            do {
                examples.append(try convert(record))
                ids.append(record.id)
            } catch let error as RecordError {
                try reader.skip(error)
            }
        }
        reader.reportDropped(log)
        guard !examples.isEmpty else { throw TrainingError.noRecords }
    }

    /// The records with other examples, in the same order.
    public func map<Other>(_ convert: (Example) -> Other) -> LoadedRecords<Other> {
        LoadedRecords<Other>(name: name, examples: examples.map(convert), ids: ids)
    }

    private init(name: String, examples: [Example], ids: [String]) {
        self.name = name
        self.examples = examples
        self.ids = ids
    }

    /// The records as a setting of a run.
    public func source(_ digest: DataDigest) -> RunSettings.Source {
        RunSettings.Source(name: "\(name), \(ids.count) records", digest: digest.hex)
    }
}

extension LoadedRecords<TokenTree> {
    /// The records as a setting of a run.
    public var source: RunSettings.Source { source(DataDigest(examples)) }
}

extension LoadedRecords<PreferenceExample> {
    /// The records, without reference scores, as a setting of a run.
    public var source: RunSettings.Source {
        var digest = DataDigest()
        for example in examples { digest.add(example.tree, ranking: example.ranking) }
        return source(digest)
    }
}
