//! Where containment stands, in words that nobody can take for more than it rests on, and what to do next.

use bulkhead_engine::State;
use bulkhead_model::case::{Entity, EntityRef, Residual, ResidualWhy};
use bulkhead_model::estate::{Estate, PointKind};
use bulkhead_model::rules::PointRules;

use crate::desk::stays;
use crate::entities::exactly;
use crate::flow::Ending;
use crate::say::{line, text};

/// Entities shown of what may be many.
const SHOWN: usize = 20;

/// What the check of the rules read back says, whether it is contained, what stays, what to do.
/// On a `drafted` estate nothing is said without the condition it stands under.
pub fn verdict(ending: &Ending, proof_holds: Option<bool>, estate: &Estate) -> String {
    let (state, drafted) = (&ending.state, estate.estate.drafted);
    if let Some(except) = &ending.kept.contained_except {
        return contained(state, except, estate);
    }
    let mut out = String::new();
    match proof_holds {
        None => waiting(&mut out, state),
        Some(false) => {
            line!(
                out,
                "  NOT CONTAINED: PROOF DOES NOT HOLD: the rules read back leave a path open; see certificate.json"
            );
        }
        Some(true) if !state.does_something() => {
            line!(
                out,
                "  NOT CONTAINED: the plan has no actions. That no declared flow leads on is an assumption: nothing was read back \
                 from a real enforcement point, probed, or confirmed by a person"
            );
        }
        Some(true) => {
            line!(
                out,
                "  NOT CONTAINED: the PROOF HOLDS{} for what the plan cuts{}: what stays was not accepted",
                on_simulated(state),
                left_open(state)
            );
        }
    }
    if drafted && proof_holds.is_some() {
        condition(&mut out);
    }
    if proof_holds.is_some() {
        undone(&mut out, state, estate);
    }
    what_stays(&mut out, state);
    what_next(&mut out, state);
    out
}

/// What a proof that holds does not speak of, in the same sentence: paths to hosts within reach, and footholds.
fn left_open(state: &State) -> String {
    let names = |why: ResidualWhy| -> Vec<String> {
        let open = state.residual().into_iter().filter(|it| it.why == why);
        open.map(|it| it.entity).collect()
    };
    let list = |names: &[String]| bulkhead_report::listed(names, SHOWN, "and", ("more", "more"));
    let (reach, held) = (names(ResidualWhy::WithinReach), names(ResidualWhy::Foothold));
    let paths = match reach.is_empty() {
        true => String::new(),
        false => text!("; the paths to {} stay open", list(&reach)),
    };
    match held.len() {
        0 => paths,
        1 => text!("{}; {} keeps a foothold", paths, list(&held)),
        _ => text!("{}; {} keep a foothold", paths, list(&held)),
    }
}

/// What is left to the attacker as things are: while no point was found to hold anything, all that is compromised, and
/// what the plan would leave beside it; afterwards what stays under the plan.
pub fn stays_now(state: &State) -> Vec<Residual> {
    let mut stays = state.residual();
    if nothing_applied(state) {
        for it in state.compromised().map(Entity::key) {
            if !stays.iter().any(|known| known.kind == it.kind && known.entity == it.id) {
                let (entity, kind) = (it.id, it.kind);
                let why = ResidualWhy::Foothold;
                stays.push(Residual { entity, kind, way_out: None, why, accepted: None });
            }
        }
        stays.sort_by(|a, b| (a.kind, &a.entity, a.why).cmp(&(b.kind, &b.entity, b.why)));
    }
    stays
}

fn nothing_applied(state: &State) -> bool {
    state.held().next().is_none()
}

fn on_simulated(state: &State) -> &'static str {
    if state.incident.as_ref().is_some_and(|it| it.simulated) {
        " on simulated enforcement points"
    } else {
        ""
    }
}

fn contained(state: &State, except: &[EntityRef], estate: &Estate) -> String {
    let mut out = String::new();
    let names: Vec<&str> = except.iter().map(|it| it.id.as_str()).collect();
    let but = if names.is_empty() { String::new() } else { format!(", except {}", names.join(", ")) };
    let simulated = state.incident.as_ref().is_some_and(|it| it.simulated);
    line!(out, "  CONTAINED{}{}", if simulated { " (simulated)" } else { "" }, but);
    line!(
        out,
        "  PROOF HOLDS{}: an independent check of the rules read back finds {}",
        on_simulated(state),
        if names.is_empty() {
            "no path left open".to_owned()
        } else {
            format!("closed what the plan cuts{}, as was accepted by name", left_open(state))
        }
    );
    if estate.estate.drafted {
        condition(&mut out);
    }
    undone(&mut out, state, estate);
    if simulated {
        line!(
            out,
            "  nothing was changed on a real enforcement point: rules/ and work-orders/ hold what each would be given, \
             vault/named/ the same with the names of accounts"
        );
    }
    out
}

/// Points of the plan that only people can work: what a simulation holds there nobody has done.
fn undone(out: &mut String, state: &State, estate: &Estate) {
    let by_hand = |it: &&PointRules| {
        let points = &estate.enforcement_points;
        points.iter().any(|point| point.id == it.point && point.kind == PointKind::Manual)
    };
    let rules = state.containment.proposal.iter().flat_map(|it| &it.rules);
    let names: Vec<&str> = rules.filter(by_hand).map(|it| it.point.as_str()).collect();
    if !names.is_empty() {
        line!(
            out,
            "  worked by hand, and no person has said that it was done: {}; until then it holds in the simulation alone \
             (work orders with the names of accounts: vault/named/work-orders/)",
            names.join(", ")
        );
    }
}

