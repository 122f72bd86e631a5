//! Work orders: what a person does by hand at an enforcement point that no program drives, as a page to print.
//!
//! A plan leaves whoever carries it out no choices: the order says what, where, in which order, how to check and how to
//! undo, in the commands of the product where the estate names it.

use std::collections::BTreeMap;

use bulkhead_model::case::{Action, Approval, Plan};
use bulkhead_model::estate::{Asset, EnforcementPoint, Estate};
use bulkhead_model::plain::plain_lines;
use bulkhead_model::rules::{Endpoint, PointRules, Rule, Verdict};
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

use crate::style;
use crate::text::{instant_in, span, zone};
use crate::words::{Lang, Words};

mod product;

use product::{Product, Recipe};

/// What an order is made from.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// The operator.
    pub estate: &'a Estate,
    /// Id of the incident.
    pub incident: &'a str,
    /// The plan that asks for it.
    pub plan: &'a Plan,
    /// What the point is to hold.
    pub rules: &'a PointRules,
    /// Name of its files, without language and ending.
    pub name: &'a str,
    /// When it was written.
    pub at: Timestamp,
    /// Whether what the case says of this point was simulated: nobody has done anything there.
    pub simulated: bool,
}

/// The order as a page. Same input, same bytes.
pub fn html(order: &Order<'_>, lang: Lang) -> String {
    let words = Words::new(lang);
    let sheet = Sheet::new(order, &words);
    let title = words.say("order-title", &[("point", order.rules.point.as_str().into())]);
    let page = markup! {
        (DOCTYPE)
        html lang=(lang.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(style::PICTURE)) (PreEscaped(style::PAGE)) (PreEscaped(style::ORDER)) }
            }
            body {
                header {
                    p class="kicker" { (order.estate.estate.name) " · " (order.incident) " · " (words.say("order-plan", &[("n", order.plan.generation.into())])) }
                    h1 { (title) }
                }
                main { (sheet.head()) (sheet.kept_open()) (sheet.steps()) (sheet.undo()) (sheet.report_back()) }
            }
        }
    };
    plain_lines(&page.into_string()).into_owned()
}

/// One order being written.
struct Sheet<'a> {
    order: &'a Order<'a>,
    words: &'a Words,
    point: Option<&'a EnforcementPoint>,
    assets: BTreeMap<&'a str, &'a Asset>,
    /// What is done here, in the plan's order: what needs nobody's approval first.
    actions: Vec<&'a Action>,
}

impl<'a> Sheet<'a> {
    fn new(order: &'a Order<'a>, words: &'a Words) -> Self {
        let here = |it: &&Action| {
            it.enforcement_point == order.rules.point || it.also_at.contains(&order.rules.point)
        };
        let mut actions: Vec<&Action> = order.plan.actions.iter().filter(here).collect();
        actions.sort_by_key(|it| it.approval);
        Self {
            order,
            words,
            point: order.estate.enforcement_points.iter().find(|it| it.id == order.rules.point),
            assets: order.estate.assets.iter().map(|it| (it.id.as_str(), it)).collect(),
            actions,
        }
    }

    fn get(&self, id: &str) -> String {
        self.words.get(id)
    }

    fn head(&self) -> Markup {
        let device = self.point.and_then(|it| self.assets.get(it.asset.as_ref()?.as_str()).copied());
        let product = self.point.and_then(|it| it.product.as_deref());
        let zone = zone(&self.order.estate.estate);
        markup! {
            @if self.order.simulated { p { span class="tag warn" { (self.get("order-simulated")) } } }
            p class="note" { (self.words.say("order-names", &[("file", (&self.named_copy()).into())])) }
            p class="lead" { (self.words.say("order-lead", &[("n", self.actions.len().into())])) }
            dl class="answers" {
                dt { (self.get("order-where")) }
                dd { (self.order.rules.point) @if let Some(device) = device { ": " (named(device)) } }
                dt { (self.get("order-product")) }
                dd { @if let Some(product) = product { (product) } @else { (self.get("order-product-unknown")) } }
                dt { (self.get("order-written")) } dd { (instant_in(self.order.at, &zone, self.words.lang)) }
                dt { (self.get("order-until")) }
                dd { (self.words.say("order-lease", &[("span", (&span(self.order.rules.lease_s)).into())])) }
            }
        }
    }

