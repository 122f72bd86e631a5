//! The log source gate: which events a rule's `logsource` means, as an expression over the event itself.
//!
//! The mapping is data (`logsources/*.yml`); users add files of the same form. Each entry says of one product, category
//! or service when an event belongs to it, and how its fields are called there. What the reader of the telemetry
//! vouches for (`model::logsource`) counts as well.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::diag::{Diagnostic, Pos, nearest};
use bulkhead_model::event::{Shape, windows_header};
use bulkhead_model::yaml::{self, Node};

use crate::expr::{Dimension, Expr, Interner};
use crate::matcher::{Cmp, Matcher, Number};
use crate::rule::Source;
use crate::rule::parse::Reader;
use crate::rule::text::Pattern;

/// The built-in mapping, by file name.
const BUILT_IN: &[(&str, &str)] = &[
    ("windows.yml", include_str!("../logsources/windows.yml")),
    ("linux.yml", include_str!("../logsources/linux.yml")),
    ("network.yml", include_str!("../logsources/network.yml")),
    ("cloud.yml", include_str!("../logsources/cloud.yml")),
];

/// Other names of fields, rule's name to event's.
pub type Mapping = BTreeMap<String, Vec<String>>;

/// One entry: an event belongs to `source` when `when` holds.
#[derive(Clone, Debug)]
struct Entry {
    source: Source,
    when: Vec<(String, Vec<String>)>,
    fields: Mapping,
}

/// All entries, built in and given by the user.
#[derive(Clone, Debug, Default)]
pub struct Table {
    entries: Vec<Entry>,
}

/// One way in which a rule's log source can be met.
#[derive(Clone, Debug)]
pub struct Gate {
    /// When.
    pub when: Expr,
    /// How fields are called there.
    pub fields: Mapping,
}

impl Table {
    /// The built-in mapping and the files of the user, which come first.
    pub fn new(files: &[(String, String)]) -> (Self, Vec<Diagnostic>) {
        let mut table = Self::default();
        let mut diagnostics = Vec::new();
        let built_in = BUILT_IN.iter().map(|(name, text)| (*name, *text));
        for (name, text) in files.iter().map(|(name, text)| (name.as_str(), text.as_str())).chain(built_in) {
            let (documents, faults) = yaml::parse(name, text);
            diagnostics.extend(faults);
            let mut reader = Reader::new(name);
            for node in documents.iter().flat_map(Node::one_or_many) {
                table.entries.extend(entry(&mut reader, node));
            }
            diagnostics.extend(reader.diagnostics);
        }
        (table, diagnostics)
    }

    /// The ways in which `source` can be met; none if no entry speaks of it.
    pub fn gates(&self, source: &Source, interner: &mut Interner) -> Vec<Gate> {
        let mut by_fields: BTreeMap<Mapping, Vec<Expr>> = BTreeMap::new();
        let category = self.dimension(source, Dimension::Category);
        let service = self.dimension(source, Dimension::Service);
        for c in &category {
            for s in &service {
                // An entry of the rule's own product says all there is to say about the product.
                let implied = [c, s].iter().any(|it| it.is_some_and(|it| it.source.product.is_some()));
                let product = if implied || source.product.is_none() {
                    Expr::Const(true)
                } else {
                    self.product(source.product.as_deref(), interner)
                };
                let sides = [c, s].map(|it| it.map_or(Expr::Const(true), |it| self.entry(it, interner)));
                let [left, right] = sides;
                let mut fields = c.map(|it| it.fields.clone()).unwrap_or_default();
                fields.extend(s.map(|it| it.fields.clone()).unwrap_or_default());
                by_fields.entry(fields).or_default().push(Expr::and([product, left, right]));
            }
        }
        by_fields
            .into_iter()
            .map(|(fields, when)| Gate { when: Expr::or(when), fields })
            .filter(|it| it.when != Expr::Const(false))
            .collect()
    }

