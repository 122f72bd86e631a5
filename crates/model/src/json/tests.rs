//! Tests of JSON events: the scanner against serde_json, names against what Sigma rules expect.

use proptest::prelude::*;
use serde_json::Value as Json;

use super::{JsonEvent, Malformed, Memory};
use crate::event::{Event, Shape, Value, Visitor};

/// Collects every field as `name=value`.
#[derive(Default)]
struct All(Vec<(String, String)>);

impl<'e> Visitor<'e> for All {
    fn wants(&mut self, _: &str) -> bool {
        true
    }
    fn value(&mut self, name: &str, value: Value<'e>) {
        self.0.push((name.to_owned(), text(value)));
    }
}

fn text(value: Value<'_>) -> String {
    if value == Value::Null { "null".to_owned() } else { value.to_text().into_owned() }
}

fn fields(event: &dyn Event) -> Vec<(String, String)> {
    let mut all = All::default();
    event.visit(&mut all);
    all.0
}

#[track_caller]
fn check(raw: &str, shape: Shape, expect: &[(&str, &str)]) {
    let event = JsonEvent::new(raw.as_bytes(), None).unwrap();
    assert_eq!(event.shape(), shape);
    let expect: Vec<_> =
        expect.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    assert_eq!(fields(&event), expect);
    for (name, _) in &expect {
        let first = expect.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str());
        let got = event.get(name).map(text);
        assert_eq!(got.as_deref(), first, "{name}");
    }
    assert_eq!(event.get("no such field"), None);
}

#[test]
fn flat_windows_events_keep_their_names_and_gain_the_aliases() {
    check(
        r#"{"Channel":"Security","EventID":4624,"SourceName":"S","Hostname":"h","Threat Name":"x","tags":["a","b"],
           "host":{"name":"n"},"Gone":null}"#,
        Shape::Windows,
        &[
            ("Channel", "Security"),
            ("EventID", "4624"),
            ("SourceName", "S"),
            ("Provider_Name", "S"),
            ("Hostname", "h"),
            ("Computer", "h"),
            ("ThreatName", "x"),
            ("tags", "a"),
            ("tags", "b"),
            ("host.name", "n"),
            ("Gone", "null"),
        ],
    );
}

#[test]
fn evtx_nesting_is_undone() {
    check(
        r##"{"Event":{"System":{"Provider":{"#attributes":{"Name":"P","Guid":"G"}},"EventID":{"#attributes":{"Qualifiers":7},
            "#text":400},"Security":{"#attributes":{"UserID":"S-1"}},"Channel":"C"},
            "EventData":{"Threat Name":"x","Data":{"#text":["a","b"]}},"UserData":{"Op":{"User":"u","Deep":{"er":1}}}}}"##,
        Shape::Windows,
        &[
            ("Provider_Name", "P"),
            ("Provider_Guid", "G"),
            ("EventID_Qualifiers", "7"),
            ("EventID", "400"),
            ("Security_UserID", "S-1"),
            ("Channel", "C"),
            ("ThreatName", "x"),
            ("Data", "a"),
            ("Data", "b"),
            ("User", "u"),
            ("Deep.er", "1"),
        ],
    );
}

#[test]
fn winlogbeat_nesting_is_undone() {
    check(
        r#"{"@timestamp":"t","winlog":{"channel":"C","event_id":1,"event_data":{"Image":"i"}},"agent":{"type":"w"}}"#,
        Shape::Windows,
        &[
            ("@timestamp", "t"),
            ("channel", "C"),
            ("Channel", "C"),
            ("event_id", "1"),
            ("EventID", "1"),
            ("Image", "i"),
            ("agent.type", "w"),
        ],
    );
    check(
        r#"{"log_name":"C","event_id":1,"event_data":{"Image":"i"}}"#,
        Shape::Windows,
        &[("log_name", "C"), ("Channel", "C"), ("event_id", "1"), ("EventID", "1"), ("Image", "i")],
    );
}

