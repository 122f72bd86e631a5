//! Reading a scenario file: everything wrong with it is reported at once, with its place.

use bulkhead_model::case::Localized;
use bulkhead_model::diag::{Diagnostic, Pos};
use bulkhead_model::estate::vocabulary::{is_timezone, timezone_meant};
use bulkhead_model::estate::{AssetKind, Selector};
use bulkhead_model::id::{AssetId, ZoneId};
use bulkhead_model::span::Span;
use bulkhead_model::yaml::{self, Node};
use jiff::Timestamp;

use super::decode::Faults;
use super::read_noise::noises;
use super::{ActKind, Objectives, Pick, Response, Role, Scenario, Step};

const KEYS: &[&str] = &[
    "version",
    "id",
    "name",
    "description",
    "start",
    "length",
    "before",
    "seed",
    "cast",
    "steps",
    "relapse",
    "noise",
    "before_noise",
    "timezone",
    "silent",
    "response",
    "objectives",
];
const KINDS: &[(&str, AssetKind)] = &[
    ("server", AssetKind::Server),
    ("workstation", AssetKind::Workstation),
    ("network_device", AssetKind::NetworkDevice),
    ("hypervisor", AssetKind::Hypervisor),
    ("appliance", AssetKind::Appliance),
    ("identity_provider", AssetKind::IdentityProvider),
];
/// Longest telemetry a scenario may ask for: 31 days.
pub const LENGTH_MAX: Span = Span::from_secs(31 * 86_400);

/// Reads the scenario `text`, called `file` in messages. No scenario comes back when one of the diagnostics is an error.
pub fn read(file: &str, text: &str) -> (Option<Scenario>, Vec<Diagnostic>) {
    let (documents, faults) = yaml::parse(file, text);
    let mut faults = Faults::new(file, faults);
    let scenario = match documents.as_slice() {
        [document] => scenario(&mut faults, document),
        [] if faults.list.is_empty() => {
            faults.list.push(Diagnostic::error("empty-file", file, None, "the file holds no scenario"));
            None
        }
        [] => None,
        [_, second, ..] => {
            faults.error(
                "many-documents",
                second.pos,
                "a scenario file holds one document",
                "remove the `---`",
            );
            None
        }
    };
    let failed = faults.list.iter().any(Diagnostic::is_error);
    faults.list.sort_by_key(|it| it.pos);
    (scenario.filter(|_| !failed), faults.list)
}

fn scenario(faults: &mut Faults<'_>, node: &Node) -> Option<Scenario> {
    if !faults.keys(node, "a scenario", KEYS) {
        return None;
    }
    match faults.count(node, "version") {
        Some(1) => {}
        Some(_) => faults.error("bad-version", node.pos, "only version 1 of scenarios is known", ""),
        None => faults.missing(node, "a scenario", "version"),
    }
    for key in ["id", "start"] {
        if node.get(key).is_none() {
            faults.missing(node, "a scenario", key);
        }
    }
    let id = faults.text(node, "id").unwrap_or_default();
    let name = name(faults, node).unwrap_or_else(|| Localized::Same(id.clone()));
    let start = faults
        .parsed::<Timestamp>(node, "start", "write an instant with its zone, such as 2025-07-25T12:00:00Z")
        .unwrap_or_default();
    let length = faults.parsed::<Span>(node, "length", "").unwrap_or(Span::from_secs(8 * 3600));
    let before = faults.parsed::<Span>(node, "before", "").unwrap_or_default();
    for (key, span) in [("length", length), ("before", before)] {
        if span > LENGTH_MAX {
            let pos = node.get(key).map_or(node.pos, |it| it.pos);
            faults.error("too-long", pos, format!("`{key}` is more than {LENGTH_MAX}"), "");
        }
    }
    let (cast, steps, relapse) =
        (roles(faults, node), steps(faults, node, "steps"), steps(faults, node, "relapse"));
    references(faults, &cast, steps.iter().chain(&relapse));
    Some(Scenario {
        description: faults.text(node, "description").unwrap_or_default(),
        seed: faults.count(node, "seed").unwrap_or(1),
        cast: unplaced(cast),
        steps: unplaced(steps),
        relapse: unplaced(relapse),
        noise: noises(faults, node),
        before_noise: before_noise(faults, node),
        timezone: timezone(faults, node),
        silent: picks(faults, node, "silent"),
        response: response(faults, node),
        objectives: objectives(faults, node),
        id,
        name,
        start,
        length,
        before,
    })
}

