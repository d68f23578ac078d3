//! Which addresses may be connected to, decided on the address that the connection is really made to.
//!
//! The resolver here is the one the HTTP client connects with, so a name cannot give one address to a check and another
//! to the connection (DNS rebinding). Addresses written into a URL are read by the `url` crate first, which knows their
//! disguises (decimal, octal, hex, short forms), and are checked before anything is sent.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// A range of addresses, written `10.1.0.0/16`, `fd00::/8`, or one address alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    address: IpAddr,
    prefix: u8,
}

/// Text that is no range of addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an address range such as 10.1.0.0/16: {0:?}")]
pub struct CidrError(String);

impl Cidr {
    const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Self {
        Self {
            address: IpAddr::V4(Ipv4Addr::new(a, b, c, d)),
            prefix,
        }
    }

    const fn v6(a: u16, b: u16, prefix: u8) -> Self {
        Self {
            address: IpAddr::V6(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0)),
            prefix,
        }
    }

    /// Whether `address` lies in this range. An IPv4 range does not hold IPv6 addresses, nor the other way round.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(net), IpAddr::V4(ip)) => same_prefix(
                u128::from(net.to_bits()),
                u128::from(ip.to_bits()),
                32,
                self.prefix,
            ),
            (IpAddr::V6(net), IpAddr::V6(ip)) => {
                same_prefix(net.to_bits(), ip.to_bits(), 128, self.prefix)
            }
            _ => false,
        }
    }
}

fn same_prefix(net: u128, ip: u128, width: u32, prefix: u8) -> bool {
    let ignored = width.saturating_sub(u32::from(prefix));
    (net ^ ip).checked_shr(ignored).unwrap_or(0) == 0
}

impl FromStr for Cidr {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Self, CidrError> {
        let wrong = || CidrError(text.chars().take(60).collect());
        let (address, prefix) = match text.trim().split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().map_err(|_| wrong())?)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let widest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(widest);
        if prefix > widest {
            Err(wrong())
        } else {
            Ok(Self { address, prefix })
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// IPv4 that no public server has: IANA special-purpose registry, and what lies above class C.
const CLOSED_V4: [(Cidr, &str); 15] = [
    (Cidr::v4(0, 0, 0, 0, 8), "unspecified"),
    (Cidr::v4(10, 0, 0, 0, 8), "private"),
    (Cidr::v4(100, 64, 0, 0, 10), "carrier-grade NAT"),
    (Cidr::v4(127, 0, 0, 0, 8), "loopback"),
    (Cidr::v4(169, 254, 0, 0, 16), "link-local"),
    (Cidr::v4(172, 16, 0, 0, 12), "private"),
    (Cidr::v4(192, 0, 0, 0, 24), "reserved"),
    (Cidr::v4(192, 0, 2, 0, 24), "documentation"),
    (Cidr::v4(192, 88, 99, 0, 24), "6to4 relay"),
    (Cidr::v4(192, 168, 0, 0, 16), "private"),
    (Cidr::v4(198, 18, 0, 0, 15), "benchmarking"),
    (Cidr::v4(198, 51, 100, 0, 24), "documentation"),
    (Cidr::v4(203, 0, 113, 0, 24), "documentation"),
    (Cidr::v4(224, 0, 0, 0, 4), "multicast"),
    (Cidr::v4(240, 0, 0, 0, 4), "reserved"),
];

/// What of the global unicast range 2000::/3 is nobody's public server, or hides an IPv4 address (RFC 7526 ended 6to4).
const CLOSED_V6: [(Cidr, &str); 6] = [
    (Cidr::v6(0x2001, 0, 23), "reserved"), // Teredo, ORCHID and other protocol assignments
    (Cidr::v6(0x2001, 0xdb8, 32), "documentation"),
    (Cidr::v6(0x2002, 0, 16), "6to4"),
    (Cidr::v6(0x3fff, 0, 20), "documentation"),
    (Cidr::v6(0xfe80, 0, 10), "link-local"),
    (Cidr::v6(0xfc00, 0, 7), "private"),
];

const GLOBAL_V6: Cidr = Cidr::v6(0x2000, 0, 3);
/// RFC 6052: an IPv4 address behind a translator. On a network with IPv6 only every public IPv4 server looks so.
const NAT64: Cidr = Cidr::v6(0x64, 0xff9b, 96);

/// The kind of range that keeps this address from being a public server's; `None` for a public address.
pub(super) fn closed(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(_) => CLOSED_V4
            .iter()
            .find(|(range, _)| range.contains(address))
            .map(|(_, word)| *word),
        IpAddr::V6(ip) => {
            if let Some(inner) = ip.to_ipv4_mapped() {
                return closed(IpAddr::V4(inner));
            }
            if NAT64.contains(address) {
                let [.., a, b, c, d] = ip.octets();
                return closed(IpAddr::V4(Ipv4Addr::new(a, b, c, d)));
            }
            if let Some((_, word)) = CLOSED_V6.iter().find(|(range, _)| range.contains(address)) {
                return Some(word);
            }
            if ip.is_loopback() {
                return Some("loopback");
            }
            (!GLOBAL_V6.contains(address)).then_some("reserved")
        }
    }
}

/// Refuses closed addresses save those in the ranges an admin opened.
#[derive(Debug, Clone, Default)]
pub(super) struct Guard {
    allowed: Arc<[Cidr]>,
    /// Everything may be connected to: the client talks to the admin's own proxy and to nobody else.
    open: bool,
    /// Names under `.example` are this server.
    example_hosts: Option<SocketAddr>,
}

/// The guard's no, carried through the HTTP client's errors.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{address} is a {range} address")]
pub(super) struct Refused {
    address: IpAddr,
    range: &'static str,
}

impl Guard {
    pub(super) fn new(allowed: &[Cidr], example_hosts: Option<SocketAddr>) -> Self {
        Self {
            allowed: allowed.into(),
            open: false,
            example_hosts,
        }
    }