#[test]
fn other_nesting_is_joined_with_dots() {
    check(
        r#"{"event_type":"alert","src_ip":"1.2.3.4","alert":{"signature":"s","metadata":{"tag":["x",{"y":true}]}},"e":{}}"#,
        Shape::Suricata,
        &[
            ("event_type", "alert"),
            ("src_ip", "1.2.3.4"),
            ("alert.signature", "s"),
            ("alert.metadata.tag", "x"),
            ("alert.metadata.tag.y", "true"),
        ],
    );
    check(
        r#"{"ts":1,"uid":"C","id.orig_h":"h"}"#,
        Shape::Zeek,
        &[("ts", "1"), ("uid", "C"), ("id.orig_h", "h")],
    );
    check("{}", Shape::Json, &[]);
}

#[test]
fn texts_are_unescaped_when_read() {
    let event = JsonEvent::new(br#"{"a":"\\\"","b\u0041":"x\\","c":"\n"}"#, None).unwrap();
    assert_eq!(event.get("a").map(Value::to_text).as_deref(), Some("\\\""));
    assert_eq!(event.get("bA").map(Value::to_text).as_deref(), Some("x\\"));
    assert_eq!(event.get("c").map(Value::to_text).as_deref(), Some("\n"));
}

#[track_caller]
fn refuses(raw: &[u8], at: usize) {
    let fault = JsonEvent::new(raw, None).map(|_| ()).unwrap_err();
    assert_eq!(fault, Malformed { at, ..fault }, "{fault}");
}

#[test]
fn refuses_what_is_no_object() {
    refuses(b"", 0);
    refuses(b"[]", 0);
    refuses(b"{\"a\":1", 6);
    refuses(b"{\"a\"}", 4);
    refuses(b"{\"a\":}", 5);
    refuses(b"{\"a\":1,}", 7);
    refuses(b"{\"a\":tru}", 5);
    refuses(b"{\"a\":\"x}", 5);
    refuses(b"{\"a\":01}", 6);
    refuses(b"{\"a\":1.}", 7);
    refuses(b"{} {}", 3);
    refuses(b"{\"a\":\"\xff\"}", 6);
    refuses(format!("{{\"a\":{}1{}}}", "[".repeat(70), "]".repeat(70)).as_bytes(), 5 + 64);
}

/// The slow reading: a tree, then names joined with dots.
fn oracle(prefix: &str, value: &Json, out: &mut Vec<(String, String)>) {
    match value {
        Json::Object(members) => {
            for (key, value) in members {
                let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                oracle(&name, value, out);
            }
        }
        Json::Array(items) => items.iter().for_each(|it| oracle(prefix, it, out)),
        Json::String(text) => out.push((prefix.to_owned(), text.clone())),
        other => out.push((prefix.to_owned(), other.to_string())),
    }
}

fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        "\\PC{0,12}".prop_map(Json::from),
        r#"[\\"/\n\t\u{0}a{}:,\[\]]{0,12}"#.prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
            prop::collection::btree_map(r#"[a-c\\"é]{1,4}"#, inner, 0..5)
                .prop_map(|it| Json::Object(it.into_iter().collect())),
        ]
    })
}

/// Reads `text` with what was learned so far, and compares with a reading that knows nothing.
#[track_caller]
fn check_learned(raw: &str, shape: Option<Shape>, memory: Memory) -> (Memory, bool) {
    let fresh = JsonEvent::new(raw.as_bytes(), shape);
    match (JsonEvent::with_memory(raw.as_bytes(), shape, memory), fresh) {
        (Ok(event), Ok(fresh)) => {
            assert_eq!(event.shape(), fresh.shape(), "{raw}");
            let expect = fields(&fresh);
            assert_eq!(fields(&event), expect, "{raw}");
            for (name, _) in &expect {
                assert_eq!(event.get(name), fresh.get(name), "{raw}: {name}");
            }
            if let Some(layout) = event.layout() {
                let placed =
                    layout.fields().map(|(name, place)| (name.to_owned(), text(event.value_at(place))));
                assert_eq!(placed.collect::<Vec<_>>(), expect);
            }
            let learned = event.layout().is_some();
            (event.into_memory(), learned)
        }
        (Err((fault, memory)), Err(fresh)) => {
            assert_eq!(fault, fresh, "{raw}");
            (memory, false)
        }
        (left, right) => panic!("{raw}: {left:?} {right:?}"),
    }
}

