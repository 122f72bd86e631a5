//! Regimes as files: `regime: NIS2`, then who, when, stages, fields and sources.

use bulkhead_model::yaml::Node;
use jiff::civil::Time;

use crate::filing::FieldSource;
use crate::reader::Reader;
use crate::regime::{Anchor, Confidence, FieldSpec, Limit, Regime, Rollover, Source, Stage, Status, Unit};

use super::predicate::predicate;

const KEYS: &[&str] = &[
    "regime",
    "version",
    "name",
    "status",
    "transposition",
    "ends_with",
    "valid_from",
    "valid_to",
    "jurisdiction",
    "entity",
    "trigger",
    "stages",
    "sources",
    "notes",
];
const STAGE_KEYS: &[&str] =
    &["id", "name", "anchor", "limit", "cap", "recipient", "channel", "rule", "when", "unless", "fields"];
const LIMIT_KEYS: &[&str] = &[
    "amount",
    "unit",
    "whole_units",
    "rollover",
    "rollover_not_for",
    "min_working_days",
    "contested_working_days",
    "calendar",
    "zone",
    "closes",
];
const STATUS: &[(&str, Status)] = &[
    ("in_force", Status::InForce),
    ("pending_transposition", Status::PendingTransposition),
    ("proposed", Status::Proposed),
    ("repealed", Status::Repealed),
    ("verify", Status::Verify),
];
const UNITS: &[(&str, Unit)] =
    &[("h", Unit::Hour), ("d", Unit::Day), ("month", Unit::Month), ("business_day", Unit::BusinessDay)];
const ROLLOVERS: &[(&str, Rollover)] = &[
    ("none", Rollover::None),
    ("1182_71_3_4", Rollover::Reg1182),
    ("dora_5_4", Rollover::Dora),
    ("national", Rollover::National),
];
const CONFIDENCE: &[(&str, Confidence)] =
    &[("T", Confidence::Text), ("S", Confidence::Secondary), ("M", Confidence::Memory)];
const CHANNELS: &[(&str, &str)] = &[
    ("portal", "portal"),
    ("email", "email"),
    ("post", "post"),
    ("phone", "phone"),
    ("json", "json"),
    ("public", "public"),
];

/// Reads a regime from its document; `file` is remembered as its origin.
pub fn regime(reader: &mut Reader<'_>, node: &Node, file: &str) -> Option<Regime> {
    reader.map(node, KEYS, "a regime")?;
    let id = reader.need(node, "regime").and_then(|it| reader.text(it));
    let name = reader.need(node, "name").and_then(|it| reader.localized(it));
    let status = reader.need(node, "status").and_then(|it| reader.word(it, STATUS));
    let jurisdiction = reader.need(node, "jurisdiction").and_then(|it| reader.text(it));
    let entity = reader.need(node, "entity").and_then(|it| predicate(reader, it));
    let trigger = reader.need(node, "trigger").and_then(|it| predicate(reader, it));
    let version = reader.may(node, "version").map_or(Some(1), |it| reader.whole(it));
    let transposition = reader.may(node, "transposition").and_then(|it| reader.text(it));
    let ends_with = reader.may(node, "ends_with").and_then(|it| reader.text(it));
    let valid_from = reader.may(node, "valid_from").and_then(|it| reader.date(it));
    let valid_to = reader.may(node, "valid_to").and_then(|it| reader.date(it));
    let notes = reader.may(node, "notes").map(|it| reader.all_said(it)).unwrap_or_default();
    let sources = sources(reader, node);
    let stages = stages(reader, node);
    if status == Some(Status::PendingTransposition) && transposition.is_none() {
        let hint = "name what `legal_profile.transposed` must hold, such as NIS2";
        reader.error("missing-key", node.pos, "`transposition` is missing here".to_owned(), hint);
    }
    Some(Regime {
        id: id?.as_str().into(),
        version: version?,
        name: name?,
        status: status?,
        transposition,
        ends_with,
        valid_from,
        valid_to,
        jurisdiction: jurisdiction?,
        entity: entity?,
        trigger: trigger?,
        stages,
        sources,
        notes,
        french: std::mem::take(&mut reader.french),
        origin: file.to_owned(),
    })
}

