//! Text in the languages the public and authorities read.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A text in English and, where given, French. A plain string stands for both.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Localized {
    /// One text for every language.
    Same(String),
    /// One text per language.
    Each {
        /// English.
        en: String,
        /// French.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fr: Option<String>,
    },
}

impl Localized {
    /// The English text.
    pub fn en(&self) -> &str {
        match self {
            Self::Same(text) | Self::Each { en: text, .. } => text,
        }
    }

    /// The French text, or the English one.
    pub fn fr(&self) -> &str {
        match self {
            Self::Each { fr: Some(text), .. } => text,
            Self::Same(_) | Self::Each { .. } => self.en(),
        }
    }
}

impl fmt::Display for Localized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.en())
    }
}