/// Something read and where it stands.
type Placed<T> = (Pos, T);

fn unplaced<T>(items: Vec<Placed<T>>) -> Vec<T> {
    items.into_iter().map(|(_, it)| it).collect()
}

fn name(faults: &mut Faults<'_>, node: &Node) -> Option<Localized> {
    let value = node.get("name")?;
    if value.as_map().is_none() {
        return faults.text(node, "name").map(Localized::Same);
    }
    faults.keys(value, "a name", &["en", "fr"]);
    let Some(en) = faults.text(value, "en") else {
        faults.missing(value, "a name", "en");
        return None;
    };
    Some(Localized::Each { en, fr: faults.text(value, "fr") })
}

fn roles(faults: &mut Faults<'_>, node: &Node) -> Vec<Placed<Role>> {
    let mut roles = Vec::new();
    for item in faults.items(node, "cast") {
        if !faults.keys(item, "a part of the cast", &["name", "pick", "agent", "reachable_from"]) {
            continue;
        }
        let Some(name) = faults.text(item, "name") else {
            faults.missing(item, "a part of the cast", "name");
            continue;
        };
        let pick = picks(faults, item, "pick");
        if pick.is_empty() {
            faults.missing(item, "a part of the cast", "pick");
        }
        roles.push((
            item.pos,
            Role {
                name,
                pick,
                agent: faults.truth(item, "agent").unwrap_or(true),
                reachable_from: faults.text(item, "reachable_from"),
            },
        ));
    }
    roles
}

pub(super) fn picks(faults: &mut Faults<'_>, node: &Node, key: &str) -> Vec<Pick> {
    let mut picks = Vec::new();
    for item in faults.items(node, key) {
        let keys = ["asset", "zone", "roles", "any", "kind", "os", "crown_jewel", "data"];
        if !faults.keys(item, "a selector", &keys) {
            continue;
        }
        let selector = Selector {
            asset: faults.text(item, "asset").map(AssetId::new),
            zone: faults.text(item, "zone").map(ZoneId::new),
            roles: faults.texts(item, "roles"),
            any: faults.truth(item, "any").unwrap_or_default(),
        };
        let pick = Pick {
            selector,
            kind: faults.choice(item, "kind", KINDS),
            os: faults.text(item, "os"),
            crown_jewel: faults.truth(item, "crown_jewel"),
            data: faults.text(item, "data"),
        };
        if pick == Pick::default() {
            faults.error(
                "empty-selector",
                item.pos,
                "an empty selector means no asset",
                "write {any: true} for all",
            );
        }
        picks.push(pick);
    }
    picks
}

fn steps(faults: &mut Faults<'_>, node: &Node, key: &'static str) -> Vec<Placed<Step>> {
    let mut steps: Vec<Placed<Step>> = Vec::new();
    for (number, item) in (1..).zip(faults.items(node, key)) {
        if !faults.keys(item, "a step", &["id", "at", "do", "on", "toward", "every", "count"]) {
            continue;
        }
        for key in ["at", "do"] {
            if item.get(key).is_none() {
                faults.missing(item, "a step", key);
            }
        }
        let at = faults.parsed::<Span>(item, "at", "");
        let (Some(act), Some(at)) = (faults.choice(item, "do", ActKind::ALL), at) else { continue };
        let id = faults.text(item, "id").unwrap_or_else(|| format!("{key}-{number}"));
        if steps.iter().any(|(_, it)| it.id == id) {
            faults.error("duplicate-id", item.pos, format!("a second step is called `{id}`"), "");
        }
        let (every, count) = defaults(act);
        let step = Step {
            id,
            at,
            act,
            on: faults.text(item, "on"),
            toward: faults.text(item, "toward"),
            every: faults.parsed(item, "every", "").unwrap_or(every),
            count: faults
                .count(item, "count")
                .map_or(count, |it| u32::try_from(it).unwrap_or(u32::MAX))
                .min(10_000),
        };
        steps.push((item.pos, step));
    }
    steps
}

