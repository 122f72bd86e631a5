//! What holds of every import: the order of files and records does not matter, a second import adds nothing, what was
//! typed stays, and the result can be read without an error.

use std::fmt::Write as _;

use bulkhead_import::{Base, Bounds, Imported, Options, SourceFile, import};
use bulkhead_model::estate::{self, Estate};
use proptest::prelude::*;

/// A host as several sources may see it: address, name, hardware address, system.
type Seen = (u8, Option<u8>, Option<u8>, bool);

fn scan(hosts: &[Seen]) -> SourceFile {
    let mut text = String::from("<nmaprun>\n");
    for (address, name, mac, linux) in hosts {
        let _ = write!(
            text,
            "<host><status state=\"up\"/><address addr=\"10.0.{}.{}\" addrtype=\"ipv4\"/>",
            address % 2,
            address + 1
        );
        if let Some(mac) = mac {
            let _ = write!(text, "<address addr=\"52:54:00:00:00:{mac:02x}\" addrtype=\"mac\"/>");
        }
        if let Some(name) = name {
            let _ = write!(text, "<hostnames><hostname name=\"h{name}.example\"/></hostnames>");
        }
        let os = if *linux { "Linux 5.4" } else { "Windows 10" };
        let _ = writeln!(text, "<os><osmatch name=\"{os}\" accuracy=\"99\"/></os></host>");
    }
    text.push_str("</nmaprun>\n");
    SourceFile { name: "scan.xml".to_owned(), bytes: text.into_bytes() }
}

fn inventory(hosts: &[Seen]) -> SourceFile {
    let mut text = String::from("Name,Status,Tenant,Site,Rack,Role,Manufacturer,Type,Platform,IP Address\n");
    for (address, name, _, linux) in hosts {
        let name = name.map(|it| format!("h{it}")).unwrap_or_default();
        let os = if *linux { "Ubuntu" } else { "Windows" };
        let _ = writeln!(
            text,
            "{name},Active,t{},quay,R1,web,Dell,R640,{os},10.0.{}.{}",
            address % 3,
            address % 2,
            address + 1
        );
    }
    SourceFile { name: "devices.csv".to_owned(), bytes: text.into_bytes() }
}

fn traffic(flows: &[(u8, u8, u8)]) -> SourceFile {
    let mut text = String::from(
        "{\"id.orig_h\":\"10.9.9.9\",\"conn_state\":\"S0\",\"id.orig_p\":1,\"id.resp_h\":\"10.9.9.8\",\"id.resp_p\":2,\"proto\":\"tcp\"}\n",
    );
    for (n, (from, to, port)) in flows.iter().enumerate() {
        let port = [22, 443, 5432, 50_000][usize::from(port % 4)];
        let _ = writeln!(
            text,
            "{{\"ts\":{n},\"id.orig_h\":\"10.0.{}.{}\",\"id.orig_p\":40000,\"id.resp_h\":\"10.0.{}.{}\",\"id.resp_p\":{port},\"proto\":\"tcp\",\"conn_state\":\"SF\"}}",
            from % 2,
            from + 1,
            to % 2,
            to + 1
        );
    }
    SourceFile { name: "conn.json".to_owned(), bytes: text.into_bytes() }
}

fn directory(hosts: &[Seen], sessions: &[(u8, u8)]) -> SourceFile {
    let mut nodes = Vec::new();
    let mut edges = Vec::new();
    for name in hosts.iter().filter_map(|it| it.1) {
        nodes.push(format!("{{\"id\":\"c{name}\",\"kinds\":[\"Computer\"],\"properties\":{{\"name\":\"h{name}.example\",\"operatingsystem\":\"Linux\"}}}}"));
    }
    for (user, group) in sessions {
        nodes.push(format!(
            "{{\"id\":\"u{user}\",\"kinds\":[\"User\"],\"properties\":{{\"name\":\"u{user}@example\"}}}}"
        ));
        nodes.push(format!("{{\"id\":\"g{group}\",\"kinds\":[\"Group\"],\"properties\":{{}}}}"));
        for (kind, from, to) in [
            ("MemberOf", format!("u{user}"), format!("g{group}")),
            ("MemberOf", format!("g{group}"), format!("g{}", user % 4)),
            ("AdminTo", format!("g{group}"), format!("c{user}")),
            ("HasSession", format!("c{group}"), format!("u{user}")),
        ] {
            edges.push(format!(
                "{{\"kind\":\"{kind}\",\"start\":{{\"value\":\"{from}\"}},\"end\":{{\"value\":\"{to}\"}}}}"
            ));
        }
    }
    let text = format!("{{\"graph\":{{\"nodes\":[{}],\"edges\":[{}]}}}}", nodes.join(","), edges.join(",\n"));
    SourceFile { name: "graph.json".to_owned(), bytes: text.into_bytes() }
}

const BASE: &str = "\
version: 1
estate: {id: typed, name: Typed}
zones:
  - {id: left, cidrs: [10.0.0.0/25], tier: 2}
assets:
  - {id: h1, addresses: [10.0.0.1], zone: left, os: linux, roles: [typed], value: 7}
  - {id: second, hostname: h2.example, zone: left, crown_jewel: true}
identities:
  - {id: u1, accounts: [u1@example], rights: [{on: {asset: h1}, via: [ssh]}]}
