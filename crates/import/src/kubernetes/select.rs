//! Labels and what selects them (Kubernetes documentation, "Labels and Selectors").

use std::collections::BTreeMap;

use super::{Expression, Selector};

/// Labels of an object.
pub(crate) type Labels = BTreeMap<String, String>;

impl Selector {
    /// Whether all of it holds; an empty selector means everything.
    pub(crate) fn matches(&self, labels: &Labels) -> bool {
        let has = |key: &String, values: &[String]| labels.get(key).is_some_and(|it| values.contains(it));
        self.labels.iter().all(|(key, value)| labels.get(key) == Some(value))
            && self.expressions.iter().all(|it| match it {
                Expression::In(key, values) => has(key, values),
                Expression::NotIn(key, values) => !has(key, values),
                Expression::Exists(key) => labels.contains_key(key),
                Expression::DoesNotExist(key) => !labels.contains_key(key),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operator() {
        let labels: Labels = [("app".to_owned(), "web".to_owned())].into();
        let web = vec!["web".to_owned()];
        for (expression, holds) in [
            (Expression::In("app".to_owned(), web.clone()), true),
            (Expression::In("tier".to_owned(), web.clone()), false),
            (Expression::NotIn("app".to_owned(), web.clone()), false),
            (Expression::NotIn("tier".to_owned(), web.clone()), true),
            (Expression::Exists("app".to_owned()), true),
            (Expression::DoesNotExist("app".to_owned()), false),
        ] {
            let selector = Selector { labels: Labels::new(), expressions: vec![expression.clone()] };
            assert_eq!(selector.matches(&labels), holds, "{expression:?}");
        }
        assert!(Selector::default().matches(&Labels::new()));
    }
}
