//! Pipelines applied to rules.

use std::collections::{BTreeMap, BTreeSet};

use bulkhead_model::diag::Diagnostic;

use super::{Action, FieldCondition, ItemCondition, Pipeline, RuleCondition, Step};
use crate::rule::text::Pattern;
use crate::rule::{Condition, Item, Modifier, Rule, Search, Source, Value};

/// What a pipeline remembers while it changes one rule.
#[derive(Default)]
struct State {
    applied: BTreeSet<String>,
    values: BTreeMap<String, String>,
    attributes: BTreeMap<String, String>,
    /// Conditions added so far, for their names.
    n_added: usize,
}

impl Pipeline {
    /// Changes `rule`; errors mean that the pipeline refuses it.
    pub fn apply(&self, rule: &mut Rule) -> Vec<Diagnostic> {
        let mut faults = Vec::new();
        let mut state = State::default();
        self.run(&self.steps, rule, &mut state, &mut faults);
        faults
    }

    fn run(&self, steps: &[Step], rule: &mut Rule, state: &mut State, faults: &mut Vec<Diagnostic>) {
        for step in steps {
            if !step.rule.hold(|it| rule_holds(it, rule, state)) {
                continue;
            }
            let mut applied = true;
            match &step.action {
                Action::AddCondition { items, negated, template } => {
                    state.n_added += 1;
                    add_condition(rule, items, *negated, *template, state.n_added);
                }
                Action::ChangeLogSource(source) => rule.source = source.clone(),
                Action::SetState(key, value) => {
                    state.values.insert(key.clone(), value.clone());
                }
                Action::SetAttribute(key, value) => {
                    state.attributes.insert(key.clone(), value.clone());
                }
                Action::Nothing => {}
                Action::Nest(steps) => self.run(steps, rule, state, faults),
                Action::Fail(message) => {
                    let items = !step.item.list.is_empty() || !step.field.list.is_empty();
                    if !items
                        || rule.searches.iter().any(|(_, it)| any_item(it, &mut |it| step.means(it, state)))
                    {
                        let message = format!("the pipeline {} refuses the rule: {message}", self.file);
                        faults.push(Diagnostic::error("refused", &rule.file, Some(rule.pos), message));
                    }
                }
                _ => {
                    applied = false;
                    for (_, search) in &mut rule.searches {
                        applied |= self.change(step, search, state);
                    }
                }
            }
            if applied && let Some(id) = &step.id {
                state.applied.insert(id.clone());
            }
        }
    }

    /// Changes the items of a search; whether any was changed.
    fn change(&self, step: &Step, search: &mut Search, state: &State) -> bool {
        let mut changed = false;
        match search {
            Search::Any(searches) => {
                searches.iter_mut().for_each(|it| changed |= self.change(step, it, state));
            }
            Search::Nested(searches, _) => {
                searches.iter_mut().for_each(|(_, it)| changed |= self.change(step, it, state));
            }
            Search::All(items) => {
                let mut alternatives: Vec<Search> = Vec::new();
                let mut kept = Vec::new();
                for mut item in std::mem::take(items) {
                    if !step.means(&item, state) {
                        kept.push(item);
                        continue;
                    }
                    changed = true;
                    match self.item(&step.action, &mut item) {
                        Change::Keep => kept.push(item),
                        Change::Drop => {}
                        Change::Items(items) => {
                            let each = items.into_iter().map(|it| Search::All(vec![it])).collect();
                            alternatives.push(Search::Any(each));
                        }
                        Change::Names(names) => {
                            let one = |name: &String| {
                                Search::All(vec![Item { field: Some(name.clone()), ..item.clone() }])
                            };
                            alternatives.push(Search::Any(names.iter().map(one).collect()));
                        }
                    }
                }
                if alternatives.is_empty() {
                    *items = kept;
                } else {
                    // A mapping with alternatives of some fields: all of the rest and of each alternative.
                    let mut parts = vec![("rest".to_owned(), Search::All(kept))];
                    parts.extend(
                        alternatives.into_iter().enumerate().map(|(n, it)| (format!("names_{n}"), it)),
                    );
                    let all = parts.iter().map(|(name, _)| Condition::Search(name.clone())).collect();
                    *search = Search::Nested(parts, Condition::And(all));
                }
            }
        }
        changed
    }