flows:
  - {id: in, from: {any: true}, to: {asset: h1}, ports: [tcp/22]}
";

fn read(text: &str) -> Estate {
    let (estate, diagnostics) = estate::read("estate.yaml", text);
    let errors: Vec<_> = diagnostics.iter().filter(|it| it.is_error()).collect();
    estate.unwrap_or_else(|| panic!("{errors:#?}\n{text}"))
}

fn onto(files: &[SourceFile], text: &str) -> Imported {
    let estate = read(text);
    import(files, Some(Base { name: "estate.yaml", text, estate: &estate }), &Options::default())
}

/// Everything typed is still there, as it was or with more.
fn keeps(base: &Estate, after: &Estate) {
    for it in &base.assets {
        let now = after.assets.iter().find(|now| now.id == it.id).expect("the asset");
        assert_eq!(
            (&now.zone, now.kind, now.value, now.crown_jewel),
            (&it.zone, it.kind, it.value, it.crown_jewel)
        );
        assert!(it.addresses.iter().all(|address| now.addresses.contains(address)));
        assert!(it.roles.is_empty() || now.roles == it.roles);
        assert!(it.os.is_none() || now.os == it.os);
        assert!(it.hostname.is_none() || now.hostname == it.hostname);
    }
    for it in &base.identities {
        let now = after.identities.iter().find(|now| now.id == it.id).expect("the identity");
        assert!(it.rights.iter().all(|right| now.rights.contains(right)));
        assert_eq!((&now.accounts, now.privileged), (&it.accounts, it.privileged));
    }
    assert!(base.zones.iter().all(|it| after.zones.contains(it)));
    assert!(base.flows.iter().all(|it| after.flows.contains(it)));
}

/// How many random sets of exports are tried: `BULKHEAD_CASES`, else 60.
fn cases() -> ProptestConfig {
    let cases = std::env::var("BULKHEAD_CASES").ok().and_then(|it| it.parse().ok()).unwrap_or(60);
    ProptestConfig::with_cases(cases)
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn order_does_not_matter_and_a_second_import_adds_nothing(
        scanned in proptest::collection::vec((0_u8..8, proptest::option::of(0_u8..6), proptest::option::of(0_u8..4), any::<bool>()), 0..7),
        listed in proptest::collection::vec((0_u8..8, proptest::option::of(0_u8..6), Just(None), any::<bool>()), 0..7),
        flows in proptest::collection::vec((0_u8..10, 0_u8..10, 0_u8..4), 0..20),
        sessions in proptest::collection::vec((0_u8..5, 0_u8..5), 0..6),
        turn in 0_usize..4,
    ) {
        let mut files = vec![scan(&scanned), inventory(&listed), traffic(&flows), directory(&listed, &sessions)];
        let first = import(&files, None, &Options::default());
        prop_assert_eq!(&read(&first.text), &first.estate);
        files.rotate_left(turn);
        prop_assert_eq!(&import(&files, None, &Options::default()).text, &first.text);
        prop_assert_eq!(&onto(&files, &first.text).text, &first.text);

        // Records in another order: other places, the same estate.
        let turned = |it: &[Seen]| it.iter().rev().copied().collect::<Vec<_>>();
        let flows_turned: Vec<_> = flows.iter().rev().copied().collect();
        let files_turned =
            [scan(&turned(&scanned)), inventory(&turned(&listed)), traffic(&flows_turned), directory(&listed, &sessions)];
        prop_assert_eq!(import(&files_turned, None, &Options::default()).estate, first.estate);

        let typed = onto(&files, BASE);
        keeps(&read(BASE), &typed.estate);
        prop_assert_eq!(&read(&typed.text), &typed.estate);
        let again = onto(&files, &typed.text);
        prop_assert_eq!(&again.text, &typed.text);
    }

    /// Anything at all: read or refused, never a panic, and what comes of it is an estate.
    #[test]
    fn no_input_is_too_broken(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0_usize..2000) {
        let whole = [scan(&[(1, Some(1), Some(1), true)]), inventory(&[(1, Some(1), None, true)]), traffic(&[(1, 2, 1)]), directory(&[(1, Some(1), None, true)], &[(1, 1)])];
        let mut files: Vec<SourceFile> = whole
            .into_iter()
            .map(|it| {
                let at = cut.min(it.bytes.len());
                let mut broken = it.bytes[..at].to_vec();
                broken.extend_from_slice(&bytes);
                SourceFile { name: it.name, bytes: broken }
            })
            .collect();
        files.push(SourceFile { name: "bytes".to_owned(), bytes });
        let imported = import(&files, None, &Options::default());
        prop_assert_eq!(read(&imported.text), imported.estate);
    }
}

#[test]
fn a_full_estate_takes_no_more_flows_the_second_time() {
    let files = [traffic(&[(0, 1, 0), (2, 3, 1), (4, 5, 2), (6, 7, 0)])];
    let bounds = Bounds { flows: 2, ..Bounds::default() };
    let options = Options { bounds, ..Options::default() };
    let first = import(&files, None, &options);
    assert_eq!(first.estate.flows.len(), 2);
    let estate = read(&first.text);
    let base = Base { name: "estate.yaml", text: &first.text, estate: &estate };
    assert_eq!(import(&files, Some(base), &options).text, first.text);
}
