//! Sigma filters: conditions that are added to rules without touching their files (specification 2.1, "Filters").

use bulkhead_model::diag::Diagnostic;
use bulkhead_model::yaml::Node;

use crate::rule::parse::{Reader, conditions_of, search, source, unknown_searches};
use crate::rule::{Condition, Rule, Search, Source};

/// A filter.
#[derive(Clone, Debug)]
pub struct Filter {
    file: String,
    pos: bulkhead_model::diag::Pos,
    title: String,
    source: Source,
    /// Ids or names of rules; none means any rule of the log source.
    rules: Option<Vec<String>>,
    searches: Vec<(String, Search)>,
    condition: Condition,
}

/// Reads a filter from one document.
pub fn parse(reader: &mut Reader<'_>, node: &Node) -> Option<Filter> {
    let title = reader.text(node, "title").unwrap_or_default();
    let source = source(reader, node);
    let body = node.get("filter")?;
    let rules = reader.texts(body, "rules");
    let mut searches = Vec::new();
    for (key, value) in body.entries() {
        if !["rules", "condition"].contains(&key.text.as_str())
            && let Some(it) = search(reader, value, 0)
        {
            searches.push((key.text.clone(), it));
        }
    }
    let Some(condition_node) = body.get("condition") else {
        reader.error("no-condition", body.pos, "the filter has no `condition`");
        return None;
    };
    let mut conditions = conditions_of(reader, condition_node);
    if conditions.len() != 1 {
        reader.error("bad-condition", condition_node.pos, "a filter has one condition");
        return None;
    }
    let condition = conditions.swap_remove(0);
    unknown_searches(reader, &condition, &searches, condition_node.pos);
    let any = rules.is_empty() || rules.iter().any(|it| it == "any");
    let filter = Filter {
        file: reader.file.to_owned(),
        pos: node.pos,
        title,
        source,
        rules: (!any).then_some(rules),
        searches,
        condition,
    };
    (!reader.failed()).then_some(filter)
}

/// Adds every filter to the rules it names.
pub fn apply(filters: &[Filter], rules: &mut [Rule], diagnostics: &mut Vec<Diagnostic>) {
    for (number, filter) in filters.iter().enumerate() {
        let mut n_rules = 0;
        for rule in rules.iter_mut().filter(|it| filter.means(it)) {
            // A leading underscore keeps the name out of `them`.
            let name = format!("_filter_{number}");
            for condition in &mut rule.conditions {
                let old = std::mem::replace(condition, Condition::Search(name.clone()));
                *condition = Condition::And(vec![old, Condition::Search(name.clone())]);
            }
            rule.searches.push((name, Search::Nested(filter.searches.clone(), filter.condition.clone())));
            n_rules += 1;
        }
        if n_rules == 0 {
            let message = format!("the filter `{}` applies to no loaded rule", filter.title);
            let diagnostic = Diagnostic::warning("idle-filter", &filter.file, Some(filter.pos), message);
            diagnostics.push(diagnostic.hint("check `filter.rules` and `logsource`"));
        }
    }
}

impl Filter {
    fn means(&self, rule: &Rule) -> bool {
        let named = self.rules.as_ref().is_none_or(|names| {
            names.iter().any(|it| *it == rule.id || Some(it) == rule.name.as_ref() || *it == rule.title)
        });
        let covers = |filter: &Option<String>, rule: &Option<String>| filter.is_none() || filter == rule;
        named
            && covers(&self.source.product, &rule.source.product)
            && covers(&self.source.category, &rule.source.category)
            && covers(&self.source.service, &rule.source.service)
    }
}