    /// Events of no known source: plain JSON of which neither its reader nor any entry says where it is from.
    pub fn unclaimed(&self, interner: &mut Interner) -> Expr {
        let parts = [Dimension::Product, Dimension::Category, Dimension::Service];
        let unnamed = parts.map(|it| Expr::Hint(it, String::new()));
        // An entry that any event meets (`category: application`) places none.
        let claims = self.entries.iter().filter(|it| !it.when.is_empty());
        let claimed: Vec<Expr> = claims.map(|it| self.entry(it, interner)).collect();
        let mut sides = vec![Expr::Shape(vec![Shape::Json]), Expr::not(Expr::or(claimed))];
        sides.extend(unnamed);
        Expr::and(sides)
    }

    /// The word nearest to the one in `source` that no entry knows.
    pub fn nearest(&self, source: &Source) -> Option<&str> {
        let parts: [fn(&Source) -> Option<&String>; 3] =
            [|it| it.category.as_ref(), |it| it.product.as_ref(), |it| it.service.as_ref()];
        parts.iter().find_map(|part| {
            let asked = part(source)?;
            let known = || self.entries.iter().filter_map(|it| part(&it.source)).map(String::as_str);
            if known().any(|it| it == asked) {
                None
            } else {
                nearest(asked, known().collect::<BTreeSet<_>>())
            }
        })
    }

    /// Entries of one dimension that the rule's log source means; a single `None` if the rule does not say.
    fn dimension(&self, source: &Source, dimension: Dimension) -> Vec<Option<&Entry>> {
        let of = |it: &Source| match dimension {
            Dimension::Category => it.category.clone(),
            Dimension::Service => it.service.clone(),
            Dimension::Product => it.product.clone(),
        };
        let Some(wanted) = of(source) else { return vec![None] };
        let belongs = |it: &&Entry| {
            of(&it.source).as_ref() == Some(&wanted)
                && (dimension == Dimension::Category || it.source.category.is_none())
                && (source.product.is_none()
                    || it.source.product.is_none()
                    || it.source.product == source.product)
        };
        self.entries.iter().filter(belongs).map(Some).collect()
    }

    fn product(&self, product: Option<&str>, interner: &mut Interner) -> Expr {
        let mut sides = Vec::new();
        for entry in &self.entries {
            let source = &entry.source;
            if source.category.is_none() && source.service.is_none() && source.product.as_deref() == product {
                sides.push(self.entry(entry, interner));
            }
        }
        Expr::or(sides)
    }

    /// When an event belongs to `entry`.
    fn entry(&self, entry: &Entry, interner: &mut Interner) -> Expr {
        let mut sides = Vec::new();
        for (key, values) in &entry.when {
            sides.push(match key.as_str() {
                "shape" => Expr::Shape(values.iter().filter_map(|it| shape(it)).collect()),
                "product" => self.product(values.first().map(String::as_str), interner),
                "service" => {
                    let product = entry.source.product.clone().or_else(|| {
                        let (_, values) = entry.when.iter().find(|(key, _)| key == "product")?;
                        values.first().cloned()
                    });
                    self.services(product.as_deref(), values, interner)
                }
                field => self::field(field, values, interner),
            });
        }
        Expr::and(sides)
    }

    fn services(&self, product: Option<&str>, names: &[String], interner: &mut Interner) -> Expr {
        let mut sides = Vec::new();
        for entry in &self.entries {
            let source = &entry.source;
            let named = source.service.as_ref().is_some_and(|it| names.contains(it));
            if named && source.category.is_none() && source.product.as_deref() == product {
                sides.push(self.entry(entry, interner));
            }
        }
        Expr::or(sides)
    }
}

/// What the reader of the telemetry vouches for: every part of the log source that the rule names.
pub fn hinted(source: &Source) -> Expr {
    let part = |dimension, value: &Option<String>| {
        value.as_ref().map_or(Expr::Const(true), |it| Expr::Hint(dimension, it.clone()))
    };
    Expr::and([
        part(Dimension::Product, &source.product),
        part(Dimension::Category, &source.category),
        part(Dimension::Service, &source.service),
    ])
}

