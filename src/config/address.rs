//! Addresses that admins write: `https://…`, host names, `127.0.0.0/8`, `Nguyễn Văn An <an@tinhuy.vn>`.

use super::problem::{Wrong, quoted, words, wrong};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::Url;

/// RFC 5321 §4.5.3.1: an address is at most 254 octets, its local part 64.
const ADDRESS_MAX_BYTES: usize = 254;
const LOCAL_PART_MAX_BYTES: usize = 64;

/// A range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    /// The first address of the range.
    pub network: IpAddr,
    /// How many leading bits are fixed: at most 32 or 128.
    pub prefix: u8,
}

impl Cidr {
    /// Whether the address lies in the range; an IPv4 address written as IPv6 (`::ffff:…`) counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.network.is_ipv4() && masked(address, self.prefix) == self.network
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix)
    }
}

fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX
                .checked_shl(32 - u32::from(prefix.min(32)))
                .unwrap_or(0);
            Ipv4Addr::from_bits(v4.to_bits() & mask).into()
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX
                .checked_shl(128 - u32::from(prefix.min(128)))
                .unwrap_or(0);
            Ipv6Addr::from_bits(v6.to_bits() & mask).into()
        }
    }
}

/// `127.0.0.0/8`, `fd00::/8`, or one address.
pub(crate) fn cidr(text: &str) -> Result<Cidr, Wrong> {
    let how = words(
        "write an address and its prefix, such as \"10.20.0.0/16\" or \"127.0.0.0/8\"",
        "viết địa chỉ và độ dài tiền tố, ví dụ \"10.20.0.0/16\" hoặc \"127.0.0.0/8\"",
    );
    let read = || -> Option<Cidr> {
        let (address, prefix) = match text.trim().split_once('/') {
            Some((address, prefix)) => (address.parse::<IpAddr>().ok()?, Some(prefix)),
            None => (text.trim().parse::<IpAddr>().ok()?, None),
        };
        let widest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Some(widest), |prefix| prefix.parse().ok())?;
        (prefix <= widest).then_some(Cidr {
            network: address,
            prefix,
        })
    };
    let Some(written) = read() else {
        let what = words(
            format!("{} is not an address range", quoted(text)),
            format!("{} không phải dải địa chỉ", quoted(text)),
        );
        return Err(wrong(what, how));
    };
    let network = masked(written.network, written.prefix);
    if network != written.network {
        let meant = Cidr { network, ..written };
        return Err(wrong(
            words(
                format!(
                    "{} does not begin at its range's first address",
                    quoted(text)
                ),
                format!("{} không bắt đầu bằng địa chỉ đầu của dải", quoted(text)),
            ),
            words(
                format!("did you mean \"{meant}\"?"),
                format!("có phải định viết \"{meant}\"?"),
            ),
        ));
    }
    Ok(written)
}

