//! Typed names of the things an estate declares, so that a service is never passed where an asset is meant.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps `id` as it is written in the file.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// The id as written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    )*};
}

ids! {
    /// A zone of the estate (`zones[].id`).
    ZoneId,
    /// An asset (`assets[].id`).
    AssetId,
    /// An identity, human or service (`identities[].id`).
    IdentityId,
    /// A declared flow (`flows[].id`), or an implicit one: `flat:<zone>`, `management:<n>`.
    FlowId,
    /// A service (`services[].id`).
    ServiceId,
    /// An enforcement point (`enforcement_points[].id`).
    PointId,
    /// A crew (`crews[].id`).
    CrewId,
    /// A regime of reporting obligations (`NIS2`, `GDPR-33`, ...).
    RegimeId,
}
