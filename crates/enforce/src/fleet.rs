//! What an enforcement point can be asked, whoever drives it: nftables, OpenC2, a person, or the simulation.

use bulkhead_model::estate::Port;
use bulkhead_model::id::{AssetId, IdentityId, PointId};
use bulkhead_model::rules::PointRules;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A set of enforcement points and the network they stand in.
///
/// `now` is an argument everywhere, so that a simulated fleet is deterministic; a real fleet may ignore it.
pub trait Fleet {
    /// Whether the point would take `intent`, without changing anything (`nft -c`).
    fn check(&mut self, intent: &PointRules, now: Timestamp) -> Result<(), EnforceError>;

    /// Replaces everything the point holds by `intent`, in one transaction: on error nothing changed, unless
    /// [`EnforceError::left`] says otherwise. A generation lower than the one held is refused.
    fn apply(&mut self, intent: &PointRules, now: Timestamp) -> Result<Applied, EnforceError>;

    /// What the point holds now, as it says itself. `lease_s` is what remains of the lease.
    fn read_back(&mut self, point: &PointId, now: Timestamp) -> Result<PointRules, EnforceError>;

    /// Ends the live sessions that the rules held by the point no longer allow.
    fn sever(&mut self, point: &PointId, now: Timestamp) -> Result<Severed, EnforceError>;

    /// Tries the flow from one asset to another. A range of ports is open when any of its ports is.
    fn probe(
        &mut self,
        from: &AssetId,
        to: &AssetId,
        port: Port,
        now: Timestamp,
    ) -> Result<ProbeResult, EnforceError>;

    /// Whether `identity` can still log on, by trying.
    fn probe_identity(&mut self, identity: &IdentityId, now: Timestamp) -> Result<ProbeResult, EnforceError>;
}

/// An intent was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// The generation the point took.
    pub generation: u64,
    /// When it takes effect; not before that does reading back show it.
    pub effective_at: Timestamp,
}

/// A live connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Session {
    /// Who opened it.
    pub from: AssetId,
    /// Who answers.
    pub to: AssetId,
    /// On which port.
    pub port: Port,
}

/// What became of the live sessions that the rules no longer allow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Severed {
    /// Ended.
    pub killed: Vec<Session>,
    /// Still alive.
    pub survivors: Vec<Session>,
}

/// What a probe found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeResult {
    /// Open or not.
    pub outcome: ProbeOutcome,
    /// The rule (or disabled identity) that stopped it, where one did and the fleet can tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped_by: Option<DroppedBy>,
}

impl ProbeResult {
    /// Whether it got through.
    pub fn is_open(&self) -> bool {
        self.outcome == ProbeOutcome::Open
    }
}

/// Whether a probe got through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeOutcome {
    /// It got through.
    Open,
    /// An enforcement point stopped it.
    Dropped,
    /// No declared flow allows it, containment or not.
    NotAllowed,
}

/// Which rule stopped a probe.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DroppedBy {
    /// At which point.
    pub point: PointId,
    /// The rule's name, or the name of the disabled identity.
    pub rule: String,
}

/// Why an enforcement point did not do what it was asked, whether to try again, and what was left behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("enforcement point `{point}`: {message}")]
pub struct EnforceError {
    /// The point; for a probe the first asset concerned.
    pub point: PointId,
    /// What kind of failure.
    pub class: ErrorClass,
    /// What happened, one sentence without a full stop.
    pub message: String,
    /// Whether trying again can help.
    pub retry: Retry,
    /// What the point was left with.
    pub left: Box<Left>,
}

impl EnforceError {
    /// An error that left nothing changed.
    pub fn new(point: &PointId, class: ErrorClass, retry: Retry, message: impl Into<String>) -> Self {
        Self { point: point.clone(), class, message: message.into(), retry, left: Box::new(Left::Unchanged) }
    }

    /// The same error with what was left.
    #[must_use]
    pub fn left(mut self, left: Left) -> Self {
        *self.left = left;
        self
    }
}

/// Kind of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// No such point, asset or identity.
    Unknown,
    /// The point does not answer.
    Unreachable,
    /// The point answers and declines.
    Refused,
    /// The point cannot do what the intent asks.
    Unsupported,
    /// The point holds a higher generation.
    StaleGeneration,
    /// The intent would cut a management channel.
    Lockout,
    /// What is read back is not what was asked.
    Mismatch,
    /// Live sessions go on although the rules forbid them.
    SessionsSurvive,
    /// The intents contradict one another.
    Invalid,
}

/// Whether trying again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// It cannot.
    No,
    /// It can, at once or with the caller's backoff.
    Yes,
    /// It can, after so many seconds.
    After(u64),
}

/// What a failure left at the point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Left {
    /// What was there before.
    Unchanged,
    /// Nobody can tell: the point does not answer since.
    NotKnown,
    /// Something else than was asked.
    Partial {
        /// Generation held.
        generation: u64,
        /// Names of rules and identities asked for and not there.
        missing: Vec<String>,
        /// Names of rules and identities there and not asked for (or not as asked).
        extra: Vec<String>,
    },
    /// The rules as asked, but these sessions live on.
    Sessions(Vec<Session>),
}