    fn item(&self, action: &Action, item: &mut Item) -> Change {
        match action {
            Action::DropItem => return Change::Drop,
            Action::Hashes { algorithms, prefix, plain } => return hashes(item, algorithms, prefix, *plain),
            Action::Cased => {
                let text = !item.modifiers.iter().any(|it| it.is_operator() && !it.is_text_operator());
                if text && !item.modifiers.contains(&Modifier::Cased) {
                    item.modifiers.push(Modifier::Cased);
                }
            }
            Action::MapFields(mapping) => {
                return item.field.as_ref().map_or(Change::Keep, |it| rename(mapping.get(it)));
            }
            Action::MapPrefixes(mapping) => {
                let Some(field) = &item.field else { return Change::Keep };
                let found =
                    mapping.iter().find_map(|(prefix, to)| Some((field.strip_prefix(prefix.as_str())?, to)));
                let names =
                    found.map(|(rest, to)| to.iter().map(|it| format!("{it}{rest}")).collect::<Vec<_>>());
                return rename(names.as_ref());
            }
            Action::Affix { before, after } => {
                item.field = item.field.take().map(|it| format!("{before}{it}{after}"));
            }
            Action::FieldCase(case) => item.field = item.field.take().map(|it| case.of(&it)),
            Action::Replace(pattern, to) => {
                each_text(item, |text| vec![pattern.replace_all(&text, to).into_owned()]);
            }
            Action::MapValues(mapping) => {
                each_text(item, |text| mapping.get(&text).cloned().unwrap_or_else(|| vec![text]));
            }
            Action::ValueCase(case) => each_text(item, |text| vec![case.of(&text)]),
            Action::SetValue(value) => item.values = vec![value.clone()],
            Action::ConvertType { to_number } => {
                item.values.iter_mut().for_each(|it| convert(it, *to_number));
            }
            Action::Placeholders { include, exclude, wildcard }
                if item.modifiers.contains(&Modifier::Expand) =>
            {
                let means = |name: &str| {
                    include.as_ref().is_none_or(|it| it.iter().any(|it| it == name))
                        && !exclude.iter().any(|it| it == name)
                };
                let star = [String::from("*")];
                each_text(item, |text| {
                    substitute(&text, &|name| match self.vars.get(name) {
                        _ if !means(name) => None,
                        Some(values) if !wildcard => Some(values),
                        None if !wildcard => None,
                        _ => Some(&star),
                    })
                });
            }
            _ => {}
        }
        Change::Keep
    }
}

/// What becomes of an item.
enum Change {
    Keep,
    Drop,
    /// The same under each of these names, as alternatives.
    Names(Vec<String>),
    /// These instead, as alternatives.
    Items(Vec<Item>),
}

fn rename<N: AsRef<[String]>>(names: Option<N>) -> Change {
    names.map_or(Change::Keep, |it| Change::Names(it.as_ref().to_vec()))
}

fn each_text(item: &mut Item, mut change: impl FnMut(String) -> Vec<String>) {
    let mut values = Vec::new();
    for value in std::mem::take(&mut item.values) {
        match value {
            Value::Text(text) => values.extend(change(text).into_iter().map(Value::Text)),
            other => values.push(other),
        }
    }
    item.values = values;
}

fn convert(value: &mut Value, to_number: bool) {
    match value {
        Value::Number(_, text) if !to_number => *value = Value::Text(text.clone()),
        Value::Text(text) if to_number => {
            if let Some(number) = crate::matcher::number(text) {
                *value = Value::Number(number, text.clone());
            }
        }
        _ => {}
    }
}

/// `text` with every `%name%` that has values replaced, once for each value.
fn substitute<'v>(text: &str, values: &dyn Fn(&str) -> Option<&'v [String]>) -> Vec<String>
where
{
    let mut texts = vec![String::new()];
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        let Some((name, next)) = after.split_once('%') else { break };
        texts = match values(name) {
            Some(values) => texts
                .iter()
                .flat_map(|it| values.iter().map(move |value| format!("{it}{before}{value}")))
                .collect(),
            None => texts.iter().map(|it| format!("{it}{before}%{name}%")).collect(),
        };
        rest = next;
    }
    texts.iter().map(|it| format!("{it}{rest}")).collect()
}

impl Step {
    /// Whether the step is about `item`.
    fn means(&self, item: &Item, state: &State) -> bool {
        let name = item.field.as_deref();
        let is = |key: &String, value: &String| state.values.get(key) == Some(value);
        self.field.hold(|it| match it {
            FieldCondition::State(key, value) => is(key, value),
            FieldCondition::Fields { names, patterns, include } => {
                let listed = name.is_some_and(|it| {
                    names.iter().any(|n| n == it) || patterns.iter().any(|p| p.is_match(it))
                });
                listed == *include
            }
        }) && self.item.hold(|it| match it {
            ItemCondition::State(key, value) => is(key, value),
            ItemCondition::MatchValue { value, all } => each(item, *all, |it| it.text() == value),
            ItemCondition::ContainsWildcard { all } => each(
                item,
                *all,
                |it| matches!(it, Value::Text(text) if Pattern::parse(text).as_literal().is_none()),
            ),
            ItemCondition::IsNull => item.values.contains(&Value::Null),
            ItemCondition::MatchString { pattern, all, negate } => {
                each(item, *all, |it| pattern.is_match(it.text()) != *negate)
            }
        })
    }
}

