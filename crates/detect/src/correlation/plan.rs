//! Who reads what: for every rule the correlations that look at it, with names of fields as small numbers.

use bulkhead_model::finding::RuleRef;

use super::{Correlation, Source};
use crate::expr::Interner;
use crate::field::FieldId;

/// Number of a field's name among those that correlations read.
pub type NameId = u16;

/// One correlation that looks at a rule.
#[derive(Clone, Debug)]
pub struct Reader {
    /// The correlation.
    pub correlation: u32,
    /// Places of the rule among those the correlation names.
    pub positions: Vec<usize>,
    /// For each `group-by`, the field of this rule, and the name as written, which findings of correlations carry.
    pub group: Vec<(NameId, NameId)>,
    /// The fields whose values are counted or calculated with, likewise.
    pub value: Vec<(NameId, NameId)>,
}

/// Everything known before the first event.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    names: Vec<String>,
    rules: Vec<Vec<Reader>>,
    correlations: Vec<Vec<Reader>>,
    /// By rule, names of the fields that some correlation reads, and the fields.
    fields: Vec<Vec<(NameId, FieldId)>>,
}

impl Plan {
    /// The plan for `correlations` over `refs`.
    pub fn new(correlations: &[Correlation], refs: &[RuleRef], interner: &Interner) -> Self {
        let mut plan = Self {
            rules: vec![Vec::new(); refs.len()],
            correlations: vec![Vec::new(); correlations.len()],
            fields: vec![Vec::new(); refs.len()],
            ..Self::default()
        };
        for (number, correlation) in correlations.iter().enumerate() {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            for (position, source) in correlation.sources.iter().enumerate() {
                let reader = plan.reader(number, correlation, position);
                let list = match source {
                    Source::Rule(it) => &mut plan.rules[*it as usize],
                    Source::Correlation(it) => &mut plan.correlations[*it as usize],
                };
                match list.last_mut() {
                    Some(last) if last.correlation == number => last.positions.push(position),
                    _ => list.push(reader),
                }
                let Source::Rule(rule) = source else { continue };
                for name in correlation.fields_of(position) {
                    let (name, field) = (plan.name(name), interner.fields.find(name));
                    let known = &mut plan.fields[*rule as usize];
                    if let Some(field) = field
                        && !known.contains(&(name, field))
                    {
                        known.push((name, field));
                    }
                }
            }
        }
        plan
    }

    fn reader(&mut self, number: u32, correlation: &Correlation, position: usize) -> Reader {
        let rule = correlation.refs[position].0.as_str();
        let group = correlation.group_by.iter();
        let group = group.map(|it| (self.name(correlation.field(it, rule)), self.name(it))).collect();
        let value = correlation.value_fields().iter();
        let value = value.map(|it| (self.name(correlation.field(it, rule)), self.name(it))).collect();
        Reader { correlation: number, positions: vec![position], group, value }
    }

    /// The number of `name`, made if there is none.
    pub fn name(&mut self, name: &str) -> NameId {
        let found = self.names.iter().position(|it| it == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        NameId::try_from(found).unwrap_or(NameId::MAX)
    }

    /// The number of `name`, if a correlation reads a field of that name.
    pub fn find(&self, name: &str) -> Option<NameId> {
        NameId::try_from(self.names.iter().position(|it| it == name)?).ok()
    }

    /// The name that `id` stands for.
    pub fn name_of(&self, id: NameId) -> &str {
        self.names.get(usize::from(id)).map_or("", String::as_str)
    }

    /// The correlations that look at `source`.
    pub fn readers(&self, source: Source) -> &[Reader] {
        match source {
            Source::Rule(it) => self.rules.get(it as usize),
            Source::Correlation(it) => self.correlations.get(it as usize),
        }
        .map_or(&[], Vec::as_slice)
    }

    /// Fields of findings of `rule` that some correlation reads; none if no correlation looks at the rule.
    pub fn fields(&self, rule: u32) -> Option<&[(NameId, FieldId)]> {
        if self.readers(Source::Rule(rule)).is_empty() {
            return None;
        }
        self.fields.get(rule as usize).map(Vec::as_slice)
    }
}
