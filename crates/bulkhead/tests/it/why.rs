//! `respond --why`: whom it understands, pseudonyms among them, and in which language it answers.

use std::fs;
use std::path::Path;

use crate::bulkhead::{run, stderr, stdout};
use crate::faults::{RESPOND, intrusion};

const WHY: &str = "respond auth.log --estate estate.yaml --no-builtin-rules --rules rule.yml --quiet";

/// The pseudonym that the files of a case print for `alice`.
fn pseudonym(case: &Path) -> String {
    let incident = fs::read_to_string(case.join("incident.json")).expect("an incident");
    let at = incident.find("account-").expect("a pseudonym");
    incident[at..].chars().take_while(|it| it.is_ascii_alphanumeric() || *it == '-').collect()
}

#[test]
fn what_a_case_printed_is_understood_where_seed_or_vault_tell_who_it_is() {
    let dir = tempfile::tempdir().expect("a folder");
    intrusion(dir.path());
    assert_eq!(run(dir.path(), RESPOND).status.code(), Some(0));
    let name = pseudonym(&dir.path().join("case"));
    let check = |args: &str| {
        let output = run(dir.path(), &format!("{WHY} {args}"));
        assert_eq!(output.status.code(), Some(0), "{args}: {}", stderr(&output));
        assert!(stdout(&output).starts_with("alice: "), "{args}: {}", stdout(&output));
    };
    check(&format!("--seed 1 --why {name}"));
    check(&format!("--seed 1 --why account:{name}"));
    check(&format!("--out case --why {name}"));
    check("--why account:alice");
    let host = run(dir.path(), &format!("{WHY} --why host:web-1"));
    assert!(stdout(&host).starts_with("web-1: "), "{}{}", stdout(&host), stderr(&host));
    for (args, said) in [
        (format!("--why {name}"), "this is a pseudonym, and nothing here tells who is behind it"),
        (format!("--seed 2 --why {name}"), "no case of this telemetry with this seed calls anybody so"),
        ("--why account:web-1".to_owned(), "no host and no account of that name was seen"),
    ] {
        let output = run(dir.path(), &format!("{WHY} {args}"));
        assert_eq!(output.status.code(), Some(2), "{args}: {}", stdout(&output));
        assert!(stderr(&output).contains(said), "{args}: {}", stderr(&output));
    }
    let output = run(dir.path(), &format!("{WHY} --why {name}"));
    assert!(
        stderr(&output).contains("`--out DIR`") && stderr(&output).contains("`--seed`"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn asked_in_french_it_answers_in_french() {
    let dir = tempfile::tempdir().expect("a folder");
    intrusion(dir.path());
    let output =
        run(dir.path(), &format!("{} --lang fr --why web-1 --why web-3", WHY.replace(" --quiet", "")));
    let told = stdout(&output).replace(['\u{202f}', '\u{a0}'], " ");
    for words in [
        "web-1 : au plus ",
        "assez pour être tenu pour compromis dans un incident",
        "suffisent à déclarer un incident",
        "« Login of a known intruder » (critique)",
        "d'ordinaire ici : moins d'une fois par an",
        "règle 11111111-aaaa-4bbb-8ccc-0000000000a3",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(
        !told.contains("points at most") && !stderr(&output).contains("terminal"),
        "{told}{}",
        stderr(&output)
    );
}