/// An `http` or `https` address with a host and no credentials.
pub(crate) fn web_address(text: &str) -> Result<Url, Wrong> {
    let bad = |en: &str, vi: &str| {
        wrong(
            words(
                format!("{} {en}", quoted(text)),
                format!("{} {vi}", quoted(text)),
            ),
            words(
                "write the whole address, such as \"https://baoangiang.com.vn/rss/home.rss\"",
                "viết đầy đủ địa chỉ, ví dụ \"https://baoangiang.com.vn/rss/home.rss\"",
            ),
        )
    };
    let url =
        Url::parse(text).map_err(|_| bad("is not a web address", "không phải địa chỉ web"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad(
            "is neither http nor https",
            "không phải http hay https",
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong(
            words(
                "the address carries a user name or password",
                "địa chỉ có kèm tên đăng nhập hoặc mật khẩu",
            ),
            words(
                "take out what stands before the @",
                "bỏ phần đứng trước dấu @",
            ),
        ));
    }
    Ok(url)
}

/// A host name without scheme, port or path; `www.` is dropped.
pub(crate) fn host(text: &str) -> Result<String, Wrong> {
    let read = || -> Option<String> {
        // A colon stands in a host only within the brackets of an IPv6 address.
        let no_port = !text.contains(':') || text.trim().ends_with(']');
        let plain = no_port && !text.contains(['/', '@', '?', '#', ' ']);
        let url = Url::parse(&format!("http://{}/", text.trim()))
            .ok()
            .filter(|_| plain)?;
        let host = url.host_str().filter(|_| url.port().is_none())?;
        Some(bare_host(host).to_owned())
    };
    read().filter(|host| !host.is_empty()).ok_or_else(|| {
        wrong(
            words(
                format!("{} is not a host name", quoted(text)),
                format!("{} không phải tên miền", quoted(text)),
            ),
            words(
                "write the name alone, such as \"baoangiang.com.vn\", without https:// and path",
                "chỉ viết tên miền, ví dụ \"baoangiang.com.vn\", bỏ https:// và đường dẫn",
            ),
        )
    })
}

/// A mail server: a host name or an IP address, `www.` kept.
pub(crate) fn server(text: &str) -> Result<String, Wrong> {
    let ip = text.parse::<IpAddr>().map(|ip| ip.to_string());
    ip.or_else(|_| host(text).map(|_| text.trim().to_ascii_lowercase()))
        .map_err(|_: Wrong| {
            wrong(
                words(
                    format!("{} is not a server's name or IP address", quoted(text)),
                    format!("{} không phải tên hay địa chỉ IP của máy chủ", quoted(text)),
                ),
                words(
                    "write the name alone, such as \"mail.tinhuy.vn\"; the port stands in port",
                    "chỉ viết tên máy chủ, ví dụ \"mail.tinhuy.vn\"; cổng ghi ở khóa port",
                ),
            )
        })
}

/// A host without its leading `www.`.
pub(crate) fn bare_host(host: &str) -> &str {
    host.strip_prefix("www.").unwrap_or(host)
}

/// Someone who gets mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The name before the address, if one was written.
    pub name: Option<String>,
    /// The address, its host in lower case.
    pub address: String,
}

/// `an@tinhuy.vn` or `Nguyễn Văn An <an@tinhuy.vn>`.
pub(crate) fn recipient(text: &str) -> Result<Recipient, Wrong> {
    let text = text.trim();
    let read = || -> Option<Recipient> {
        let Some((name, rest)) = text.split_once('<') else {
            return Some(Recipient {
                name: None,
                address: address(text)?,
            });
        };
        let name = name.trim().trim_matches('"').trim();
        // A line break in a header is another header (CWE-93).
        let clean = !name
            .chars()
            .any(|c| c.is_control() || matches!(c, '<' | '>' | '"'));
        let address = address(rest.strip_suffix('>')?.trim()).filter(|_| clean)?;
        Some(Recipient {
            name: (!name.is_empty()).then(|| name.to_owned()),
            address,
        })
    };
    read().ok_or_else(|| {
        let written = text.rsplit('<').next().unwrap_or(text);
        if !written.is_ascii() {
            return beyond_ascii(text);
        }
        wrong(
            words(
                format!("{} is not a mail address", quoted(text)),
                format!("{} không phải địa chỉ thư điện tử", quoted(text)),
            ),
            words(
                "write \"an@tinhuy.vn\" or \"Nguyễn Văn An <an@tinhuy.vn>\", one address in each pair of quotes",
                "viết \"an@tinhuy.vn\" hoặc \"Nguyễn Văn An <an@tinhuy.vn>\", mỗi cặp nháy một địa chỉ",
            ),
        )
    })
}

/// An address of SMTPUTF8 (RFC 6531). Every server on the way must speak it, down to the reader's; where one does not, the
/// mail comes back days later. Offices' servers do not, and such mailboxes have an ASCII address beside.
fn beyond_ascii(text: &str) -> Wrong {
    wrong(
        words(
            format!("{} has letters with marks in its address", quoted(text)),
            format!("{} có chữ có dấu trong địa chỉ", quoted(text)),
        ),
        words(
            "few mail servers can deliver to such addresses (SMTPUTF8); write the mailbox's ASCII address, such as \"an@tinhuy.vn\"",
            "rất ít máy chủ thư chuyển được địa chỉ như vậy (SMTPUTF8); viết địa chỉ không dấu của hộp thư, ví dụ \"an@tinhuy.vn\"",
        ),
    )
}

