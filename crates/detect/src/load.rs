//! Loading: rule files to a rule set and a report of everything that could not be used.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bulkhead_model::diag::{Diagnostic, Pos};
use bulkhead_model::finding::{Level, RuleRef};
use bulkhead_model::yaml::{self, Node};

use crate::compile::{Compiler, Placeholders};
use crate::correlation::plan::Plan;
use crate::correlation::{self, Correlation};
use crate::expr::{Expr, Interner};
use crate::field::KEYWORDS;
use crate::filter::{self, Filter};
use crate::logsource::{self, Mapping, Table};
use crate::matcher::Matcher;
use crate::pipeline::Pipeline;
use crate::rule::parse::Reader;
use crate::rule::{self, Rule};
use crate::ruleset::{Inner, Instance, ROUTING, RuleSet};

/// One file of rules: one or more YAML documents.
#[derive(Clone, Debug)]
pub struct RuleFile {
    /// As the user named it.
    pub name: String,
    /// Its content.
    pub text: String,
}

/// What loading depends on besides the rules.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Log source mappings of the user (name, text), in the form of the built-in ones; they come first.
    pub log_sources: Vec<(String, String)>,
    /// Processing pipelines (name, text) in pySigma's format; applied in the order of their priorities.
    pub pipelines: Vec<(String, String)>,
    /// Values of placeholders, by name.
    pub placeholders: Placeholders,
    /// Rules of files whose names begin so give way: what a rule of another file finds that they name in `related` they
    /// do not find again in the same event. None gives way where this is empty.
    pub giving_way: String,
}

/// What loading found.
#[derive(Clone, Debug, Default)]
pub struct LoadReport {
    /// Every fault, in the order of the files.
    pub diagnostics: Vec<Diagnostic>,
    /// One entry for each rule that loaded, detection rules first.
    pub rules: Vec<RuleEntry>,
}

/// One loaded rule.
#[derive(Clone, Debug)]
pub struct RuleEntry {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its level.
    pub level: Level,
    /// Its tags.
    pub tags: Vec<String>,
    /// `status`, where given.
    pub status: Option<String>,
    /// File it stands in.
    pub file: String,
    /// Where its document begins.
    pub pos: Pos,
    /// `detection` or `correlation`.
    pub kind: &'static str,
    /// Log source as the rule writes it.
    pub log_source: String,
    /// Why it can fire on no log source that is mapped; none if it can. One whose own log source nothing maps still judges
    /// events of no known source.
    pub unreachable: Option<String>,
}

/// Documents of all files, sorted by what they are.
#[derive(Default)]
struct Documents {
    rules: Vec<Rule>,
    correlations: Vec<Correlation>,
    filters: Vec<Filter>,
    diagnostics: Vec<Diagnostic>,
}

/// Compiles rule files. Every bad rule is reported and left out; the rest load.
pub fn compile(files: &[RuleFile], options: &Options) -> (RuleSet, LoadReport) {
    let (table, mut diagnostics) = Table::new(&options.log_sources);
    let mut pipelines = Vec::new();
    for (name, text) in &options.pipelines {
        let (pipeline, faults) = Pipeline::parse(name, text);
        diagnostics.extend(faults);
        pipelines.extend(pipeline);
    }
    pipelines.sort_by_key(|it: &Pipeline| it.priority);
    let placeholders = options.placeholders.clone();
    let mut documents = Documents::default();
    for file in files {
        read(file, &mut documents);
    }
    diagnostics.append(&mut documents.diagnostics);
    documents.rules.retain_mut(|rule| {
        let faults: Vec<Diagnostic> = pipelines.iter().flat_map(|it| it.apply(rule)).collect();
        let usable = !faults.iter().any(Diagnostic::is_error);
        diagnostics.extend(faults);
        usable
    });
    filter::apply(&documents.filters, &mut documents.rules, &mut diagnostics);
    let build = Build {
        table,
        placeholders,
        interner: Interner::default(),
        diagnostics,
        gates: BTreeMap::new(),
        unmapped: BTreeMap::new(),
        unclaimed: None,
        gate_list: Vec::new(),
        giving_way: options.giving_way.clone(),
    };
    build.finish(documents)
}

fn read(file: &RuleFile, documents: &mut Documents) {
    let (nodes, faults) = yaml::parse(&file.name, &file.text);
    documents.diagnostics.extend(faults);
    let mut global: Option<Node> = None;
    let mut previous: Option<Node> = None;
    for node in nodes {
        if node.is_null() {
            continue;
        }
        let mut reader = Reader::new(&file.name);
        let action = node.get("action").and_then(Node::as_str).map(str::to_owned);
        let base = match action.as_deref() {
            Some("global") => {
                global = Some(node);
                continue;
            }
            Some("reset") => {
                global = None;
                continue;
            }
            Some("repeat") => previous.as_ref(),
            Some(other) => {
                let message = format!("`{other}` is not an action");
                reader.error("unknown-action", node.pos, message).hint =
                    Some("write global, reset or repeat".to_owned());
                documents.diagnostics.append(&mut reader.diagnostics);
                continue;
            }
            None => global.as_ref(),
        };
        let merged = match base {
            Some(base) => merge(base, &node),
            None => node,
        };
        document(&mut reader, &merged, documents);
        previous = Some(merged);
        documents.diagnostics.append(&mut reader.diagnostics);
    }
}

