extension Tokenizer {
    func encoding(
        of text: UnsafeBufferPointer<UInt8>, _ options: EncodingOptions
    ) throws(TokenizationError) -> Encoding {
        var encoding = Encoding()
        if options.recordsOffsets {
            guard case .bytePairs(let model) = model, normalizer == nil,
                model.preTokenizer.earlierSteps.isEmpty
            else {
                let behind = normalizer == nil ? "" : " (behind a normalizer)"
                throw .notAvailable(operation: "recording offsets", kind: kind + behind)
            }
        }
        switch options.specialTokens {
        case .asText: withoutSpecialTokens(text, options, into: &encoding)
        case .allow: withSpecialTokens(text, options, into: &encoding)
        case .error:
            if let found = addedTokens.firstSpecial(in: text, from: 0) {
                throw .specialTokenInText(
                    token: found.token.content, byteOffset: found.range.lowerBound)
            }
            withoutSpecialTokens(text, options, into: &encoding)
        }
        putFrame(around: &encoding, options)
        return encoding
    }

    func withoutSpecialTokens(
        _ text: UnsafeBufferPointer<UInt8>, _ options: EncodingOptions,
        into encoding: inout Encoding
    ) {
        var start = 0
        while let found = addedTokens.firstSpecial(in: text, from: start) {
            encoding.specialTokenOccurrences += 1
            start = found.range.upperBound
        }
        encode(text, cutting: .plain, options, into: &encoding)
    }

    private func withSpecialTokens(
        _ text: UnsafeBufferPointer<UInt8>, _ options: EncodingOptions,
        into encoding: inout Encoding
    ) {
        encode(text, cutting: .all, options, into: &encoding)
        encoding.specialTokenOccurrences = encoding.ids.count { isSpecial($0) }
    }

    /// Encodes the text between the added tokens of `scope`, and these as themselves.
    private func encode(
        _ text: UnsafeBufferPointer<UInt8>, cutting scope: AddedTokens.Scope,
        _ options: EncodingOptions, into encoding: inout Encoding
    ) {
        if options.recordsOffsets { encoding.offsets = [] }
        let workspace = workspaces.take()
        defer { workspaces.putBack(workspace) }
        if addedTokens.isEmpty(scope), normalizer == nil {
            encodeOrdinary(text, 0..<text.count, into: &encoding, workspace)
            return
        }
        for piece in addedTokens.exactPieces(text, scope) {
            switch piece {
            case .token(let token, let range): append(token, range, to: &encoding)
            case .text(let range) where normalizer != nil:
                encodeNormalized(text, range, cutting: scope, into: &encoding, workspace)
            case .text(let range) where addedTokens.hasNormalized:
                encodeAroundNormalized(text, range, cutting: scope, into: &encoding, workspace)
            case .text(let range): encodeOrdinary(text, range, into: &encoding, workspace)
            }
        }
    }

    private func append(
        _ token: AddedTokens.Token, _ range: Range<Int>, to encoding: inout Encoding
    ) {
        encoding.ids.append(token.id)
        encoding.offsets?.append(range)
    }

    /// Normalises a part of a text and encodes it.
    private func encodeNormalized(
        _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>,
        cutting scope: AddedTokens.Scope, into encoding: inout Encoding, _ workspace: Workspace
    ) {
        guard let normalizer, !range.isEmpty else { return }
        let normalized = normalizer.normalized(Array(text[range]), workspace.normalizer)
        normalized.withUnsafeBufferPointer { normalized in
            let whole = AddedTokens.Piece.text(0..<normalized.count)
            let pieces =
                addedTokens.hasNormalized
                ? addedTokens.normalizedPieces(normalized, scope) : [whole]
            for piece in pieces {
                switch piece {
                case .token(let token, _): encoding.ids.append(token.id)
                case .text(let part):
                    encodeOrdinary(
                        normalized, part, isFirst: range.lowerBound + part.lowerBound == 0,
                        into: &encoding, workspace)
                }
            }
        }
    }

    /// Encodes a part of a text in which tokens may stand that are looked for after normalisation.
    private func encodeAroundNormalized(
        _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>,
        cutting scope: AddedTokens.Scope, into encoding: inout Encoding, _ workspace: Workspace
    ) {
        let part = UnsafeBufferPointer(rebasing: text[range])
        if case .wordPiece(let model) = model {
            let normalized = model.normalizer.normalizedBytes(part)
            normalized.withUnsafeBufferPointer { normalized in
                for piece in addedTokens.normalizedPieces(normalized, scope) {
                    switch piece {
                    case .token(let token, _): encoding.ids.append(token.id)
                    case .text(let range):
                        model.encode(
                            normalized: UnsafeBufferPointer(rebasing: normalized[range]),
                            into: &encoding.ids)
                    }
                }
            }
            return
        }
        // The others have no normaliser, or one of their own that added tokens do not pass through.
        for piece in addedTokens.normalizedPieces(part, scope) {
            func inText(_ range: Range<Int>, from start: Int) -> Range<Int> {
                start + range.lowerBound..<start + range.upperBound
            }
            switch piece {
            case .token(let token, let covered):
                append(token, inText(covered, from: range.lowerBound), to: &encoding)
            case .text(let rest):
                encodeOrdinary(
                    text, inText(rest, from: range.lowerBound), into: &encoding, workspace)
            }
        }
    }

    /// Encodes a part of a text in which there are no added tokens.
    /// - Parameter isFirst: whether all text begins with it; nil for what `range` says.
    private func encodeOrdinary(
        _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, isFirst: Bool? = nil,
        into encoding: inout Encoding, _ workspace: Workspace
    ) {
        guard !range.isEmpty else { return }
        let part = UnsafeBufferPointer(rebasing: text[range])
        switch model {
        case .wordPiece(let model): model.encode(part, into: &encoding.ids)
        case .sentencePiece(let model):
            model.encode(part, into: &encoding.ids, workspace.sentencePieces)
        case .characterPairs(let model):
            encoding.droppedBytes += model.encode(
                part, isFirst: isFirst ?? (range.lowerBound == 0), into: &encoding.ids)
        case .bytePairs(let model):
            let first = encoding.ids.count
            encoding.droppedBytes += model.encode(
                part, into: &encoding.ids, workspace.bytePairs(model.preTokenizer))
            guard encoding.offsets != nil else { return }
            let offsets = offsets(of: encoding.ids[first...], in: text, range, model)
            encoding.offsets?.append(contentsOf: offsets)
        }
    }

    /// Puts the model's frame around the ids and cuts to the maximum length.
    private func putFrame(
        around encoding: inout Encoding, _ options: EncodingOptions
    ) {
        let (before, after) = options.addsSpecialTokens ? (frame.before, frame.after) : ([], [])
        if let maximum = options.maximumLength {
            let room = max(0, maximum - before.count - after.count)
            if encoding.ids.count > room {
                let surplus = encoding.ids.count - room
                encoding.ids.removeLast(surplus)
                encoding.offsets?.removeLast(surplus)
                encoding.isTruncated = true
            }
        }
        if !before.isEmpty || !after.isEmpty { encoding.ids = before + encoding.ids + after }
    }
}