/// Whether one value of `item`, or each of them, is as `holds` says.
fn each(item: &Item, all: bool, holds: impl Fn(&Value) -> bool) -> bool {
    if all { item.values.iter().all(holds) } else { item.values.iter().any(holds) }
}

/// `Hashes: [SHA1=a, MD5=b]` as a field for each algorithm; what is no such value stays as it is.
fn hashes(item: &Item, algorithms: &[String], prefix: &str, plain: bool) -> Change {
    let mut by_field: Vec<(String, Vec<Value>)> = Vec::new();
    let mut rest = Vec::new();
    for value in &item.values {
        let found = value.text().trim_matches('*').split_once('=').and_then(|(algorithm, hash)| {
            let known = algorithms.iter().find(|it| it.eq_ignore_ascii_case(algorithm))?;
            Some((if plain { prefix.to_owned() } else { format!("{prefix}{known}") }, hash))
        });
        let Some((field, hash)) = found else {
            rest.push(value.clone());
            continue;
        };
        let value = Value::Text(hash.to_owned());
        match by_field.iter_mut().find(|(it, _)| *it == field) {
            Some((_, values)) => values.push(value),
            None => by_field.push((field, vec![value])),
        }
    }
    if by_field.is_empty() {
        return Change::Keep;
    }
    // A hash stands alone in a field of its own, so it is compared whole.
    let whole: Vec<Modifier> = item.modifiers.iter().copied().filter(|it| !it.is_text_operator()).collect();
    let made =
        |(field, values)| Item { field: Some(field), modifiers: whole.clone(), values, ..item.clone() };
    let mut items: Vec<Item> = by_field.into_iter().map(made).collect();
    if !rest.is_empty() {
        items.push(Item { values: rest, ..item.clone() });
    }
    Change::Items(items)
}

fn any_item(search: &Search, holds: &mut dyn FnMut(&Item) -> bool) -> bool {
    match search {
        Search::All(items) => items.iter().any(holds),
        Search::Any(searches) => searches.iter().any(|it| any_item(it, holds)),
        Search::Nested(searches, _) => searches.iter().any(|(_, it)| any_item(it, holds)),
    }
}

fn rule_holds(condition: &RuleCondition, rule: &Rule, state: &State) -> bool {
    match condition {
        RuleCondition::LogSource(wanted) => covers(wanted, &rule.source),
        RuleCondition::HasItem(field, value) => rule.searches.iter().any(|(_, it)| {
            any_item(it, &mut |item| {
                item.field.as_ref() == Some(field)
                    && value.as_ref().is_none_or(|it| item.values.iter().any(|value| value.text() == it))
            })
        }),
        RuleCondition::Tag(tag) => rule.tags.contains(tag),
        RuleCondition::Attribute(name, value) => match name.as_str() {
            "level" => rule.level.as_str() == value,
            "status" => rule.status.as_ref() == Some(value),
            "title" => rule.title == *value,
            "id" => rule.id == *value,
            other => state.attributes.get(other) == Some(value),
        },
        RuleCondition::SigmaRule(yes) => *yes,
        RuleCondition::Applied(id) => state.applied.contains(id),
        RuleCondition::State(key, value) => state.values.get(key) == Some(value),
    }
}

fn covers(wanted: &Source, source: &Source) -> bool {
    let part = |wanted: &Option<String>, it: &Option<String>| wanted.is_none() || wanted == it;
    part(&wanted.product, &source.product)
        && part(&wanted.category, &source.category)
        && part(&wanted.service, &source.service)
}

fn add_condition(
    rule: &mut Rule,
    items: &[(String, Vec<Value>)],
    negated: bool,
    template: bool,
    number: usize,
) {
    let fill = |text: &str| {
        if !template {
            return text.to_owned();
        }
        let part = |it: &Option<String>| it.clone().unwrap_or_default();
        text.replace("$category", &part(&rule.source.category))
            .replace("$product", &part(&rule.source.product))
            .replace("$service", &part(&rule.source.service))
    };
    let items = items
        .iter()
        .map(|(field, values)| Item {
            pos: rule.pos,
            field: Some(field.clone()),
            modifiers: Vec::new(),
            values: values
                .iter()
                .map(|it| if let Value::Text(text) = it { Value::Text(fill(text)) } else { it.clone() })
                .collect(),
        })
        .collect();
    // A leading underscore keeps the name out of `them`.
    let name = format!("_pipeline_{}_{number}", rule.searches.len());
    for condition in &mut rule.conditions {
        let added = Condition::Search(name.clone());
        let added = if negated { Condition::Not(Box::new(added)) } else { added };
        let old = std::mem::replace(condition, Condition::Search(name.clone()));
        *condition = Condition::And(vec![added, old]);
    }
    rule.searches.push((name, Search::All(items)));
}