fn items<'n>(reader: &mut Reader<'_>, node: &'n Node, key: &str) -> &'n [Node] {
    let Some(list) = reader.need(node, key) else { return &[] };
    let items = list.as_seq().unwrap_or_default();
    if items.is_empty() {
        reader.wrong(list, "a list with at least one entry");
    }
    items
}

fn sources(reader: &mut Reader<'_>, node: &Node) -> Vec<Source> {
    let nodes = items(reader, node, "sources");
    nodes.iter().filter_map(|it| source(reader, it)).collect()
}

fn source(reader: &mut Reader<'_>, node: &Node) -> Option<Source> {
    reader.map(node, &["act", "article", "confidence", "verified_on"], "a source")?;
    let act = reader.need(node, "act").and_then(|it| reader.text(it));
    let article = reader.need(node, "article").and_then(|it| reader.text(it));
    let confidence = reader.need(node, "confidence").and_then(|it| reader.word(it, CONFIDENCE));
    let verified_on = reader.need(node, "verified_on").and_then(|it| reader.date(it));
    Some(Source { act: act?, article: article?, confidence: confidence?, verified_on: verified_on? })
}

fn stages(reader: &mut Reader<'_>, node: &Node) -> Vec<Stage> {
    let nodes = items(reader, node, "stages");
    let stages: Vec<Stage> = nodes.iter().filter_map(|it| stage(reader, it)).collect();
    for (stage, at) in stages.iter().zip(nodes) {
        if let Some(earlier) = stage.anchor.stage()
            && !stages.iter().any(|it| it.id == earlier)
        {
            let message = format!("`submission:{earlier}` names no stage of this regime");
            reader.error("unknown-reference", at.pos, message, "");
        }
        let twins = stages.iter().filter(|it| it.id == stage.id);
        if twins.clone().count() > 1 && twins.into_iter().any(|it| it.when.is_none() && it.unless.is_none()) {
            let hint = "a stage may stand twice only when `when` or `unless` keeps them apart";
            reader.error("duplicate-id", at.pos, format!("stage `{}` stands twice", stage.id), hint);
        }
    }
    stages
}

fn stage(reader: &mut Reader<'_>, node: &Node) -> Option<Stage> {
    reader.map(node, STAGE_KEYS, "a stage")?;
    let id = reader.need(node, "id").and_then(|it| reader.text(it));
    let name = reader.need(node, "name").and_then(|it| reader.localized(it));
    let anchor = reader.need(node, "anchor").and_then(|it| anchor(reader, it));
    let limit = reader.may(node, "limit").and_then(|it| limit(reader, it));
    let cap = reader.may(node, "cap").and_then(|it| cap(reader, it));
    let recipients = reader.need(node, "recipient").map(|it| recipients(reader, it)).unwrap_or_default();
    let channel = reader.may(node, "channel").and_then(|it| reader.word(it, CHANNELS));
    let rule = reader.need(node, "rule").and_then(|it| reader.said(it));
    let when = reader.may(node, "when").and_then(|it| predicate(reader, it));
    let unless = reader.may(node, "unless").and_then(|it| predicate(reader, it));
    let fields = reader.may(node, "fields").map(|it| fields(reader, it)).unwrap_or_default();
    Some(Stage {
        id: id?,
        name: name?,
        anchor: anchor?,
        limit,
        cap,
        recipients,
        channel: channel.map(str::to_owned),
        rule: rule?,
        when,
        unless,
        fields,
    })
}

fn anchor(reader: &mut Reader<'_>, node: &Node) -> Option<Anchor> {
    let anchor = node.as_str().and_then(Anchor::from_name);
    if anchor.is_none() {
        reader.wrong(
            node,
            "one of awareness, detection, classification, incident, determination, measure_available, handling_end, \
             submission:STAGE, last_submission:STAGE",
        );
    }
    anchor
}