    /// Where the copy lies whose commands name accounts: people cannot type a pseudonym.
    fn named_copy(&self) -> String {
        format!("vault/named/work-orders/{}.{}.html", self.order.name, self.words.lang.code())
    }

    /// Rules that keep the responders' channels open go first: whoever reverses the order locks everybody out.
    fn kept_open(&self) -> Markup {
        let accepts: Vec<&Rule> =
            self.order.rules.rules.iter().filter(|it| it.verdict == Verdict::Accept).collect();
        markup! {
            h2 { (self.get("order-first")) }
            p { (self.get("order-prepare")) }
            @if accepts.is_empty() {
                p { (self.get("order-nothing-open")) }
            } @else {
                p { (self.get("order-keep-open")) }
                (self.flows(&accepts))
            }
        }
    }

    fn steps(&self) -> Markup {
        markup! {
            h2 { (self.get("order-do")) }
            @for (number, action) in self.actions.iter().enumerate() {
                section class="step" {
                    h3 { (number + 1) ". " (self.what(action)) }
                    @if action.approval != Approval::Automatic {
                        p { span class="tag warn" { (self.get("order-wait")) } " " (self.get(approval(action.approval))) }
                    }
                    @let recipe = self.recipe(action, number + 1);
                    (self.flows(&self.drops(action)))
                    (self.part("order-how", &recipe.act))
                    (self.part("order-check", &recipe.check))
                    p class="sign" { (self.get("order-sign")) }
                }
            }
        }
    }

    fn undo(&self) -> Markup {
        markup! {
            h2 { (self.get("order-undo")) }
            p { (self.get("order-undo-when")) }
            @for (number, action) in self.actions.iter().enumerate().rev() {
                section class="step" {
                    h3 { (number + 1) ". " (self.what(action)) }
                    (self.lines(&self.recipe(action, number + 1).undo))
                }
            }
        }
    }

    fn report_back(&self) -> Markup {
        markup! {
            h2 { (self.get("order-report")) }
            p { (self.get("order-report-text")) }
            @let contacts = self.order.estate.contacts.iter().filter(|it| it.role == "incident_commander");
            @for it in contacts { p { b { (it.name) } " " code { (it.channel) } } }
        }
    }

    fn part(&self, heading: &str, recipe: &[(String, Vec<String>)]) -> Markup {
        markup! { h4 { (self.get(heading)) } (self.lines(recipe)) }
    }

    fn lines(&self, recipe: &[(String, Vec<String>)]) -> Markup {
        markup! {
            ol class="do" {
                @for (text, commands) in recipe {
                    li {
                        (text)
                        @if !commands.is_empty() { pre { (commands.join("\n")) } }
                    }
                }
            }
        }
    }

    /// What an action does, in a sentence.
    fn what(&self, action: &Action) -> String {
        use bulkhead_model::case::ActionKind::{BlockFlow, DisableIdentity, Isolate, Segment};
        let target = match self.assets.get(action.target.as_str()) {
            Some(asset) if action.kind == Isolate => named(asset),
            _ => action.target.clone(),
        };
        let end = |it: &Option<String>| it.clone().unwrap_or_default();
        match (action.kind, &action.from, &action.to) {
            (Isolate, ..) => self.words.say("order-isolate", &[("host", (&target).into())]),
            (DisableIdentity, ..) => self.words.say("order-disable", &[("account", (&target).into())]),
            (Segment, from, to) => {
                self.words.say("order-segment", &[("from", (&end(from)).into()), ("to", (&end(to)).into())])
            }
            (BlockFlow, Some(from), _) => {
                self.words.say("order-block-from", &[("flow", (&target).into()), ("from", from.into())])
            }
            (BlockFlow, None, Some(to)) => {
                self.words.say("order-block-to", &[("flow", (&target).into()), ("to", to.into())])
            }
            (BlockFlow, None, None) => self.words.say("order-block", &[("flow", (&target).into())]),
        }
    }

