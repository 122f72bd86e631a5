//! Cases, bounds and "never panics" for the YAML reader.

use std::fmt::Write;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

fn dump(text: &str) -> String {
    let (documents, diagnostics) = parse("f.yaml", text);
    let mut out = String::new();
    for document in documents {
        let _ = writeln!(out, "{}", document.to_json());
    }
    for diagnostic in diagnostics {
        let _ = writeln!(out, "{diagnostic}");
    }
    out
}

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "`expect![..]` is a temporary")]
fn check(text: &str, expect: Expect) {
    expect.assert_eq(&dump(text));
}

#[test]
fn scalars_keep_their_text() {
    check(
        "a: 00000429\nb: yes\nc: 1.0\nd: '1'\ne:\nf: ~\ng: true\nh: 0x1F\ni: 1e3\nj: !!str 12\n",
        expect![[r#"
            {"a":"00000429","b":"yes","c":1.0,"d":"1","e":null,"f":null,"g":true,"h":"0x1F","i":1000.0,"j":"12"}
        "#]],
    );
    let (documents, _) = parse("f", "a: 00000429\nb: yes\nh: 0x1F\nw: .inf\nn: nan");
    let get = |key: &str| documents[0].get(key).unwrap();
    assert_eq!(get("a").as_str(), Some("00000429"));
    assert_eq!(get("a").as_i64(), Some(429));
    assert_eq!(get("b").as_bool(), None);
    assert_eq!(get("h").as_u64(), Some(31));
    assert_eq!(get("w").as_f64(), Some(f64::INFINITY));
    assert_eq!(get("n").as_f64(), None);
}

#[test]
fn aliases_and_merges() {
    check(
        "base: &b {x: 1, y: 2}\nother: &o {y: 3, z: 4}\nm: {<<: [*b, *o], x: 9}\nn: *b\n",
        expect![[r#"
            {"base":{"x":1,"y":2},"other":{"y":3,"z":4},"m":{"x":9,"y":2,"z":4},"n":{"x":1,"y":2}}
        "#]],
    );
    check(
        "a: &a [1, *a]\nb: 2",
        expect![[r#"
        f.yaml:1:11: error[bad-alias]: an alias stands inside what it names
    "#]],
    );
    check(
        "m: {<<: 3}",
        expect![[r#"
        {"m":{}}
        f.yaml:1:9: error[bad-merge]: `<<` merges a mapping into this one, not the number 3
    "#]],
    );
}

#[test]
fn duplicate_and_odd_keys() {
    check(
        "a: 1\nb: 2\na: 3\n? [x, y]\n: 4\n",
        expect![[r#"
            {"a":1,"b":2}
            f.yaml:3:1: error[duplicate-key]: the key `a` stands twice in one mapping
              hint: the first is at line 1; rename or remove one
            f.yaml:4:3: error[bad-key]: a key must be text, not a list
              hint: quote it if the brackets or braces are part of the text
        "#]],
    );
    let many: String = (0..40).map(|it| format!("k{}: {it}\n", it % 39)).collect();
    let (documents, diagnostics) = parse("f", &many);
    assert_eq!((documents[0].entries().len(), diagnostics.len()), (39, 1));
}

#[test]
fn documents_and_recovery() {
    check(
        "a: 1\n---\nb: 2\n...\n---\nc: 3\n",
        expect![[r#"
        {"a":1}
        {"b":2}
        {"c":3}
    "#]],
    );
    check(
        "a: 1\n---\nb: [2\nx: y\n---\nc: 3\nd: 'open\n---\ne: 5\n",
        expect![[r#"
        {"a":1}
        {"e":5}
        f.yaml:4:2: error[syntax]: not YAML: illegal placement of ':' indicator
        f.yaml:7:4: error[syntax]: not YAML: while scanning a quoted scalar, found unexpected document indicator
          hint: a quote is probably not closed
    "#]],
    );
    check("", expect![""]);
    check("# only a comment\n", expect![""]);
}

#[test]
fn syntax_faults() {
    check(
        "a:\n\tb: 1\n",
        expect![[r#"
        f.yaml:2:2: error[syntax]: not YAML: tabs disallowed within this context (block indentation)
          hint: indent with spaces; YAML does not allow tabs
    "#]],
    );
    check(
        "a: b: c\n",
        expect![[r#"
        f.yaml:1:5: error[syntax]: not YAML: mapping values are not allowed in this context
          hint: quote the text if it holds `: `, or check the indentation
    "#]],
    );
    check(
        "a: *nobody\n",
        expect![[r#"
        f.yaml:1:4: error[syntax]: not YAML: while parsing node, found unknown anchor
          hint: an alias needs an anchor before it in the same document; quote a text that begins with `*`
    "#]],
    );
    check(
        "a: @x\n",
        expect![[r#"
            f.yaml:1:4: error[syntax]: not YAML: unexpected character: `@'
              hint: quote texts that begin with a special character such as @, ` or %
        "#]],
    );
    check(
        "a: \"x\n",
        expect![[r#"
        f.yaml:1:4: error[syntax]: not YAML: while scanning a quoted scalar, found unexpected end of stream
          hint: a quote is probably not closed
    "#]],
    );
    check(
        "a: 1\0b: 2\n",
        expect![[r#"
        {"a":1}
        f.yaml:1:5: error[control-character]: a NUL byte stands in the text
          hint: what follows it was not read; is this a binary file?
    "#]],
    );
    check(
        "a: !include x.yaml\n",
        expect![[r#"
        {"a":"x.yaml"}
        f.yaml:1:4: warning[unknown-tag]: the tag !include means nothing here and is ignored
    "#]],
    );
}

#[test]
fn json_is_accepted() {
    check(
        "{\n\t\"a\": [1, true, null, \"\\ud83d\\ude00 \\/\"],\n\t\"b\": {\"c\": 1.5e3}\n}\n",
        expect![[r#"
            {"a":[1,true,null,"😀 /"],"b":{"c":1500.0}}
        "#]],
    );
    check(
        "[{\"a\":1,\"a\":\t2}]",
        expect![[r#"
        [{"a":1}]
        f.yaml:1:9: error[duplicate-key]: the key `a` stands twice in one mapping
    "#]],
    );
}

#[test]
fn bounds() {
    let mut laughs = "a0: &a0 [x, x]\n".to_owned();
    for it in 1..64 {
        let _ = writeln!(laughs, "a{it}: &a{it} [*a{0}, *a{0}, *a{0}]", it - 1);
    }
    let (_, diagnostics) = parse("f", &laughs);
    assert_eq!(diagnostics.iter().map(|it| it.code).collect::<Vec<_>>(), ["too-large"]);
    for deep in ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(1000)] {
        let (_, diagnostics) = parse("f", &deep);
        assert_eq!(diagnostics.len(), 1, "{diagnostics:?}");
    }
    let mut chain = "a0: &a0 x\n".to_owned();
    for it in 1..200 {
        let _ = writeln!(chain, "a{it}: &a{it} [*a{}]", it - 1);
    }
    let (_, diagnostics) = parse("f", &chain);
    assert_eq!(diagnostics.iter().map(|it| it.code).collect::<Vec<_>>(), ["too-deep"]);
}

#[test]
fn positions_are_those_of_an_editor() {
    let (documents, _) = parse("f", "é: [x,\n  y]\nz:\n  - k: v\n");
    let y = &documents[0].get("é").unwrap().as_seq().unwrap()[1];
    assert_eq!((y.pos.line, y.pos.column), (2, 3));
    let v = documents[0].get("z").unwrap().as_seq().unwrap()[0].get("k").unwrap();
    assert_eq!((v.pos.line, v.pos.column), (4, 8));
}

#[test]
fn bytes_that_are_not_text() {
    let (_, diagnostics) = parse_bytes("f", b"a: 1\nb: \xff\n");
    assert_eq!(
        diagnostics[0].to_string(),
        "f:2:4: error[not-utf8]: byte 8 is not UTF-8 text\n  hint: save the file as UTF-8"
    );
}

/// Rules are why the block form has a reader of its own: those at hand are read by it, and as the full parser does.
#[test]
#[expect(clippy::disallowed_methods, reason = "the rules at hand are what is tested")]
fn rules_are_read_by_the_block_reader() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let mut folders =
        vec![format!("{root}/rules").into(), format!("{root}/../shared/data/sigma/rules").into()];
    let (mut n_read, mut n_files) = (0, 0);
    while let Some(folder) = folders.pop() {
        let folder: std::path::PathBuf = folder;
        for path in std::fs::read_dir(folder).into_iter().flatten().map(|it| it.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "yml") {
                let text = std::fs::read_to_string(&path).unwrap();
                n_files += 1;
                let Some(node) = block::parse(&text) else { continue };
                n_read += 1;
                assert_eq!((vec![node], Vec::new()), build::by_full_parser(&text), "{}", path.display());
            }
        }
    }
    assert!(n_read * 10 > n_files * 8, "{n_read} of {n_files} files");
}

proptest! {
    #[test]
    fn never_panics_on_text(text in "\\PC*") {
        let _ = parse("f", &text);
    }

    #[test]
    fn never_panics_on_yaml_like_text(text in "([-?:,\\[\\]{}#&*!|>'\"%@` \n\r\ta01<~.\\\\]|---|\\.\\.\\.|<<: |&a |\\*a|: |- |!!str ){0,80}") {
        let _ = parse("f", &text);
    }

    #[test]
    fn never_panics_on_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse_bytes("f", &bytes);
    }

    #[test]
    fn the_block_form_is_read_as_the_full_parser_reads_it(
        lines in proptest::collection::vec(
            ("( |  |    |      )?", "(- |- - |-  )?", "(a|b|c d|e:f|'q'|\\? )?", "(:|: | :|:  )?",
             "(x|1 #2|it''s|'it''s'|'a: b' #c|'a'b|\"q\"|\"\\\\q\"|\\||\\|-|>|\\|2|-x|--|a: b|#c| #c|\\[|\\{\\}|&a|\\*a|!t|%|@|`|~|=|<|\\\\d|c:|x  |---|<<)?"),
            0..12,
        ),
        end in "\n?",
    ) {
        let text = lines.iter().map(|(a, b, c, d, e)| [a, b, c, d, e].map(String::as_str).concat()).collect::<Vec<_>>();
        let text = text.join("\n") + &end;
        if let Some(node) = block::parse(&text) {
            prop_assert_eq!((vec![node], Vec::new()), build::by_full_parser(&text), "{}", text);
        }
    }

    #[test]
    fn reads_what_json_writes(value in json_value()) {
        for text in [serde_json::to_string(&value).unwrap(), serde_json::to_string_pretty(&value).unwrap()] {
            let (documents, diagnostics) = parse("f", &text);
            prop_assert!(diagnostics.is_empty(), "{diagnostics:?}");
            prop_assert_eq!(&documents[0].to_json(), &value);
        }
    }

    #[test]
    fn json_is_read_as_yaml_is(value in json_value()) {
        for text in [serde_json::to_string(&value).unwrap(), serde_json::to_string_pretty(&value).unwrap()] {
            // A comment makes it YAML, and one line longer.
            let (json, yaml) = (parse("f", &text), parse("f", &format!("#\n{text}")));
            // YAML joins mappings at `<<`.
            if !text.contains("<<") && yaml.1.is_empty() {
                prop_assert_eq!(&json.0.into_iter().map(a_line_down).collect::<Vec<_>>(), &yaml.0);
            }
        }
    }
}

fn a_line_down(mut node: Node) -> Node {
    node.pos.line += 1;
    match &mut node.kind {
        Kind::Scalar(_) => {}
        Kind::Seq(items) => *items = items.drain(..).map(a_line_down).collect(),
        Kind::Map(entries) => {
            let below = |(mut key, value): (Key, Node)| {
                key.pos.line += 1;
                (key, a_line_down(value))
            };
            *entries = entries.drain(..).map(below).collect();
        }
    }
    node
}

#[test]
fn columns_are_right_on_one_long_line() {
    let text = format!("[{}{{\"é\": 1, \"é\": 2}}]", "\"é\",".repeat(3));
    assert_eq!(parse("f", &text).1[0].pos, Some(Pos { line: 1, column: 23 }));
}

fn json_value() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::String),
    ];
    let inner = leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            proptest::collection::btree_map("[a-z\"\\\\<]{0,5}", inner, 0..6)
                .prop_map(|it| Value::Object(it.into_iter().collect())),
        ]
    });
    proptest::collection::vec(inner, 0..6).prop_map(Value::Array)
}
