#!/usr/bin/env bash
# records.sh FILE OUTPUT CHARACTERS DETOKENIZE
#
# Makes {"id", "article", "text"} records of running text, plain or zstd: of a text file, in which a
# line `= Title =` begins an article, or of {"text"} records, each an article. A record is one or
# more paragraphs, or whole sentences of a long one, of at least CHARACTERS bytes (half of that at the
# end of an article), all of one section; no text is in two. DETOKENIZE=yes undoes the spacing of WikiText (detokenize.sed).
set -euo pipefail

file=$1 output=$2 characters=$3 detokenize=$4
here=$(dirname "$0")
text=$(mktemp "$output.XXXXXX")
trap 'rm -f "$text"' EXIT

# A byte of its own, 1E, is a line before each article.
zstd -dcqf -- "$file" | tr -d '\r\036' >"$text"
if [[ $(tr -d '[:space:]' <"$text" | head -c 1) == '{' ]]; then
    jq -r '"\u001e", .text // error("a record without text")' "$text" >"$text.articles"
else
    sed -E 's/^ ?= [^=].* = ?$/\x1e/' "$text" >"$text.articles"
fi
mv "$text.articles" "$text"
if [[ $detokenize == yes ]]; then
    LC_ALL=C sed -E -f "$here/detokenize.sed" "$text" >"$text.plain"
    mv "$text.plain" "$text"
fi

known=yes
grep -q $'^\036$' "$text" || known=no

LC_ALL=C awk -v minimum="$characters" -v known="$known" -v quotes="$detokenize" '
    # Quotation marks open and close in turn; spaces inside them are WikiText'\''s.
    function unquoted(paragraph,    parts, n, i, result) {
        n = split(paragraph, parts, "\"")
        if (n % 2 == 0) return paragraph
        result = parts[1]
        for (i = 2; i <= n; i++) {
            if (i % 2 == 0) gsub(/^ +| +$/, "", parts[i])
            result = result "\"" parts[i]
        }
        return result
    }
    function emit(piece) {
        if (known == "no") article++
        printf "%d\t%d\t%s\n", article, ++size[article], piece
        gathered = substr(gathered, length(piece) + 1)
        sub(/^ +/, "", gathered)
    }
    # The end of an article may be shorter.
    function finish() {
        if (length(gathered) >= minimum / 2) emit(gathered)
        gathered = ""
    }
    $0 == "\036" { finish(); article++; next }
    /^ *=.*= *$/ { gathered = ""; next }
    NF {
        gsub(/\t/, " ")
        gsub(/^ +| +$/, "")
        gathered = gathered (gathered == "" ? "" : " ") (quotes == "yes" ? unquoted($0) : $0)
        while (length(gathered) >= minimum) {
            end = match(substr(gathered, minimum), /[.!?]"? /)
            emit(end ? substr(gathered, 1, minimum + end + RLENGTH - 3) : gathered)
        }
    }
    END { finish() }' "$text" |
    jq -Rc 'split("\t") | {id: "\(.[0])-\(.[1])", article: .[0] | tonumber, text: .[2]}' \
        >"$output.tmp"
mv "$output.tmp" "$output"

records=$(wc -l <"$output")
note='spacing as it is'
[[ $detokenize != yes ]] || note='the spacing of WikiText undone'
if [[ $known == yes ]]; then
    articles=$(jq .article "$output" | uniq | wc -l)
    echo "$records records of $articles articles, $note" >&2
else
    echo "$records records, $note; no titles (= Title =), so each record counts as an article" >&2
fi
