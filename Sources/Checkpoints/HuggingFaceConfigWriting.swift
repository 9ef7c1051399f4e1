public import StreamIO
import Transformer

extension HuggingFaceConfig {
    /// The object to write: ``raw`` with the model's values on top, those whose spelling changed
    /// between versions of `transformers` in both spellings.
    public func object(type: WeightType) -> JSONObject {
        var members = ConfigurationMembers(members: raw)
        let c = configuration
        members.set("vocab_size", c.vocabularySize)
        members.set("tie_word_embeddings", c.tiedHead)
        members.set("initializer_range", c.initializerRange)
        members["dtype"] = .string(type.rawValue)
        members["torch_dtype"] = .string(type.rawValue)
        // What `generation_config.json` says about the end of a text is not for this file.
        if members["eos_token_id"] == nil {
            members["eos_token_id"] = JSONValue(tokens: c.eosTokenIDs)
        }
        if members["bos_token_id"] == nil {
            members["bos_token_id"] = JSONValue(tokens: [c.bosTokenID].compactMap { $0 })
        }
        let family = DecoderFamily.of(c)
        members["model_type"] = .string(family.name)
        members["architectures"] = .array([.string(family.languageModel)])
        family.write(c, &members)
        return members.members
    }

    /// The text of `config.json`.
    public func serialized(type: WeightType) throws(JSONError) -> [UInt8] {
        try JSONValue.object(object(type: type)).prettyPrinted()
    }
}