/// `over` laid on `base`: mappings are merged, everything else is replaced (rule collections).
fn merge(base: &Node, over: &Node) -> Node {
    let (Some(below), Some(above)) = (base.as_map(), over.as_map()) else { return over.clone() };
    let mut entries = below.to_vec();
    entries.retain(|(key, _)| key.text != "action");
    for (key, value) in above {
        if key.text == "action" {
            continue;
        }
        match entries.iter_mut().find(|(it, _)| it.text == key.text) {
            Some((_, old)) => *old = merge(old, value),
            None => entries.push((key.clone(), value.clone())),
        }
    }
    Node { kind: yaml::Kind::Map(entries), pos: over.pos }
}

fn document(reader: &mut Reader<'_>, node: &Node, documents: &mut Documents) {
    if node.as_map().is_none() {
        reader.error("no-rule", node.pos, format!("expected a rule, found {}", node.describe())).hint =
            Some("a rule is a mapping with `title`, `logsource` and `detection`".to_owned());
    } else if node.get("correlation").is_some() {
        documents.correlations.extend(correlation::parse(reader, node));
    } else if node.get("filter").is_some() {
        documents.filters.extend(filter::parse(reader, node));
    } else {
        documents.rules.extend(rule::parse::rule(reader, node));
    }
}

/// How fields are called, and number and expression of the gate.
type Gates = Vec<(Arc<Mapping>, u32)>;

struct Build {
    table: Table,
    placeholders: Placeholders,
    interner: Interner,
    diagnostics: Vec<Diagnostic>,
    gates: BTreeMap<rule::Source, Gates>,
    /// Log sources that no mapping speaks of, each with the name nearest to it.
    unmapped: BTreeMap<rule::Source, Option<String>>,
    /// What events of no known source meet, once it was asked for.
    unclaimed: Option<Expr>,
    gate_list: Vec<Expr>,
    giving_way: String,
}

impl Build {
    fn finish(mut self, documents: Documents) -> (RuleSet, LoadReport) {
        let mut rules = Vec::new();
        let mut refs = Vec::new();
        let mut entries = Vec::new();
        let mut instances = Vec::new();
        let mut seen = BTreeSet::new();
        for rule in documents.rules {
            let number = u32::try_from(rules.len()).unwrap_or(u32::MAX);
            let Some((made, unreachable)) = self.instances(&rule, number) else { continue };
            if !seen.insert(rule.id.clone()) {
                self.diagnostics.push(Diagnostic::warning(
                    "duplicate-id",
                    &rule.file,
                    Some(rule.pos),
                    format!("another rule has the id `{}` too", rule.id),
                ));
            }
            instances.extend(made);
            refs.push(RuleRef {
                id: rule.id.clone(),
                title: rule.title.clone(),
                level: rule.level,
                tags: rule.tags.clone(),
            });
            entries.push(entry(&rule, unreachable));
            rules.push(rule);
        }
        let (correlations, generate) =
            correlation::resolve(documents.correlations, &rules, &mut entries, &mut self.diagnostics);
        let routing = ROUTING
            .iter()
            .map(|(shape, names)| (*shape, names.iter().map(|it| self.interner.fields.intern(it)).collect()))
            .collect();
        for name in correlations.iter().flat_map(Correlation::field_names).collect::<Vec<_>>() {
            self.interner.fields.intern(name);
        }
        let plan = Arc::new(Plan::new(&correlations, &refs, &self.interner));
        let inner = Inner {
            gives_way: gives_way(&rules, &generate, &self.giving_way),
            plan,
            rules,
            refs,
            generate,
            instances,
            gates: self.gate_list,
            correlations,
            placeholders: self.placeholders,
            routing,
            ..Inner::of_expressions(self.interner)
        };
        (RuleSet { inner: Arc::new(inner) }, LoadReport { diagnostics: self.diagnostics, rules: entries })
    }