/// RFC 5321 §4.1.2 without quoted local parts and address literals: neither is met in offices, both are abused.
fn address(text: &str) -> Option<String> {
    let (local, domain) = text.rsplit_once('@')?;
    let atom_byte = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&b);
    let atom = |part: &str| !part.is_empty() && part.bytes().all(atom_byte);
    let label = |part: &str| {
        (1..=63).contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    let fits = text.len() <= ADDRESS_MAX_BYTES && local.len() <= LOCAL_PART_MAX_BYTES;
    let sound = fits && local.split('.').all(atom) && domain.split('.').all(label);
    sound.then(|| format!("{local}@{}", domain.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn address_ranges() {
        let loopback = cidr("127.0.0.0/8").unwrap();
        assert!(loopback.contains("127.9.9.9".parse().unwrap()));
        assert!(loopback.contains("::ffff:127.0.0.1".parse().unwrap()));
        assert!(!loopback.contains("128.0.0.1".parse().unwrap()));
        assert!(!loopback.contains("::1".parse().unwrap()));
        assert!(
            cidr("0.0.0.0/0")
                .unwrap()
                .contains("8.8.8.8".parse().unwrap())
        );
        assert_eq!(cidr("10.1.2.3").unwrap().prefix, 32);
        for text in [
            "127.0.0.1/8",
            "10.0.0.0/33",
            "localhost",
            "10.0.0.0/",
            "::/129",
        ] {
            assert!(cidr(text).is_err(), "{text}");
        }
    }

    #[test]
    fn recipients() {
        let named = recipient("Nguyễn Văn An <van.an@TinhUy.VN>").unwrap();
        assert_eq!(named.name.as_deref(), Some("Nguyễn Văn An"));
        assert_eq!(named.address, "van.an@tinhuy.vn");
        assert_eq!(recipient("an@may-chu").unwrap().name, None);
        for text in [
            "an",
            "an@",
            "@tinhuy.vn",
            "an@@tinhuy.vn",
            "a..n@tinhuy.vn",
            "an@tinhuy..vn",
            "an@-tinhuy.vn",
            "an@tinhuy.vn, binh@tinhuy.vn",
            "An <an@tinhuy.vn",
            "An\r\nBcc: x@y.vn <an@tinhuy.vn>",
            "an@tỉnhủy.vn",
        ] {
            assert!(recipient(text).is_err(), "{text}");
        }
        let why = recipient("An <án@tinhuy.vn>").unwrap_err();
        assert!(format!("{why:?}").contains("SMTPUTF8"), "{why:?}");
    }

    #[test]
    fn hosts_and_web_addresses() {
        assert_eq!(host("www.BaoAnGiang.com.vn").unwrap(), "baoangiang.com.vn");
        for text in [
            "https://baoangiang.com.vn",
            "baoangiang.com.vn/rss",
            "",
            "a b",
            "a:80",
        ] {
            assert!(host(text).is_err(), "{text}");
        }
        assert!(web_address("https://baolaocai.vn/rss/home.rss").is_ok());
        for text in [
            "baolaocai.vn/rss",
            "ftp://baolaocai.vn/",
            "https://a:b@baolaocai.vn/",
            "https://",
        ] {
            assert!(web_address(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_reader_panics(text in "\\PC{0,40}|[0-9a-f:/.@<>\\[\\] -]{0,24}") {
            let _ = (cidr(&text), recipient(&text), host(&text), server(&text), web_address(&text));
        }

        #[test]
        fn a_range_contains_what_its_prefix_says(address in any::<u32>(), prefix in 0u8..=32, flip in 0u32..32) {
            let range = Cidr { network: masked(Ipv4Addr::from_bits(address).into(), prefix), prefix };
            let other = Ipv4Addr::from_bits(address ^ (1 << flip));
            prop_assert!(range.contains(Ipv4Addr::from_bits(address).into()));
            prop_assert_eq!(range.contains(other.into()), 32 - flip > u32::from(prefix));
            prop_assert_eq!(cidr(&range.to_string()), Ok(range));
        }

    }
}
