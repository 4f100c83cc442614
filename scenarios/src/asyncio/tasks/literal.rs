//! Values as Python writes them.

/// `True` or `False`.
pub(super) fn truth(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

/// A text in quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("'{text}'")
}

/// A list of what is written already.
pub(super) fn list(items: &[String]) -> String {
    format!("[{}]", items.join(", "))
}