    /// The rule in every way of meeting its log source; none if it has an error.
    fn instances(&mut self, rule: &Rule, number: u32) -> Option<(Vec<Instance>, Option<String>)> {
        if !self.gates.contains_key(&rule.source) {
            let gates = self.make_gates(&rule.source);
            self.gates.insert(rule.source.clone(), gates);
        }
        let gates = self.gates.get(&rule.source).cloned().unwrap_or_default();
        let mut reader = Reader::new(&rule.file);
        let mut instances: Vec<Instance> = Vec::new();
        // The first way calls all fields as the rule does.
        let mut plain: Option<usize> = None;
        for (mapping, gate) in &gates {
            let renames = rule.searches.iter().any(|(_, it)| it.names(&|name| mapping.contains_key(name)));
            if let Some(same) = plain.filter(|_| !renames).and_then(|it| instances.get(it)) {
                instances.push(Instance { gate: *gate, mapping: mapping.clone(), ..same.clone() });
                continue;
            }
            let mut compiler = Compiler {
                interner: &mut self.interner,
                reader: &mut reader,
                placeholders: &self.placeholders,
                mapping,
            };
            let expr = compiler.conditions(&rule.conditions, &rule.searches);
            if reader.failed() {
                break;
            }
            let reads = self.reads(&expr);
            if !renames {
                plain = Some(instances.len());
            }
            instances.push(Instance { rule: number, gate: *gate, expr, mapping: mapping.clone(), reads });
        }
        let failed = reader.failed();
        self.diagnostics.append(&mut reader.diagnostics);
        if failed {
            return None;
        }
        let unreachable = if let Some(near) = self.unmapped.get(&rule.source) {
            let near = near.as_ref().map(|it| format!("; did you mean `{it}`?"));
            Some(format!("no log source mapping for {}{}", rule.source, near.unwrap_or_default()))
        } else if instances.iter().all(|it| it.expr == Expr::Const(false)) {
            Some("its condition can never hold".to_owned())
        } else {
            None
        };
        Some((instances, unreachable))
    }

    fn make_gates(&mut self, source: &rule::Source) -> Gates {
        let mut plain = vec![logsource::hinted(source)];
        let mut gates: Gates = vec![(Arc::default(), 0)];
        for gate in self.table.gates(source, &mut self.interner) {
            if gate.fields.is_empty() {
                plain.push(gate.when);
            } else {
                gates.push((Arc::new(gate.fields), self.gate(gate.when)));
            }
        }
        // The first gate is what a reader vouches for; without another, no mapping speaks of this log source. Such a rule
        // may be about what nobody can place.
        if gates.len() < 2 && !plain.iter().any(has_event_condition) && *source != rule::Source::default() {
            self.unmapped.insert(source.clone(), self.table.nearest(source).map(str::to_owned));
            let unclaimed = self.unclaimed.get_or_insert_with(|| self.table.unclaimed(&mut self.interner));
            plain.push(unclaimed.clone());
        }
        gates[0].1 = self.gate(Expr::or(plain));
        gates
    }

    fn gate(&mut self, when: Expr) -> u32 {
        let found = self.gate_list.iter().position(|it| *it == when).unwrap_or_else(|| {
            self.gate_list.push(when);
            self.gate_list.len() - 1
        });
        u32::try_from(found).unwrap_or(u32::MAX)
    }

    fn reads(&self, expr: &Expr) -> Vec<u32> {
        let mut reads = BTreeSet::new();
        expr.preds(&mut |pred| {
            let pred = &self.interner.preds[pred as usize];
            reads.insert(pred.field);
            if let Matcher::Field { field, .. } = &pred.matcher {
                reads.insert(*field);
            }
        });
        reads.remove(&KEYWORDS);
        reads.into_iter().collect()
    }
}

/// For each rule that gives way the rules to which it does.
fn gives_way(rules: &[Rule], generate: &[bool], of_files: &str) -> BTreeMap<u32, Vec<u32>> {
    let gives = |it: &Rule| !of_files.is_empty() && it.file.starts_with(of_files);
    let numbered = || (0_u32..).zip(rules);
    let mut named: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for id in rules.iter().filter(|it| gives(it)).flat_map(|it| &it.related) {
        named.entry(id).or_default();
    }
    // A rule that only serves correlations finds nothing of its own.
    for (number, rule) in numbered().filter(|(number, it)| !gives(it) && generate[*number as usize]) {
        if let Some(numbers) = named.get_mut(rule.id.as_str()) {
            numbers.push(number);
        }
    }
    let others = |rule: &Rule| -> Vec<u32> {
        rule.related.iter().filter_map(|it| named.get(it.as_str())).flatten().copied().collect()
    };
    let giving = numbered().filter(|(_, it)| gives(it)).map(|(number, it)| (number, others(it)));
    giving.filter(|(_, others)| !others.is_empty()).collect()
}

/// Whether a gate looks at the event itself.
fn has_event_condition(expr: &Expr) -> bool {
    match expr {
        Expr::Pred(_) | Expr::Shape(_) => true,
        Expr::Const(value) => *value,
        Expr::Hint(..) => false,
        Expr::Not(inner) => has_event_condition(inner),
        Expr::And(sides) | Expr::Or(sides) | Expr::AtLeast(_, sides) => sides.iter().any(has_event_condition),
    }
}

fn entry(rule: &Rule, unreachable: Option<String>) -> RuleEntry {
    RuleEntry {
        id: rule.id.clone(),
        title: rule.title.clone(),
        level: rule.level,
        tags: rule.tags.clone(),
        status: rule.status.clone(),
        file: rule.file.clone(),
        pos: rule.pos,
        kind: "detection",
        log_source: rule.source.to_string(),
        unreachable,
    }
}