fn defaults(act: ActKind) -> (Span, u32) {
    match act {
        ActKind::Beacon => (Span::from_secs(300), 6),
        ActKind::Scan => (Span::from_secs(1), 20),
        _ => (Span::from_secs(600), 8),
    }
}

fn before_noise(faults: &mut Faults<'_>, node: &Node) -> Option<String> {
    let name = faults.text(node, "before_noise")?;
    if crate::scenario(&name).is_some() {
        return Some(name);
    }
    let names: Vec<_> = crate::scenarios().iter().map(|(name, _)| *name).collect();
    let pos = node.get("before_noise").map_or(node.pos, |it| it.pos);
    let message = format!("`{name}` under `before_noise` is no built-in scenario");
    faults.error("unknown-reference", pos, message, &format!("choose from: {}", names.join(", ")));
    None
}

fn timezone(faults: &mut Faults<'_>, node: &Node) -> Option<String> {
    let name = faults.text(node, "timezone")?;
    if is_timezone(&name) {
        return Some(name);
    }
    let pos = node.get("timezone").map_or(node.pos, |it| it.pos);
    let hint = timezone_meant(&name)
        .map_or("write one as Europe/Paris or UTC".to_owned(), |it| format!("did you mean `{it}`?"));
    faults.error("bad-value", pos, format!("`{name}` under `timezone` is no time zone"), &hint);
    None
}

fn response(faults: &mut Faults<'_>, node: &Node) -> Response {
    let mut response = Response::default();
    let Some(value) = node.get("response") else { return response };
    if faults.keys(value, "the response", &["acknowledge", "approve", "accept"]) {
        response.acknowledge = faults.parsed(value, "acknowledge", "").unwrap_or(response.acknowledge);
        response.approve = faults.parsed(value, "approve", "").unwrap_or(response.approve);
        response.accept = faults.texts(value, "accept");
    }
    response
}

fn objectives(faults: &mut Faults<'_>, node: &Node) -> Objectives {
    let keys = [
        "mttd",
        "mttc",
        "main_services_restored",
        "crown_jewels_reached",
        "blast_radius",
        "moves_beyond_containment",
        "incidents",
    ];
    let Some(value) = node.get("objectives") else { return Objectives::default() };
    if !faults.keys(value, "the objectives", &keys) {
        return Objectives::default();
    }
    Objectives {
        mttd: faults.parsed(value, "mttd", ""),
        mttc: faults.parsed(value, "mttc", ""),
        main_services_restored: faults.parsed(value, "main_services_restored", ""),
        crown_jewels_reached: faults.count(value, "crown_jewels_reached"),
        blast_radius: faults.count(value, "blast_radius"),
        moves_beyond_containment: faults.count(value, "moves_beyond_containment"),
        incidents: faults.count(value, "incidents"),
    }
}

/// Names that nothing is called, and steps without a place.
fn references<'s>(
    faults: &mut Faults<'_>,
    cast: &[Placed<Role>],
    steps: impl Iterator<Item = &'s Placed<Step>>,
) {
    let known: Vec<&str> = cast.iter().map(|(_, it)| it.name.as_str()).collect();
    let hint = format!("parts of the cast: {}", known.join(", "));
    for (at, (pos, role)) in cast.iter().enumerate() {
        if known[..at].contains(&role.name.as_str()) {
            faults.error("duplicate-id", *pos, format!("a second part is called `{}`", role.name), "");
        }
        if let Some(from) = &role.reachable_from
            && !known[..at].contains(&from.as_str())
        {
            faults.error(
                "unknown-reference",
                *pos,
                format!("no part before this one is called `{from}`"),
                &hint,
            );
        }
    }
    for (pos, step) in steps {
        for name in step.on.iter().chain(&step.toward).filter(|it| !known.contains(&it.as_str())) {
            faults.error("unknown-reference", *pos, format!("no part of the cast is called `{name}`"), &hint);
        }
        if step.on.is_none() && step.act != ActKind::Advance {
            faults.error("missing-key", *pos, "a step needs the key `on`", &hint);
        }
        if step.act.has_aim() && step.toward.is_none() {
            faults.error("missing-key", *pos, "this step needs the key `toward`", &hint);
        }
    }
}