#[test]
fn what_is_seen_twice_is_learned() {
    let mut memory = Memory::default();
    let mut learned = Vec::new();
    for value in ["1", "-2.5", "null", "\"x\"", "\"\"", "\"\\\"\"", "[3]", "[]", "true", "\"y\""] {
        let text =
            format!("{{\"EventID\":1, \"a key longer than thirty-two bytes\": {value},\"Channel\":\"C\"}}\n");
        let (kept, known) = check_learned(&text, None, memory);
        memory = kept;
        learned.push(known);
    }
    assert_eq!(learned, [false, false, true, false, false, true, false, false, true, true]);
}

#[test]
fn a_flood_of_layouts_is_forgotten() {
    let mut memory = Memory::default();
    for round in 0..9_000 {
        for _ in 0..2 {
            memory = check_learned(&format!("{{\"a{round}\":1,\"b\":\"x\"}}"), None, memory).0;
        }
    }
    let layouts = memory.layouts.as_ref().unwrap();
    assert!(layouts.n_nodes() < 16 << 10);
}

proptest! {
    #[test]
    fn what_was_learned_changes_nothing(
        trees in prop::collection::vec(prop::collection::btree_map(r#"[a-c\\"é]{1,2}|EventID|Channel|ts|uid"#, json(), 0..4), 1..4),
        broken in prop::collection::vec(r#"\{("a":|[{}\[\],: 01e.-]|"b"|"\\"|true|null){0,8}\}?"#, 1..6),
        picks in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..24),
    ) {
        let mut texts = broken;
        for tree in trees {
            let tree = Json::Object(tree.into_iter().collect());
            texts.push(tree.to_string());
            texts.push(serde_json::to_string_pretty(&tree).unwrap());
            texts.push(tree.to_string().replace("true", "\"x\"").replace("false", "7"));
        }
        let mut memory = Memory::default();
        for (pick, shape) in picks {
            memory = check_learned(pick.get::<String>(&texts), shape.then_some(Shape::Json), memory).0;
        }
    }

    #[test]
    fn agrees_with_serde_json(
        members in prop::collection::btree_map(r#"[a-c\\"é]{1,4}"#, json(), 0..6),
        pretty in any::<bool>(),
    ) {
        let tree = Json::Object(members.into_iter().collect());
        let text = if pretty { serde_json::to_string_pretty(&tree) } else { serde_json::to_string(&tree) }.unwrap();
        let event = JsonEvent::new(text.as_bytes(), Some(Shape::Json)).unwrap();
        let mut expect = Vec::new();
        oracle("", &tree, &mut expect);
        prop_assert_eq!(fields(&event), expect);
    }

    /// Structure is judged as serde_json judges it; only the inside of texts is left unread.
    #[test]
    fn agrees_with_serde_json_on_what_is_malformed(text in r#"\{("a":|[{}\[\],: 01e.-]|"b"|true|null){0,12}"#) {
        let ours = JsonEvent::new(text.as_bytes(), Some(Shape::Json)).is_ok();
        let theirs = serde_json::from_str::<serde_json::Map<String, Json>>(&text);
        let range = theirs.as_ref().is_err_and(|it| it.to_string().contains("out of range"));
        prop_assert_eq!(ours, theirs.is_ok() || range, "{}", text);
    }

    #[test]
    fn never_panics(bytes in prop::collection::vec(prop_oneof![Just(b'"'), Just(b'\\'), Just(b'{'), Just(b':'), any::<u8>()], 0..60)) {
        if let Ok(event) = JsonEvent::new(&bytes, None) {
            fields(&event);
        }
    }
}
