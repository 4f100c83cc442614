//! A profile read from TOML.

use std::fmt;
use std::path::PathBuf;

use super::Profile;
use crate::config_error::ConfigError;

/// A profile cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}:{line}: {problem}", file.display())]
pub struct ProfileError {
    /// The file, as it was named.
    pub file: PathBuf,
    /// The line, counted from one.
    pub line: usize,
    /// What is wrong there.
    #[source]
    pub problem: ProfileProblem,
}

/// What is wrong in a profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileProblem {
    /// It is no TOML, or not what belongs here.
    #[error("{}", Message(message))]
    Text {
        /// What it is, and what it should be.
        message: String,
    },
    /// A value is out of its bounds.
    #[error(transparent)]
    OutOfBounds(#[from] ConfigError),
}

/// Text of several lines in one.
struct Message<'a>(&'a str);

impl fmt::Display for Message<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.lines().collect::<Vec<_>>().join("; "))
    }
}

impl Profile {
    /// Reads a profile: the parts `[link]`, `[loopback]`, `[tcp]`, `[udp]`, `[unix]` and `[dns]`, each with the fields of its type, all of which
    /// may be left out. A time is written `"25 ms"`, a probability `"1/100"`, `"never"` or `"always"`. `file` is named in
    /// errors.
    ///
    /// ```
    /// use sim_net::profile::Profile;
    /// use sim_net::{Latency, LinkConfig};
    /// use sim_executor::Ratio;
    /// use std::time::Duration;
    ///
    /// let text = r#"
    ///     [link]
    ///     latency = { uniform = { min = "10 ms", max = "30 ms" } }
    ///     loss = "1/100"
    /// "#;
    /// let (min, max) = (Duration::from_millis(10), Duration::from_millis(30));
    /// let link = LinkConfig {
    ///     latency: Latency::Uniform { min, max },
    ///     loss: Ratio::one_in(100),
    ///     ..LinkConfig::default()
    /// };
    /// assert_eq!(Profile::from_toml("slow.toml", text).unwrap().link, Some(link));
    ///
    /// let error = Profile::from_toml("slow.toml", "[link]\nloss = 0.01").unwrap_err();
    /// assert!(error.to_string().starts_with("slow.toml:2: "));
    /// ```
    ///
    /// # Errors
    /// If the text is not TOML, has a field that does not exist, or a value that is not allowed: with the line.
    pub fn from_toml(file: impl Into<PathBuf>, text: &str) -> Result<Self, ProfileError> {
        let profile: Profile = toml::from_str(text)
            .map_err(|error| {
                let at = error.span().map_or(0, |span| span.start);
                (line_at(text, at), ProfileProblem::Text { message: error.message().to_string() })
            })
            .and_then(|profile: Profile| match profile.check() {
                Ok(()) => Ok(profile),
                Err(error) => Err((line_of(text, &error), error.into())),
            })
            .map_err(|(line, problem)| ProfileError { file: file.into(), line, problem })?;
        Ok(profile)
    }
}

/// The line in which that byte is.
fn line_at(text: &str, byte: usize) -> usize {
    1 + text.bytes().take(byte).filter(|&byte| byte == b'\n').count()
}

/// The line that sets a field, as far as one does: else that of its part.
fn line_of(text: &str, error: &ConfigError) -> usize {
    let header = format!("[{}]", error.part);
    let part = text.lines().position(|line| line.trim().starts_with(&header)).unwrap_or(0);
    let in_part = text.lines().enumerate().skip(part + 1);
    let mut in_part = in_part.take_while(|(_, line)| !line.trim().starts_with('['));
    // A table within the line: `latency = { uniform = { min = … } }`.
    let names: Vec<&str> = error.field.split('.').collect();
    let sets = |line: &str| names.iter().all(|name| has_key(line, name));
    in_part.find(|(_, line)| sets(line)).map_or(part, |(number, _)| number) + 1
}