fn cap(reader: &mut Reader<'_>, node: &Node) -> Option<(Anchor, Limit)> {
    reader.map(node, &["anchor", "limit"], "a cap")?;
    let from = reader.need(node, "anchor").and_then(|it| anchor(reader, it));
    let until = reader.need(node, "limit").and_then(|it| limit(reader, it));
    Some((from?, until?))
}

fn limit(reader: &mut Reader<'_>, node: &Node) -> Option<Limit> {
    reader.map(node, LIMIT_KEYS, "a limit")?;
    let amount = reader.need(node, "amount").and_then(|it| reader.whole(it));
    let unit = reader.need(node, "unit").and_then(|it| reader.word(it, UNITS));
    let whole_units = reader.may(node, "whole_units").map_or(Some(false), |it| reader.truth(it));
    let rollover = reader.may(node, "rollover").map_or(Some(Rollover::None), |it| reader.word(it, ROLLOVERS));
    let rollover_not_for = reader.may(node, "rollover_not_for").and_then(|it| predicate(reader, it));
    let min_working_days = reader.may(node, "min_working_days").map_or(Some(0), |it| reader.whole(it));
    let contested = reader.may(node, "contested_working_days").map_or(Some(0), |it| reader.whole(it));
    let calendar = reader.may(node, "calendar").and_then(|it| reader.text(it));
    let zone = reader.may(node, "zone").and_then(|it| reader.text(it));
    let closes = reader.may(node, "closes").and_then(|it| reader.parsed::<Time>(it, "an hour such as 17:30"));
    if let (Some(name), Some(at)) = (&zone, reader.may(node, "zone"))
        && jiff::tz::TimeZoneDatabase::bundled().get(name).is_err()
    {
        reader.wrong(at, "an IANA time zone such as Europe/Paris");
    }
    Some(Limit {
        amount: amount?,
        unit: unit?,
        whole_units: whole_units?,
        rollover: rollover?,
        rollover_not_for,
        min_working_days: min_working_days?,
        contested_working_days: contested?,
        calendar,
        zone,
        closes,
    })
}

fn recipients(reader: &mut Reader<'_>, node: &Node) -> Vec<(String, String)> {
    // A text, in both languages or alike in both, is for every country.
    if node.as_str().is_some() || node.get("en").is_some() {
        return reader.said(node).map(|it| ("*".to_owned(), it)).into_iter().collect();
    }
    if node.as_map().is_none() {
        reader.wrong(node, "a recipient, or recipients by country (`FR`, `*` for every other)");
    }
    node.entries().iter().filter_map(|(key, it)| Some((key.text.clone(), reader.said(it)?))).collect()
}

fn fields(reader: &mut Reader<'_>, node: &Node) -> Vec<FieldSpec> {
    let items = node.as_seq().unwrap_or_default();
    if items.is_empty() {
        reader.wrong(node, "a list of fields");
    }
    items.iter().filter_map(|it| field(reader, it)).collect()
}

fn field(reader: &mut Reader<'_>, node: &Node) -> Option<FieldSpec> {
    reader.map(node, &["id", "en", "fr", "from"], "a field")?;
    let id = reader.need(node, "id").and_then(|it| reader.text(it));
    let en = reader.need(node, "en").and_then(|it| reader.text(it));
    let fr = reader.need(node, "fr").and_then(|it| reader.text(it));
    let from = reader.may(node, "from").and_then(|it| reader.text(it).map(|text| (text, it.pos)));
    if let Some((text, pos)) = &from
        && FieldSource::from_key(text).is_none()
    {
        let hint = format!("known: {}, or fact.NAME", FieldSource::keys().join(", "));
        reader.error("unknown-reference", *pos, format!("`{text}` is nothing that a case holds"), &hint);
    }
    Some(FieldSpec {
        id: id?,
        label: bulkhead_model::case::Localized::Each { en: en?, fr: Some(fr?) },
        from: from.map(|it| it.0),
    })
}