/// That `name` has one of `values`. Of a Windows event whose header and data both have the name, the header counts here.
fn field(name: &str, values: &[String], interner: &mut Interner) -> Expr {
    let field = interner.fields.intern(name);
    let data = Expr::or(values.iter().map(|it| condition(field, it, interner)).collect::<Vec<_>>());
    let Some(header) = windows_header(name).filter(|_| values.iter().all(|it| it != "null")) else {
        return data;
    };
    let field = interner.fields.intern(header);
    let apart = interner.pred(field, Matcher::Present);
    let header = Expr::or(values.iter().map(|it| condition(field, it, interner)).collect::<Vec<_>>());
    Expr::or([header, Expr::and([Expr::not(apart), data])])
}

fn condition(field: crate::field::FieldId, value: &str, interner: &mut Interner) -> Expr {
    if value == "null" {
        return Expr::not(interner.pred(field, Matcher::Present));
    }
    match crate::matcher::number(value) {
        Some(number) => interner.pred(field, Matcher::Number(Cmp::Eq, Number::new(number))),
        None => interner.pred(field, Matcher::text(Pattern::parse(value), false)),
    }
}

fn shape(name: &str) -> Option<Shape> {
    Some(match name {
        "windows" => Shape::Windows,
        "zeek" => Shape::Zeek,
        "suricata" => Shape::Suricata,
        "auditd" => Shape::Auditd,
        "syslog" => Shape::Syslog,
        "wazuh" => Shape::Wazuh,
        "json" => Shape::Json,
        _ => return None,
    })
}

fn entry(reader: &mut Reader<'_>, node: &Node) -> Option<Entry> {
    let mut source = Source::default();
    let mut entry_when = None;
    let mut fields = Mapping::new();
    if node.as_map().is_none() {
        reader.error(
            "wrong-type",
            node.pos,
            format!("a log source entry is a mapping, found {}", node.describe()),
        );
        return None;
    }
    for (key, value) in node.entries() {
        let text = || value.as_str().map(str::to_lowercase);
        match key.text.as_str() {
            "product" => source.product = text(),
            "category" => source.category = text(),
            "service" => source.service = text(),
            "when" => entry_when = Some(when(reader, value)),
            "fields" => {
                for (name, value) in value.entries() {
                    let names = value.one_or_many().iter().filter_map(|it| it.as_str().map(str::to_owned));
                    fields.insert(name.text.clone(), names.collect());
                }
            }
            other => {
                reader
                    .error("unknown-key", key.pos, format!("`{other}` is not a key of a log source entry"))
                    .hint = Some("keys are product, category, service, when, fields".to_owned());
            }
        }
    }
    let Some(when) = entry_when else {
        reader.error("no-when", node.pos, "a log source entry has no `when`");
        return None;
    };
    if source == Source::default() {
        reader.error("no-logsource", node.pos, "a log source entry names no product, category or service");
        return None;
    }
    Some(Entry { source, when, fields })
}

fn when(reader: &mut Reader<'_>, node: &Node) -> Vec<(String, Vec<String>)> {
    let mut conditions = Vec::new();
    for (key, value) in node.entries() {
        let mut values = Vec::new();
        for item in value.one_or_many() {
            match item.as_scalar() {
                Some(scalar) => values.push(scalar.text.clone()),
                None => bad_when(reader, item.pos, &item.describe()),
            }
        }
        if key.text == "shape" {
            for name in values.iter().filter(|it| shape(it).is_none()) {
                bad_when(reader, value.pos, &format!("`{name}`, which is no shape"));
            }
        }
        conditions.push((key.text.clone(), values));
    }
    conditions
}

fn bad_when(reader: &mut Reader<'_>, pos: Pos, what: &str) {
    reader.error("bad-when", pos, format!("`when` holds {what}")).hint =
        Some("write a field and one value or a list of values; `*` means the field is there, `null` that it is not".to_owned());
}