/// What everything said of a drafted estate stands under.
fn condition(out: &mut String) {
    line!(
        out,
        "  CONDITION: the estate was drafted from the telemetry. The proof is of that draft: of hosts, addresses and accounts \
         that no log showed it says nothing, and nobody has confirmed that its enforcement points exist"
    );
}

/// Nothing is proven yet: which word is waited for.
fn waiting(out: &mut String, state: &State) {
    if let Some(why) = &state.containment.infeasible {
        line!(out, "  NOT CONTAINED: no containment plan is possible: {}", why);
    } else if let Some(stage) = state.refused_stage() {
        line!(out, "  NOT CONTAINED: part {} of the plan was refused", stage);
    } else if state.approved_stage() > 0 && !state.is_approved() {
        line!(
            out,
            "  NOT CONTAINED: part {} of the plan is in force{}, the rest waits for approval (give it with --yes)",
            state.approved_stage(),
            on_simulated(state)
        );
    } else if state.is_approved() {
        line!(
            out,
            "  NOT CONTAINED: an enforcement point has not carried out the plan yet; see the timeline"
        );
    } else {
        line!(out, "  NOT CONTAINED: nothing was applied: the plan waits for approval (give it with --yes)");
    }
}

fn what_stays(out: &mut String, state: &State) {
    let residual = stays_now(state);
    if residual.is_empty() {
        return;
    }
    if nothing_applied(state) {
        line!(out, "  nothing is applied; not contained, in the attacker's hands or within reach:");
    } else {
        line!(out, "  what stays under this plan:");
    }
    for it in residual.iter().take(SHOWN) {
        let entity = EntityRef { kind: it.kind, id: it.entity.clone() };
        let accepted = it.accepted.as_ref().map(|it| format!(" (accepted by {})", it.by)).unwrap_or_default();
        line!(out, "    {}{}", stays(&entity, it.why, it.way_out.as_deref()), accepted);
    }
    if residual.len() > SHOWN {
        line!(out, "    and {} more (incident.json, residual)", residual.len() - SHOWN);
    }
}

fn what_next(out: &mut String, state: &State) {
    let open: Vec<Residual> = state.residual().into_iter().filter(|it| it.accepted.is_none()).collect();
    let acts = state.does_something();
    let waits = acts && !state.is_approved() && state.refused_stage().is_none();
    if acts && open.is_empty() && !waits {
        return;
    }
    line!(out, "  what to do:");
    if waits {
        approve(out);
    }
    if acts && open.is_empty() {
        return;
    }
    line!(
        out,
        "    cut more: `bulkhead plan contain --list-actions` says what can be done at which point; there --force and \
         --forbid steer the plan"
    );
    if acts {
        // By kind: a host and an account may share a name.
        let entity = |it: &Residual| EntityRef { kind: it.kind, id: it.entity.clone() };
        let flags = open.iter().take(SHOWN).map(|it| format!("--accept {}", quoted(&exactly(&entity(it)))));
        let flags: Vec<String> = flags.collect();
        line!(out, "    or accept by name what may stay: {} (--yes accepts none)", flags.join(" "));
    } else {
        let hosts: Vec<String> =
            state.compromised().take(SHOWN).map(|it| quoted(&exactly(&it.key()))).collect();
        line!(
            out,
            "    or have the paths checked where they run: `bulkhead plan reach --compromised {} --estate ESTATE` lists them; \
             on each host and firewall `nft list ruleset`, or what shows its rules there, says whether they are cut",
            hosts.join(",")
        );
        line!(
            out,
            "    bulkhead takes no word for it yet: the incident stays declared until an action was read back"
        );
    }
}

/// The command with which a run that waits for approval is taken further. A sealed case is carried on by none: the run is
/// made again, and only the same place needs `--force`.
fn approve(out: &mut String) {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let same = args.first().is_some_and(|it| it == "respond");
    let mut words: Vec<String> = args.iter().map(|it| quoted(it)).collect();
    for flag in ["--yes", "--force"] {
        if !args.iter().any(|it| it == flag) {
            words.push(flag.to_owned());
        }
    }
    let command = if same { words.join(" ") } else { "respond ... --yes --force".to_owned() };
    line!(
        out,
        "    approve: `bulkhead {}` makes the run again with the plan approved and replaces this case, which is sealed and \
         cannot be carried on; with another --out in place of --force both stay",
        command
    );
}

/// As a shell takes it for one word.
fn quoted(name: &str) -> String {
    let plain = |it: char| it.is_ascii_alphanumeric() || "._-@:/".contains(it);
    if !name.is_empty() && name.chars().all(plain) {
        name.to_owned()
    } else {
        format!("'{}'", name.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn names_are_quoted_where_a_shell_would_take_them_apart() {
        for (name, expect) in
            [("ws-1", "ws-1"), ("corp\\eve", "'corp\\eve'"), ("a b", "'a b'"), ("o'hara", "'o'\\''hara'")]
        {
            assert_eq!(quoted(name), expect);
        }
    }
}
