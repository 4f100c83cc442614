//! Looking names up: what getaddrinfo asks the simulated resolver.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use sim_executor::Label;
use sim_net::syscall::look_up;

use super::Caller;
use crate::process::Outcome;

const LOOK_UP: Label = Label::new("posix.getaddrinfo");

/// What a program asks for.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// `None` for the host itself, or for any address of it.
    pub(crate) name: Option<String>,
    /// A number: services have no names here, but for a few.
    pub(crate) service: Option<String>,
    pub(crate) family: i32,
    pub(crate) flags: i32,
}

/// The addresses with the port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) port: u16,
}

/// Services that programs name, with their ports.
const SERVICES: &[(&str, u16)] =
    &[("http", 80), ("https", 443), ("ssh", 22), ("domain", 53), ("redis", 6_379)];

impl Caller<'_> {
    /// `getaddrinfo(3)`
    ///
    /// # Errors
    /// `EAI_NONAME`, `EAI_AGAIN`, `EAI_SERVICE`
    pub(crate) fn look_up(&self, wanted: &Wanted) -> Result<Found, i32> {
        self.process.call_kernel();
        let port = match wanted.service.as_deref() {
            None | Some("") => 0,
            Some(service) => {
                let known = SERVICES.iter().find(|(name, _)| *name == service).map(|(_, port)| *port);
                service.parse().ok().or(known).ok_or(libc::EAI_SERVICE)?
            }
        };
        let mut addresses = self.addresses(wanted)?;
        addresses.retain(|ip| match wanted.family {
            libc::AF_INET => ip.is_ipv4(),
            libc::AF_INET6 => ip.is_ipv6(),
            _ => true,
        });
        if addresses.is_empty() { Err(libc::EAI_NONAME) } else { Ok(Found { addresses, port }) }
    }

    fn addresses(&self, wanted: &Wanted) -> Result<Vec<IpAddr>, i32> {
        let Some(name) = wanted.name.as_deref() else {
            let is_passive = wanted.flags & libc::AI_PASSIVE != 0;
            return Ok(match is_passive {
                true => vec![Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()],
                false => vec![Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()],
            });
        };
        if let Ok(ip) = name.parse() {
            return Ok(vec![ip]);
        }
        if wanted.flags & libc::AI_NUMERICHOST != 0 {
            return Err(libc::EAI_NONAME);
        }
        if name.eq_ignore_ascii_case("localhost") {
            // Both, as in nearly every /etc/hosts, in the order in which they are to be tried.
            let both = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
            return Ok(both.to_vec());
        }
        let (after, answer) = look_up(name);
        if !after.is_zero() {
            let deadline = self.process.now() + after;
            let what = || name.to_string();
            while self.process.wait_for(self.thread, LOOK_UP, Some(deadline), what) != Outcome::TimedOut {}
        }
        answer.map_err(|is_no_name| if is_no_name { libc::EAI_NONAME } else { libc::EAI_AGAIN })
    }
}
