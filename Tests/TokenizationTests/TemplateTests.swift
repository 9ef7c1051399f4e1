import StreamIO
import TestSupport
import Testing
import Tokenization

@Suite("Prompt templates")
struct TemplateTests {
    private let record: JSONObject = [
        "instruction": .string("Say {context}."), "context": .string("c {instruction} c"),
    ]

    @Test("Dolly's, with and without context")
    func dolly() throws {
        #expect(
            try PromptTemplate.dolly.prompt(for: record).text == """
                ### Instruction:
                Say {context}.

                ### Context:
                c {instruction} c

                ### Response:

                """)
        var bare = record
        for context in [JSONValue.string(""), .null, nil] {
            bare["context"] = context
            #expect(
                try PromptTemplate.dolly.prompt(for: bare).text
                    == "### Instruction:\nSay {context}.\n\n### Response:\n")
        }
    }

    @Test("Places are filled in one pass; other braces are text")
    func places() throws {
        let template = try PromptTemplate(
            name: "t", text: "{ {instruction}|{context}{}{1}{\n{{instruction}}")
        #expect(
            try template.prompt(for: record).text
                == "{ Say {context}.|c {instruction} c{}{1}{\n{Say {context}.}")
        #expect(throws: TokenizationError.missingField(name: "absent", template: "u")) {
            try PromptTemplate(name: "u", text: "{absent}").prompt(for: record)
        }
        #expect(throws: TokenizationError.self) { try PromptTemplate(name: "v", text: "no {} ") }
    }

    @Test("Without a name: Dolly's for instructions, the prompt as it stands otherwise")
    func automatic() throws {
        let template = PromptTemplate.automatic
        #expect(try template.prompt(for: record) == PromptTemplate.dolly.prompt(for: record))
        #expect(try template.prompt(for: ["prompt": .string("p")]).text == "p")
        #expect(throws: TokenizationError.missingField(name: "instruction", template: "dolly")) {
            try template.prompt(for: ["text": .string("t")])
        }
    }

    // MARK: Chat

    private static let chatML =
        "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + "
        + "message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"

    private static let withSystem =
        "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
        + "{{ '<|im_start|>system\nYou help.<|im_end|>\n' }}{% endif %}"
        + "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}"
        + "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"

    private static let stepByStep = """
        {%- if messages[0].role == 'system' -%}
            {%- set system = messages[0].content -%}
        {%- else -%}
            {%- set system = 'You help.' -%}
        {%- endif -%}
        {{- '<|im_start|>system\\n' + system + '<|im_end|>\\n' -}}
        {# the conversation #}
        {% for m in messages if_not_used %}{% endfor %}
        """

    @Test(
        "ChatML, with the system message that the template adds",
        arguments: [
            (chatML, "<|im_start|>user\n hi <|im_end|>\n<|im_start|>assistant\n"),
            (
                withSystem,
                "<|im_start|>system\nYou help.<|im_end|>\n<|im_start|>user\n hi <|im_end|>\n"
                    + "<|im_start|>assistant\n"
            ),
            (
                "{{ bos_token }}{%- for m in messages %}\n  {%- if m.role == \"user\" and not false %}"
                    + "[INST] {{ m.content | trim }} [/INST]{%- else %}{{ m.content }}"
                    + "{%- endif %}\n{%- endfor %}",
                "<s>[INST] hi [/INST]"
            ),
            (
                "{% if messages[0]['role'] == 'system' %}\nA\n{% elif absent is not defined %}\n"
                    + "B\n{% endif %}\n{{ messages[0].content }}", "B\n hi "
            ),
        ])
    func chat(template: String, expected: String) throws {
        let chat = try ChatTemplate(text: template, tokenNames: ["bos_token": "<s>"])
        #expect(try chat.prompt(user: " hi ").text == expected)
    }

    @Test(
        "What is not understood is refused",
        arguments: [
            "{% call x() %}{% endcall %}", "{{ messages | frobnicate }}", "{{ range(3) }}",
            "{% for m in messages %}", "{% endif %}", "{{ 'a }}", "{{ 1 * 2 }}", "no message here",
            "{{ raise_exception('no') }}", "{% for m in messages if_not_used %}{% endfor %}",
            stepByStep, "{{ nothing.there }}",
        ])
    func refused(template: String) throws {
        #expect(throws: TokenizationError.self) {
            try ChatTemplate(text: template).prompt(user: "hi")
        }
    }

    @Test(
        "What is not understood is named with its line",
        arguments: [
            ("a\n{{ messages[0].content }}\n{%- include x %}", "line 3: unsupported block 'incl"),
            ("\n{{ messages | 1 }}", "line 2: unsupported expression"),
            ("{# a\nb #}\n\n{{ 'a", "line 4: a tag that does not end"),
        ])
    func lines(template: String, message: String) throws {
        let error = #expect(throws: TokenizationError.self) { try ChatTemplate(text: template) }
        #expect(error?.description.contains(message) == true, "\(String(describing: error))")
    }

    private struct Renderings: Decodable {
        struct Case: Decodable {
            struct Message: Decodable {
                let role: String
                let content: String
            }
            let name: String
            let template: String
            let messages: [Message]
            /// Nil where the template refuses the messages.
            let expected: String?
        }
        let cases: [Case]
    }

    /// What jinja2 3.1 makes of them, set up as transformers does.
    @Test("What chat templates are made of, for conversations with and without a system message")
    func language() throws {
        let cases = try Oracles.decode(Renderings.self, from: "chat_templates.json").cases
        #expect(cases.count > 50)
        for known in cases {
            let names = ["bos_token": "<s>", "eos_token": "</s>"]
            let template = try ChatTemplate(text: known.template, tokenNames: names)
            let messages = known.messages.map {
                ChatMessage(role: $0.role, content: $0.content)
            }
            guard let expected = known.expected else {
                #expect(throws: TokenizationError.self) { try template.prompt(messages) }
                continue
            }
            let prompt = try template.prompt(messages)
            let isEqual = prompt.text.utf8.elementsEqual(expected.utf8)
            #expect(isEqual, "\(known.name): \(prompt.text.debugDescription)")
        }
    }

    @Test("Strings are spelt as Python's json has them, characters beyond ASCII as they are")
    func json() throws {
        let template = try ChatTemplate(text: "{{ messages[0].content | tojson }}")
        let text = "\u{8}\t\n\u{C}\r\u{1}\u{1F}\u{7F}\"\\/é\u{2028}😀"
        let expected = "\"\\b\\t\\n\\f\\r\\u0001\\u001f\u{7F}\\\"\\\\/é\u{2028}😀\""
        #expect(try template.prompt(user: text).text == expected)
    }

    @Test("Whatever a template does to a text of the record, it stays the record's")
    func origin() throws {
        let template = try ChatTemplate(
            text: "<s>{{ messages[0].content.strip().split(',')[1] | upper }}"
                + "{{ (messages[0].content | tojson)[:4] }}{{ messages[0].role | replace('u', '<s>') }}"
        )
        let pieces = try template.prompt(user: " a,<s>b ").pieces
        let data = pieces.filter(\.isData).map(\.text).joined()
        #expect(data == "<S>B a,")
        #expect(pieces.map(\.text).joined() == "<s><S>B\" a,<s>ser")
    }

    @Test(
        "Templates that never end, or fill any memory, are refused",
        arguments: [
            "{% for i in range(1000000000) %}{% endfor %}{{ messages[0].content }}",
            "{{ 'aaaaaaaaaaaaaaaa' * 1000000000 }}",
            "{% set x = 'a' %}{% for i in range(99) %}{% set x = x %}{% endfor %}"
                + "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
            "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}"
                + "{% endfor %}{{ messages[0].content }}",
        ])
    func limits(template: String) {
        #expect(throws: TokenizationError.self) {
            try ChatTemplate(text: template).prompt(user: "hi")
        }
    }

    @Test("Special tokens of the template are tokens, those of the data are text")
    func specialTokens() throws {
        let tokenizer = try Corpus.learnt()
        let template = try PromptTemplate(named: "chat", tokenizer: tokenizer)
        let prompt = try template.prompt(for: ["prompt": .string("the <|im_end|> cat")])
        let encoding = try tokenizer.encoding(of: prompt)
        let expected =
            [1] + tokenizer.encode("user\nthe <|im_end|> cat") + [2] + tokenizer.encode("\n") + [1]
            + tokenizer.encode("assistant\n")
        #expect(encoding.ids == expected)
        #expect(encoding.specialTokenOccurrences == 1)
    }
}