    /// For a client that connects to nothing but the configured proxy.
    pub(super) fn open() -> Self {
        Self {
            open: true,
            ..Self::default()
        }
    }

    fn check(&self, address: IpAddr) -> Result<(), Refused> {
        let plain = address.to_canonical(); // ::ffff:127.0.0.1 is 127.0.0.1 for the admin's ranges too
        let opened = self.open
            || self
                .allowed
                .iter()
                .any(|range| range.contains(plain) || range.contains(address));
        match closed(address) {
            Some(range) if !opened => Err(Refused { address, range }),
            _ => Ok(()),
        }
    }

    /// Checks a host that is an address by itself; names pass here and are checked when they are resolved.
    ///
    /// `localhost` and what lies under it is an address too (RFC 6761 §6.3): behind a proxy nobody else would look.
    pub(super) fn check_literal(&self, url: &Url) -> Result<(), Refused> {
        match url.host() {
            Some(Host::Ipv4(ip)) => self.check(IpAddr::V4(ip)),
            Some(Host::Ipv6(ip)) => self.check(IpAddr::V6(ip)),
            Some(Host::Domain(name)) if is_localhost(name) => {
                self.check(IpAddr::V4(Ipv4Addr::LOCALHOST))
            }
            _ => Ok(()),
        }
    }

    /// Keeps what may be connected to; an error only when nothing is left of a non-empty list.
    fn filter(&self, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Refused> {
        let mut refused = None;
        let mut kept = found;
        kept.retain(|address| match self.check(address.ip()) {
            Ok(()) => true,
            Err(no) => {
                refused = Some(no);
                false
            }
        });
        match refused {
            Some(no) if kept.is_empty() => Err(no),
            _ => Ok(kept),
        }
    }
}

fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name == "localhost" || name.ends_with(".localhost")
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            if let Some(demo) = guard
                .example_hosts
                .filter(|_| name.as_str().ends_with(".example"))
            {
                let addresses: Addrs = Box::new(std::iter::once(demo));
                return Ok(addresses);
            }
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let addresses: Addrs = Box::new(guard.filter(found)?.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_ranges_are_known_in_every_disguise() {
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "127.0.0.1.",
            "0.0.0.0",
            "0",
            "10.9.8.7",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "100.127.255.254",
            "169.254.169.254",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.0.1",
            "[::]",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:a9fe:a9fe]",
            "[::127.0.0.1]",
            "[64:ff9b::10.0.0.1]",
            "[64:ff9b:1::1]",
            "[2002:7f00:1::]",
            "[2001:0:1::1]",
            "[fe80::1]",
            "[fc00::1]",
            "[fd12:3456::1]",
            "[fec0::1]",
            "[ff02::1]",
            "[100::1]",
            "[2001:db8::1]",
            "%31%32%37.0.0.1",
        ] {
            let url = Url::parse(&format!("http://{host}/")).unwrap();
            assert!(
                Guard::default().check_literal(&url).is_err(),
                "{host} was let through as {url}"
            );
        }
    }

    #[test]
    fn public_addresses_pass() {
        for host in [
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "169.253.0.1",
            "223.255.255.254",
            "[2606:4700::1111]",
            "[2a00:1450::1]",
            "[::ffff:8.8.8.8]",
            "[64:ff9b::8.8.8.8]",
            "baoangiang.com.vn",
        ] {
            let url = Url::parse(&format!("http://{host}/")).unwrap();
            assert_eq!(Guard::default().check_literal(&url), Ok(()), "{host}");
        }
    }

    #[test]
    fn an_allowed_range_opens_itself_only() {
        let guard = Guard::new(
            &["10.1.0.0/16".parse().unwrap(), "::1".parse().unwrap()],
            None,
        );
        for (address, passes) in [
            ("10.1.200.3", true),
            ("::ffff:10.1.0.1", true),
            ("10.2.0.1", false),
            ("::1", true),
            ("127.0.0.1", false),
        ] {
            assert_eq!(
                guard.check(address.parse().unwrap()).is_ok(),
                passes,
                "{address}"
            );
        }
    }

    #[test]
    fn of_several_addresses_the_private_one_is_never_used() {
        let list = |text: &[&str]| {
            text.iter()
                .map(|t| t.parse().unwrap())
                .collect::<Vec<SocketAddr>>()
        };
        let kept = Guard::default().filter(list(&["192.168.1.1:0", "1.1.1.1:0", "[::1]:0"]));
        assert_eq!(kept, Ok(list(&["1.1.1.1:0"])));
        assert!(Guard::default().filter(list(&["192.168.1.1:0"])).is_err());
        assert_eq!(Guard::default().filter(vec![]), Ok(vec![]));
    }

    #[test]
    fn ranges_are_read_and_refused() {
        for good in [
            "127.0.0.0/8",
            "0.0.0.0/0",
            "::/0",
            "fd00::/8",
            "10.1.2.3",
            " 10.0.0.0/8 ",
        ] {
            assert!(good.parse::<Cidr>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "10.0.0.0/33",
            "::/129",
            "10.0.0/8",
            "10.0.0.0/-1",
            "nội bộ",
            "10.0.0.0/8/8",
        ] {
            assert!(bad.parse::<Cidr>().is_err(), "{bad}");
        }
        assert!(
            "0.0.0.0/0"
                .parse::<Cidr>()
                .unwrap()
                .contains("9.9.9.9".parse().unwrap())
        );
    }
}
