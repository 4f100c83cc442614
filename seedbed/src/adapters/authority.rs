//! Where a URI leads.

use std::io;

/// The host of a URI, with its port or that of its scheme.
///
/// # Errors
/// `InvalidInput` if it has no host; if it has no port, nor a scheme that is known.
pub(crate) fn host_and_port<'a>(
    host: Option<&'a str>,
    port: Option<u16>,
    scheme: Option<&str>,
) -> io::Result<(&'a str, u16)> {
    let invalid = |what| io::Error::new(io::ErrorKind::InvalidInput, what);
    let host = host.ok_or_else(|| invalid("the URI has no host"))?;
    // An IPv6 address has brackets in a URI.
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    match (port, scheme) {
        (Some(port), _) => Ok((host, port)),
        (None, Some("http" | "ws")) => Ok((host, 80)),
        (None, Some("https" | "wss")) => Ok((host, 443)),
        (None, _) => Err(invalid("the URI has no port, nor a scheme that implies one")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_goes_before_that_of_the_scheme() {
        assert_eq!(host_and_port(Some("a"), Some(8080), Some("http")).unwrap(), ("a", 8080));
        assert_eq!(host_and_port(Some("a"), None, Some("wss")).unwrap(), ("a", 443));
        assert_eq!(host_and_port(Some("[fd00::1]"), None, Some("ws")).unwrap(), ("fd00::1", 80));
    }

    #[test]
    fn what_leads_nowhere_is_refused() {
        for (host, scheme) in [(None, Some("http")), (Some("a"), None), (Some("a"), Some("ftp"))] {
            assert_eq!(host_and_port(host, None, scheme).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        }
    }
}