/// Whether a line sets a value of that name.
fn has_key(line: &str, key: &str) -> bool {
    let line = line.split('#').next().unwrap_or_default();
    let before_equals =
        line.split('=').map(|part| part.trim().rsplit(['{', ',', ' ', '.']).next().unwrap_or_default());
    before_equals.clone().take(before_equals.count().saturating_sub(1)).any(|name| name.trim() == key)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sim_executor::Ratio;

    use super::*;
    use crate::config::NetworkConfig;
    use crate::profile;
    use crate::resolver::NodeAddresses;

    #[test]
    fn every_file_says_what_the_constant_of_its_name_does() {
        let files = [
            ("cross_region", include_str!("../../profiles/cross_region.toml")),
            ("lan", include_str!("../../profiles/lan.toml")),
            ("lossy_mobile", include_str!("../../profiles/lossy_mobile.toml")),
            ("satellite", include_str!("../../profiles/satellite.toml")),
        ];
        for ((name, link), (file, text)) in profile::ALL.into_iter().zip(files) {
            assert_eq!(name, file);
            let read = Profile::from_toml(file, text).unwrap();
            assert_eq!(read, Profile { link: Some(link), ..Profile::default() }, "{name}");
        }
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/profiles");
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), files.len(), "a file has no constant");
    }

    fn refused(text: &str) -> String {
        Profile::from_toml("p.toml", text).unwrap_err().to_string()
    }

    #[test]
    fn what_is_wrong_is_named_with_file_and_line() {
        let start = |text: &str, start: &str| {
            let refused = refused(text);
            assert!(refused.starts_with(start), "{refused}");
        };
        start("[link]\n\nlatncy = 5\n", "p.toml:3: unknown field `latncy`, expected one of `latency`, ");
        start("[lnk]\n", "p.toml:1: unknown field `lnk`, expected one of `link`, `loopback`, `tcp`, `udp`, ");
        start("[link]\nloss = \"1 %\"\n", "p.toml:2: \"1 %\" is no probability: write a fraction");
        start("[link]\nloss = 0.01\n", "p.toml:2: invalid type: floating point `0.01`, expected a string");
        start("[tcp]\n\nrto_min = \"5\"\n", "p.toml:3: \"5\" is no time: write a whole number with its unit");
        start("[link]\nlatency = { fixed = \"5\" }\n", "p.toml:2: \"5\" is no time");
        start(
            "[link]\nlatency = { gauss = \"5 ms\" }\n",
            "p.toml:2: unknown variant `gauss`, expected one of",
        );
        start("[link]\nloss = \"1/2\"\nloss = \"1/3\"\n", "p.toml:3: duplicate key");
        start("[link\n", "p.toml:1: ");
    }

    #[test]
    fn a_value_out_of_its_bounds_is_named_with_its_line() {
        let two_parts = "[loopback]\nmtu_bytes = 1500\n[link]\n# mtu_bytes = 9\nmtu_bytes = 9\n";
        assert_eq!(refused(two_parts), "p.toml:5: link.mtu_bytes is 9: it must be at least 68");
        let latency =
            "[link]\nloss = \"never\"\nlatency = { uniform = { min = \"2 ms\", max = \"1 ms\" } }\n";
        assert_eq!(refused(latency), "p.toml:3: link.latency.max is 1ms: it must be at least 2ms");
        let left_out = "[tcp]\nrto_max = \"1 ms\"\n";
        assert_eq!(refused(left_out), "p.toml:2: tcp.rto_max is 1ms: it must be at least 200ms");
        let by_its_default = "[tcp]\nrto_min = \"1 h\"\n";
        assert_eq!(refused(by_its_default), "p.toml:1: tcp.rto_max is 120s: it must be at least 3600s");
    }

    #[test]
    fn every_part_can_be_set() {
        let text = r#"
            [loopback]
            latency = { heavy_tail = { min = "1 us", max = "1 ms", shape_percent = 150 } }
            [tcp]
            nodelay = true
            delayed_ack = "0 ms"
            [udp]
            checksums = false
            [unix]
            max_dgram_qlen = 3
            [dns]
            failure = "1/10"
            nodes = "v4_then_v6"
        "#;
        let config = Profile::from_toml("p.toml", text).unwrap().over(NetworkConfig::default());
        assert_eq!(config.loopback.latency.min(), Duration::from_micros(1));
        assert!(config.tcp.nodelay && config.tcp.delayed_ack.is_zero() && !config.udp.checksums);
        assert_eq!(config.unix.max_dgram_qlen, 3);
        assert_eq!((config.dns.failure, config.dns.nodes), (Ratio::one_in(10), NodeAddresses::V4ThenV6));
    }

    #[test]
    fn an_empty_profile_says_nothing() {
        assert_eq!(Profile::from_toml("p.toml", "").unwrap(), Profile::default());
    }
}
