//! How rules are read: log sources, pipelines, placeholders, faults; and what they cover.

use std::fs;

use serde_json::Value;

use super::{folder, said};

const OURS: &str = "title: Ours\nid: ours\nlogsource: {product: ours, service: door}\ndetection:\n  \
                    sel: {badge|expand: '%guests%'}\n  condition: sel\nlevel: high\n";
const EVENTS: &str = "{\"kind\":\"door\",\"card\":\"g-1\"}\n{\"kind\":\"door\",\"card\":\"s-1\"}\n{\"kind\":\"gate\",\"card\":\"g-1\"}\n";
const LOG_SOURCES: &str = "- product: ours\n  service: door\n  when: {shape: json, kind: door}\n";
const PIPELINE: &str =
    "name: ours\ntransformations:\n  - type: field_name_mapping\n    mapping: {badge: card}\n";

#[test]
fn log_sources_pipelines_and_placeholders_are_files_and_flags() {
    let dir = folder();
    let put = |name: &str, text: &str| fs::write(dir.path().join(name), text).expect("written");
    put("ours.yml", OURS);
    put("events.json", EVENTS);
    put("sources.yml", LOG_SOURCES);
    put("pipeline.yml", PIPELINE);
    put("guests.yml", "guests: [g-1, g-2]\n");
    let base = "detect events.json --rules ours.yml --no-builtin-rules --format ndjson";
    let flags = "--log-sources sources.yml --pipeline pipeline.yml";
    let found = |args: &str| {
        said(dir.path(), args).1.lines().map(|it| it.contains("\"record\":1}")).collect::<Vec<_>>()
    };
    assert_eq!(found(&format!("{base} {flags} --placeholder guests=g-1,g-2")), [true]);
    assert_eq!(found(&format!("{base} {flags} --placeholders guests.yml")), [true]);
    // The same from the configuration file, whose paths are relative to it.
    put(
        "bulkhead.toml",
        "log_sources = ['sources.yml']\npipelines = ['pipeline.yml']\nplaceholders = {guests = ['g-1']}\n",
    );
    assert_eq!(found(base), [true]);
    assert_eq!(found(&format!("{base} --placeholder guests=nobody")), Vec::<bool>::new());
    let (_, listed, _) = said(dir.path(), "rules list ours.yml");
    assert!(listed.contains("product=ours service=door  yes"), "{listed}");
    fs::remove_file(dir.path().join("bulkhead.toml")).expect("removed");
    let (_, listed, _) = said(dir.path(), "rules list ours.yml --placeholder guests=g-1");
    assert!(listed.contains("no log source mapping for product=ours service=door"), "{listed}");
    for (args, expect) in [
        (format!("{base} {flags}"), "the placeholder `%guests%` has no values"),
        (format!("{base} --log-sources none.yml"), "cannot read `none.yml`"),
        (format!("{base} --placeholders ours.yml"), "is no list of values"),
        (format!("{base} --placeholder guests"), "use NAME=VALUE,VALUE"),
    ] {
        let (code, _, told) = said(dir.path(), &args);
        assert_eq!(code, Some(2), "{args}: {told}");
        assert!(told.contains(expect), "{told}");
    }
}

#[test]
fn every_fault_is_shown_with_its_place() {
    let dir = folder();
    let bad: String = (0..40)
        .map(|it| {
            format!("title: r{it}\nlogsource: {{product: windows}}\ndetection:\n  sel: {{a|nope: 1}}\n  condition: sel\n---\n")
        })
        .collect();
    fs::write(dir.path().join("bad.yml"), bad).expect("written");
    let (code, _, told) = said(dir.path(), "rules check bad.yml rules.yml");
    assert_eq!(code, Some(2));
    assert_eq!(told.lines().filter(|it| it.starts_with("bad.yml:")).count(), 40, "{told}");
    assert!(told.contains("bad.yml:4:9: error"), "{told}");
    assert!(told.contains("40 faults; 6 rules load"), "{told}");
}

#[test]
fn coverage_is_a_layer_of_the_navigator() {
    let dir = folder();
    let rule = "title: Nowhere\nid: nowhere\ntags: [attack.t1190, attack.sideways, attack.ds0001, cve.2024-1]\n\
                logsource: {product: nobody}\ndetection: {sel: {a: 1}, condition: sel}\nlevel: low\n";
    fs::write(dir.path().join("nowhere.yml"), rule).expect("written");
    let (code, out, told) = said(dir.path(), "rules coverage rules.yml nowhere.yml --out layer.json");
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("nowhere.yml:1:1: warning") && told.contains("`attack.sideways`"), "{told}");
    assert!(out.contains("T1021.001  1      0            lateral-movement"), "{out}");
    assert!(out.contains("1 groups and 1 software named"), "{out}");
    let text = fs::read_to_string(dir.path().join("layer.json")).expect("written");
    let layer: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(layer["versions"]["layer"], "4.5");
    assert_eq!(layer["domain"], "enterprise-attack");
    let of = |id: &str| {
        let all = layer["techniques"].as_array().expect("techniques");
        all.iter().find(|it| it["techniqueID"] == id).cloned().unwrap_or_default()
    };
    assert_eq!(of("T1021.001")["score"], 1);
    assert_eq!(of("T1110")["score"], 1);
    let idle = of("T1190");
    assert_eq!((&idle["score"], &idle["color"]), (&0.into(), &"#c9c9c9".into()));
    assert!(idle["comment"].as_str().is_some_and(|it| it.contains("fire on no known log source")), "{idle}");
    for it in layer["techniques"].as_array().expect("techniques") {
        assert!(it["techniqueID"].is_string() && it["score"].is_u64(), "{it}");
    }
    let (_, out, _) = said(dir.path(), "rules coverage rules.yml --format json");
    let json: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(json["attack"], "19");
    assert_eq!(json["techniques"].as_array().map(Vec::len), Some(4));
}
