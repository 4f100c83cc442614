//! Whether a failure is that of a file, which has its signature as a text.

use crate::signature::{Signature, Site};

/// Whether the text is that of this signature, or of the same failure in a build that knows less or more of where it panicked.
pub(super) fn is_signature(text: &str, signature: &Signature) -> bool {
    let bare = Signature { site: Site::Unknown, ..signature.clone() }.to_string();
    let Some(place) = text.strip_prefix(&bare) else { return false };
    if place.is_empty() {
        return true;
    }
    let Some(place) = place.strip_prefix(" @ ") else { return false };
    let place = place.to_string();
    let is_file = std::path::Path::new(&place).extension().is_some_and(|extension| extension == "rs");
    let site = if is_file { Site::File(place) } else { Site::Function(place) };
    signature.matches(&Signature { site, ..signature.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(property: &str, site: Site) -> Signature {
        Signature { class: "panic".to_string(), property: property.to_string(), site }
    }

    #[test]
    fn a_build_without_symbols_knows_its_failure_again() {
        let [function, file] = ["bank::take", "src/bank.rs"].map(str::to_string);
        let by_function = signature("N lost", Site::Function(function.clone()));
        let by_file = signature("N lost", Site::File(file));
        let unknown = signature("N lost", Site::Unknown);
        for one in [&by_function, &by_file, &unknown] {
            for other in [&by_function, &by_file, &unknown] {
                assert!(is_signature(&one.to_string(), other), "{one} and {other}");
            }
        }
        let others = [
            signature("N lost", Site::Function("bank::give".to_string())),
            signature("N los", Site::Function(function.clone())),
            signature("N lost!", Site::Function(function)),
            signature("", Site::Unknown),
        ];
        for other in &others {
            assert!(!is_signature(&other.to_string(), &by_function), "{other}");
        }
        assert!(!is_signature("panic \"N lost\" in bank::take", &by_function));
    }
}
