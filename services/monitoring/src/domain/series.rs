//! What identifies a series of observations: codes only, because labels change from one download to the next.
use std::collections::BTreeMap;

/// The identity of a series.
pub fn key(table: &str, measure: &str, unit: &str, dimensions: &BTreeMap<String, String>) -> String {
    let mut key = format!("{table}|{measure}|{unit}");
    for (dimension, value) in dimensions {
        key.push('|');
        key.push_str(dimension);
        key.push('=');
        key.push_str(value);
    }
    key
}
