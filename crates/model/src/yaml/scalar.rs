//! What a scalar means when somebody asks: the core schema of YAML 1.2 (section 10.3.2), and nothing beyond it.

use serde_json::Value;

use super::Scalar;

/// Longest text quoted in a message.
const QUOTED: usize = 40;

impl Scalar {
    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        self.plain && matches!(self.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }

    /// Its truth value.
    pub fn as_bool(&self) -> Option<bool> {
        match self.text.as_str() {
            "true" | "True" | "TRUE" if self.plain => Some(true),
            "false" | "False" | "FALSE" if self.plain => Some(false),
            _ => None,
        }
    }

    /// Its value as an integer.
    pub fn as_i64(&self) -> Option<i64> {
        if !self.plain {
            return None;
        }
        let text = self.text.as_str();
        if let Some(digits) = text.strip_prefix("0o") {
            return unsigned(digits, 8)?.try_into().ok();
        }
        if let Some(digits) = text.strip_prefix("0x") {
            return unsigned(digits, 16)?.try_into().ok();
        }
        text.parse().ok()
    }

    /// Its value as an integer that is not negative.
    pub fn as_u64(&self) -> Option<u64> {
        if self.plain && self.text.bytes().all(|it| it.is_ascii_digit()) {
            return self.text.parse().ok();
        }
        self.as_i64()?.try_into().ok()
    }

    /// Its value as a number; `.inf` and `.nan` included.
    #[expect(clippy::cast_precision_loss, reason = "a float is what the caller asks for")]
    pub fn as_f64(&self) -> Option<f64> {
        if !self.plain {
            return None;
        }
        match self.text.as_str() {
            ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Some(f64::INFINITY),
            "-.inf" | "-.Inf" | "-.INF" => return Some(f64::NEG_INFINITY),
            ".nan" | ".NaN" | ".NAN" => return Some(f64::NAN),
            _ => {}
        }
        // Rust also reads `inf` and `nan`, which are words in YAML.
        let numeric = self.text.bytes().all(|it| it.is_ascii_digit() || b"+-.eE".contains(&it));
        let text = if numeric { self.text.parse().ok() } else { None };
        text.or_else(|| self.as_i64().map(|it| it as f64))
    }

    /// What it is, in words for a message.
    pub fn describe(&self) -> String {
        let text: String = self.text.chars().take(QUOTED).collect();
        let more = if text.len() < self.text.len() { "..." } else { "" };
        if self.is_null() {
            "nothing".to_owned()
        } else if self.as_bool().is_some() {
            format!("the truth value {text}")
        } else if self.as_f64().is_some() {
            format!("the number {text}{more}")
        } else {
            format!("the text {text:?}{more}")
        }
    }

    /// The same as a JSON value; a number that JSON would write otherwise stays text.
    pub fn to_json(&self) -> Value {
        if self.is_null() {
            return Value::Null;
        }
        if let Some(it) = self.as_bool() {
            return Value::Bool(it);
        }
        if self.plain
            && let Ok(number @ Value::Number(_)) = serde_json::from_str(&self.text)
        {
            return number;
        }
        Value::String(self.text.clone())
    }
}

/// Digits without a sign, which the standard parser would accept.
fn unsigned(digits: &str, radix: u32) -> Option<u64> {
    let unsigned = digits.bytes().all(|it| it.is_ascii_hexdigit());
    if unsigned { u64::from_str_radix(digits, radix).ok() } else { None }
}
