//! The committed schemas are those of the types; `UPDATE=1` writes them anew. The examples satisfy theirs.

use std::path::Path;

use bulkhead_model::{schema, yaml};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

#[test]
fn committed_schemas_are_those_of_the_types() {
    let folder = Path::new(ROOT).join("schemas");
    let update = std::env::var_os("UPDATE").is_some();
    let mut stale = Vec::new();
    for (name, text) in schema::all() {
        let path = folder.join(format!("{name}.schema.json"));
        if std::fs::read_to_string(&path).ok().as_deref() == Some(text.as_str()) {
            continue;
        }
        if update {
            std::fs::create_dir_all(&folder).expect("the repository can be written to");
            std::fs::write(&path, text).expect("the repository can be written to");
        }
        stale.push(name);
    }
    assert!(
        update || stale.is_empty(),
        "{stale:?} differ from the types; write them with: UPDATE=1 cargo test -p bulkhead-model --test schemas"
    );
}

#[test]
fn examples_satisfy_the_schema() {
    let (_, text) = schema::all().swap_remove(0);
    let schema = serde_json::from_str(&text).expect("a schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is a schema");
    for name in ["minimal", "telco"] {
        let path = format!("{ROOT}/examples/{name}/estate.yaml");
        let text = std::fs::read_to_string(path).expect("the example is part of the repository");
        let (documents, _) = yaml::parse(name, &text);
        let value = documents[0].to_json();
        let faults: Vec<String> =
            validator.iter_errors(&value).map(|it| format!("{}: {it}", it.instance_path())).collect();
        assert_eq!(faults, Vec::<String>::new());
    }
    for broken in [r#"{"version": 1}"#, r#"{"version": 1, "estate": {"id": "a", "name": "a"}, "zonse": []}"#]
    {
        let value = serde_json::from_str(broken).expect("JSON");
        assert!(!validator.is_valid(&value), "{broken}");
    }
}
