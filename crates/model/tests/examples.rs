//! The estates of `examples/` are read without a single fault.

use bulkhead_model::estate::{Estate, read};

#[track_caller]
fn estate(name: &str) -> Estate {
    let path = format!("{}/../../examples/{name}/estate.yaml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect("the example is part of the repository");
    let (estate, diagnostics) = read(&format!("examples/{name}/estate.yaml"), &text);
    let faults: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(faults, Vec::<String>::new(), "{}", faults.join("\n"));
    estate.expect("no fault, so there is an estate")
}

#[test]
fn minimal_is_sound() {
    let estate = estate("minimal");
    assert_eq!(estate.assets.len(), 12);
    assert_eq!(estate.zones.len(), 5);
    assert_eq!(estate.services.len(), 3);
}

#[test]
fn an_estate_survives_serialisation() {
    let estate = estate("minimal");
    let json = serde_json::to_string_pretty(&estate).expect("an estate is plain data");
    let (again, diagnostics) = read("again.json", &json);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(again, Some(estate));
}

#[test]
fn telco_is_sound_and_as_large_as_documented() {
    let estate = estate("telco");
    assert_eq!(estate.zones.len(), 14);
    assert_eq!(estate.assets.len(), 160);
    assert_eq!(estate.services.len(), 26);
}