    fn drops(&self, action: &Action) -> Vec<&'a Rule> {
        let of = |it: &&Rule| it.action.as_deref() == Some(&action.id) && it.verdict == Verdict::Drop;
        self.order.rules.rules.iter().filter(of).collect()
    }

    fn flows(&self, rules: &[&Rule]) -> Markup {
        if rules.is_empty() {
            return markup! {};
        }
        markup! {
            table class="stack" {
                caption { (self.get("order-traffic")) }
                thead { tr { th scope="col" { (self.get("order-from")) } th scope="col" { (self.get("order-to")) } th scope="col" { (self.get("order-ports")) } } }
                tbody {
                    @for rule in rules {
                        tr {
                            td data-label=(self.get("order-from")) { (self.end(&rule.from)) }
                            td data-label=(self.get("order-to")) { (self.end(&rule.to)) }
                            td data-label=(self.get("order-ports")) {
                                @if rule.ports.is_empty() { (self.get("order-all-ports")) }
                                @else { (rule.ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")) }
                            }
                        }
                    }
                }
            }
        }
    }

    fn end(&self, end: &Endpoint) -> Markup {
        if *end == Endpoint::default() {
            return markup! { (self.get("order-anywhere")) };
        }
        let zones = end.zones.iter().map(ToString::to_string);
        let assets =
            end.assets.iter().map(|it| self.assets.get(it.as_str()).map_or(it.to_string(), |it| named(it)));
        let names: Vec<String> = zones.chain(assets).collect();
        let addresses: Vec<String> = end.addresses.iter().map(|it| product::prefix(*it)).collect();
        markup! {
            (names.join(", "))
            @if addresses.is_empty() { " " span class="tag warn" { (self.get("order-no-address")) } }
            @else { br; code { (addresses.join(" ")) } }
        }
    }

    fn recipe(&self, action: &Action, number: usize) -> Recipe {
        let target = self.assets.get(action.target.as_str()).copied();
        let device = self.point.and_then(|it| self.assets.get(it.asset.as_ref()?.as_str()).copied());
        let stated = self.point.and_then(|it| it.product.as_deref());
        let keep: Vec<&Rule> =
            self.order.rules.rules.iter().filter(|it| it.verdict == Verdict::Accept).collect();
        let accounts = self.accounts(action);
        let task = product::Task {
            words: self.words,
            name: format!("bh-g{}-{number}", self.order.plan.generation),
            kind: action.kind,
            target: target.map_or_else(|| action.target.clone(), named),
            keep: &keep,
            drop: &self.drops(action),
            accounts: &accounts,
            product_name: stated.unwrap_or_default(),
        };
        Product::of(stated, device, target, action.kind).recipe(&task)
    }

    /// Account names of an identity that is to be disabled.
    fn accounts(&self, action: &Action) -> Vec<String> {
        let identity = self.order.estate.identities.iter().find(|it| it.id.as_str() == action.target);
        let accounts = identity.map(|it| it.accounts.clone()).unwrap_or_default();
        if accounts.is_empty() { vec![action.target.clone()] } else { accounts }
    }
}

fn approval(approval: Approval) -> &'static str {
    match approval {
        Approval::ServiceOwner => "order-wait-owner",
        Approval::Automatic | Approval::Commander => "order-wait-commander",
    }
}

/// A host by every name a person may know it by: `web-1 (web-1.example, 10.0.0.1)`.
fn named(asset: &Asset) -> String {
    let addresses = asset.addresses.iter().map(ToString::to_string);
    let names: Vec<String> = asset.hostname.iter().cloned().chain(addresses).collect();
    if names.is_empty() { asset.id.to_string() } else { format!("{} ({})", asset.id, names.join(", ")) }
}
