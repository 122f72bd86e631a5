//! YAML to rules. Every fault is reported where it stands; a rule with an error is left out, the rest load.

use bulkhead_model::diag::{Diagnostic, Pos};
use bulkhead_model::finding::Level;
use bulkhead_model::yaml::{Key, Kind, Node};

use super::condition::{self, Condition, Names};
use super::modifier::{Modifier, conflict};
use super::{Item, Rule, Search, Source, Value};

/// Deepest nesting of lists and mappings in a search.
const DEPTH_MAX: usize = 32;

/// Collects the faults of one document.
pub struct Reader<'f> {
    /// The file as the user named it.
    pub file: &'f str,
    /// What was found so far.
    pub diagnostics: Vec<Diagnostic>,
}

impl<'f> Reader<'f> {
    /// A reader of a document of `file`.
    pub fn new(file: &'f str) -> Self {
        Self { file, diagnostics: Vec::new() }
    }

    /// Whether the document cannot be used.
    pub fn failed(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// Reports an error.
    pub fn error(&mut self, code: &'static str, pos: Pos, message: impl Into<String>) -> &mut Diagnostic {
        self.diagnostics.push(Diagnostic::error(code, self.file, Some(pos), message));
        let last = self.diagnostics.len() - 1;
        &mut self.diagnostics[last]
    }

    /// Reports a warning.
    pub fn warning(&mut self, code: &'static str, pos: Pos, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::warning(code, self.file, Some(pos), message));
    }

    /// The text of `key`, if it is there.
    pub fn text(&mut self, map: &Node, key: &str) -> Option<String> {
        let node = map.get(key)?;
        if node.is_null() {
            return None;
        }
        let text = node.as_str().map(str::to_owned);
        if text.is_none() {
            self.error("wrong-type", node.pos, format!("`{key}` is {}, expected text", node.describe()));
        }
        text
    }

    /// The texts of `key`: one, a list, or none.
    pub fn texts(&mut self, map: &Node, key: &str) -> Vec<String> {
        let Some(node) = map.get(key).filter(|it| !it.is_null()) else { return Vec::new() };
        let mut texts = Vec::new();
        for item in node.one_or_many() {
            match item.as_str() {
                Some(text) => texts.push(text.to_owned()),
                None => {
                    self.error(
                        "wrong-type",
                        item.pos,
                        format!("`{key}` holds {}, expected text", item.describe()),
                    );
                }
            }
        }
        texts
    }
}

/// Reads a detection rule from one document.
pub fn rule(reader: &mut Reader<'_>, node: &Node) -> Option<Rule> {
    let title = reader.text(node, "title").unwrap_or_default();
    if title.is_empty() {
        reader.warning("no-title", node.pos, "the rule has no title");
    }
    let id = reader.text(node, "id").unwrap_or_else(|| file_stem(reader.file).to_owned());
    let level = level(reader, node);
    let source = source(reader, node);
    let (searches, conditions) = match node.get("detection") {
        Some(detection) => detections(reader, detection),
        None => {
            reader.error("no-detection", node.pos, "the rule has no `detection`");
            return None;
        }
    };
    let rule = Rule {
        file: reader.file.to_owned(),
        pos: node.pos,
        id,
        name: reader.text(node, "name"),
        title,
        level,
        tags: reader.texts(node, "tags"),
        related: related(node),
        status: reader.text(node, "status"),
        source,
        searches,
        conditions,
    };
    (!reader.failed()).then_some(rule)
}

/// The ids in `related`. Other rules' entries are of no use here, and no fault.
fn related(node: &Node) -> Vec<String> {
    let entries = node.get("related").and_then(Node::as_seq).unwrap_or_default();
    let alike = |it: &&Node| {
        let kind = it.get("type").and_then(Node::as_str);
        matches!(kind, Some("similar" | "derived" | "merged"))
    };
    let ids = entries.iter().filter(alike).filter_map(|it| it.get("id")?.as_str());
    ids.map(str::to_owned).collect()
}

fn file_stem(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// `level`, informational where there is none.
pub fn level(reader: &mut Reader<'_>, node: &Node) -> Level {
    let Some(text) = reader.text(node, "level") else { return Level::default() };
    Level::from_name(&text.to_ascii_lowercase()).unwrap_or_else(|| {
        let pos = node.get("level").map_or(node.pos, |it| it.pos);
        reader.error("unknown-level", pos, format!("`{text}` is not a level")).hint =
            Some("write informational, low, medium, high or critical".to_owned());
        Level::default()
    })
}

/// `logsource`.
pub fn source(reader: &mut Reader<'_>, node: &Node) -> Source {
    let Some(map) = node.get("logsource") else {
        reader.error("no-logsource", node.pos, "the rule has no `logsource`").hint =
            Some("say which events it is about, for example `logsource: {product: windows, category: process_creation}`".to_owned());
        return Source::default();
    };
    if map.as_map().is_none() {
        reader.error("wrong-type", map.pos, format!("`logsource` is {}, expected a mapping", map.describe()));
        return Source::default();
    }
    let mut key = |name| reader.text(map, name).map(|it| it.to_lowercase());
    Source { product: key("product"), category: key("category"), service: key("service") }
}

type Searches = Vec<(String, Search)>;

fn detections(reader: &mut Reader<'_>, detection: &Node) -> (Searches, Vec<Condition>) {
    let mut all = Vec::new();
    let mut conditions = None;
    if detection.as_map().is_none() {
        let message = format!("`detection` is {}, expected a mapping", detection.describe());
        reader.error("wrong-type", detection.pos, message);
        return (all, Vec::new());
    }
    for (key, node) in detection.entries() {
        match key.text.as_str() {
            "condition" => conditions = Some(node),
            "timeframe" => reader.warning(
                "timeframe",
                key.pos,
                "`timeframe` belongs to aggregations, which left Sigma with version 2; it has no effect",
            ),
            name => {
                if let Some(it) = search(reader, node, 0) {
                    all.push((name.to_owned(), it));
                }
            }
        }
    }
    let Some(node) = conditions else {
        reader.error("no-condition", detection.pos, "`detection` has no `condition`");
        return (all, Vec::new());
    };
    let conditions = conditions_of(reader, node);
    if !reader.failed() {
        for (condition, item) in conditions.iter().zip(node.one_or_many()) {
            unknown_searches(reader, condition, &all, item.pos);
        }
    }
    (all, conditions)
}

/// The conditions of `node`: one or a list.
pub fn conditions_of(reader: &mut Reader<'_>, node: &Node) -> Vec<Condition> {
    let mut conditions = Vec::new();
    for item in node.one_or_many() {
        let Some(text) = item.as_str() else {
            reader.error(
                "wrong-type",
                item.pos,
                format!("the condition is {}, expected text", item.describe()),
            );
            continue;
        };
        match condition::parse(text) {
            Ok(condition) => conditions.push(condition),
            Err(fault) => {
                let column = item.pos.column + u32::try_from(fault.offset).unwrap_or(0);
                let plain = item.as_scalar().is_some_and(|it| it.plain) && !text.contains('\n');
                let pos = Pos { column: if plain { column } else { item.pos.column }, ..item.pos };
                reader.error("bad-condition", pos, fault.message);
            }
        }
    }
    conditions
}

/// Reports the searches a condition names and nobody defines.
pub fn unknown_searches(
    reader: &mut Reader<'_>,
    condition: &Condition,
    searches: &[(String, Search)],
    pos: Pos,
) {
    match condition {
        Condition::Search(name) => {
            if !searches.iter().any(|(it, _)| it == name) {
                let known: Vec<&str> = searches.iter().map(|(it, _)| it.as_str()).collect();
                reader
                    .error(
                        "unknown-search",
                        pos,
                        format!("the condition names `{name}`, which is not defined"),
                    )
                    .hint = Some(format!("defined are: {}", known.join(", ")));
            }
        }
        Condition::Not(inner) => unknown_searches(reader, inner, searches, pos),
        Condition::And(sides) | Condition::Or(sides) => {
            sides.iter().for_each(|it| unknown_searches(reader, it, searches, pos));
        }
        Condition::Of(_, names) => {
            if !searches.iter().any(|(it, _)| names.matches(it)) {
                let pattern = match names {
                    Names::Them => "them",
                    Names::Like(pattern) => pattern,
                };
                reader.error("unknown-search", pos, format!("no search is called like `{pattern}`"));
            }
        }
    }
}

/// One named search.
pub fn search(reader: &mut Reader<'_>, node: &Node, depth: usize) -> Option<Search> {
    if depth > DEPTH_MAX {
        reader.error("too-deep", node.pos, "the search is nested more than 32 deep");
        return None;
    }
    match &node.kind {
        Kind::Map(entries) => {
            if entries.is_empty() {
                reader.error("empty-search", node.pos, "the search is empty");
            }
            Some(Search::All(entries.iter().filter_map(|(key, value)| item(reader, key, value)).collect()))
        }
        Kind::Scalar(_) => keywords(reader, node.pos, std::slice::from_ref(node)),
        Kind::Seq(nodes) => {
            if nodes.is_empty() {
                reader.error("empty-search", node.pos, "the search is empty");
            }
            if nodes.iter().all(|it| it.as_scalar().is_some()) {
                return keywords(reader, node.pos, nodes);
            }
            Some(Search::Any(nodes.iter().filter_map(|it| search(reader, it, depth + 1)).collect()))
        }
    }
}

fn keywords(reader: &mut Reader<'_>, pos: Pos, nodes: &[Node]) -> Option<Search> {
    let values = nodes.iter().filter_map(|it| value(reader, it)).collect();
    Some(Search::All(vec![Item { pos, field: None, modifiers: Vec::new(), values }]))
}

fn item(reader: &mut Reader<'_>, key: &Key, node: &Node) -> Option<Item> {
    let mut pieces = key.text.split('|');
    let field = pieces.next().unwrap_or_default();
    let mut modifiers = Vec::new();
    for name in pieces {
        match Modifier::from_name(name) {
            Some(modifier) => modifiers.push(modifier),
            None => {
                let known = "contains, startswith, endswith, all, re, cidr, exists, cased, lt, lte, gt, gte, neq, \
                             fieldref, windash, base64, base64offset, wide, utf16le, utf16be, utf16, expand";
                reader.error("unknown-modifier", key.pos, format!("`{name}` is not a modifier")).hint =
                    Some(format!("known are: {known}"));
                return None;
            }
        }
    }
    let nodes = node.one_or_many();
    if nodes.is_empty() {
        reader.error("empty-list", node.pos, format!("`{}` has an empty list of values", key.text));
        return None;
    }
    if let Some(message) = conflict(&modifiers, nodes.len()) {
        reader.error("modifier-conflict", key.pos, message);
        return None;
    }
    let values: Vec<Value> = nodes.iter().filter_map(|it| value(reader, it)).collect();
    let field = (!field.is_empty()).then(|| field.to_owned());
    Some(Item { pos: key.pos, field, modifiers, values })
}

/// One value: text keeps its characters, plain numbers are decimal (`0x10` and `010` stay text).
pub fn value(reader: &mut Reader<'_>, node: &Node) -> Option<Value> {
    let Some(scalar) = node.as_scalar() else {
        reader.error(
            "wrong-type",
            node.pos,
            format!("a value is {}, expected text or a number", node.describe()),
        );
        return None;
    };
    if node.is_null() {
        return Some(Value::Null);
    }
    if let Some(truth) = node.as_bool() {
        return Some(Value::Bool(truth));
    }
    if scalar.plain && is_decimal(&scalar.text) {
        return Some(Value::Number(scalar.text.parse().ok()?, scalar.text.clone()));
    }
    Some(Value::Text(scalar.text.clone()))
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let number = |it: &str| !it.is_empty() && it.bytes().all(|b| b.is_ascii_digit());
    number(whole) && number(fraction) && (whole == "0" || !whole.starts_with('0'))
}
