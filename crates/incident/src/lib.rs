//! Incidents: findings, alerts and observations fused through shared hosts, accounts and time.
//!
//! One incident is one attacker's doing, not one rule: hosts are scored by what fired on them and how rare that is, tied
//! together by the logons and flows an attacker moves along, and named with the reasons. Pure; knows nothing of packet
//! filters or deadlines. In reading order:

#![warn(clippy::disallowed_methods)]

mod policy;
mod state;

mod account;
mod creation;
mod resolve;
mod tactics;
mod volume;

mod dismissal;
mod habit;
mod learned;
mod normal;
mod observed;

mod evidence;
mod link;
mod mute;
mod provenance;
mod score;
mod ties;

mod arrival;
mod beats;
mod change;
mod draft;
mod memory;
mod read;
mod reconsider;
mod scope;
mod sound;
mod standing;
mod tell;
mod title;
mod weigh;
mod whole;

mod alerts;
mod exfiltration;

pub use account::{is_local_service, same_account};
pub use alerts::{ALERT_TAG, finding_from_alert, host_of_flow, is_alert};
pub use change::{Change, Strongest};
pub use dismissal::Dismissal;
pub use draft::{IncidentDraft, Movement};
pub use exfiltration::assess;
pub use learned::{Learned, LearnedRule};
pub use memory::Memory;
pub use normal::Normal;
pub use policy::Policy;
pub use read::{Again, Ended};
pub use scope::Scope;
pub use sound::{Sound, Unsound};
pub use standing::{Standing, watch};
pub use state::{BadTransition, allowed, transition};
pub use tactics::{TACTICS, tactics_of, techniques_of};
pub use whole::{Explained, Fusion, Part, explain, fuse, fuse_knowing};
