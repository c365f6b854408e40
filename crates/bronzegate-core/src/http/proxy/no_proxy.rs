//! `NO_PROXY`, by the rules of curl (`lib/noproxy.c`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::Host;

/// The hosts that are called directly.
#[derive(Clone, Debug, Default)]
pub(super) struct NoProxy {
    is_all: bool,
    entries: Vec<String>,
}

impl NoProxy {
    /// Reads a list with commas or blanks between its entries. An asterisk alone is every host.
    pub(super) fn parse(text: &str) -> Self {
        let text = text.trim();
        let entries = text.split([',', ' ', '\t']).filter(|entry| !entry.is_empty());
        Self { is_all: text == "*", entries: entries.map(str::to_owned).collect() }
    }

    /// Whether a host is called directly.
    pub(super) fn covers(&self, host: &Host<&str>) -> bool {
        let is_it = |entry: &String| match host {
            Host::Domain(name) => covers_name(entry, name),
            Host::Ipv4(address) => covers_address(entry, (*address).into()),
            Host::Ipv6(address) => covers_address(entry, (*address).into()),
        };
        self.is_all || self.entries.iter().any(is_it)
    }
}

/// A name stands for itself and for what ends with it after a full stop.
fn covers_name(entry: &str, name: &str) -> bool {
    let entry = entry.strip_suffix('.').unwrap_or(entry);
    let entry = entry.strip_prefix('.').unwrap_or(entry).as_bytes();
    let name = name.strip_suffix('.').unwrap_or(name).as_bytes();
    let Some(before) = name.len().checked_sub(entry.len()) else { return false };
    let is_whole_label = before == 0 || name[before - 1] == b'.';
    !entry.is_empty() && is_whole_label && name[before..].eq_ignore_ascii_case(entry)
}

/// An address, or a block such as `10.0.0.0/8` or `fd00::/8`.
fn covers_address(entry: &str, address: IpAddr) -> bool {
    let (block, length) = match entry.split_once('/') {
        // A length of zero is none, as curl has it.
        Some((block, length)) => (block, length.parse::<u32>().ok().filter(|length| *length > 0)),
        None => (entry, Some(u32::MAX)),
    };
    let Some(length) = length else { return false };
    let within = |bits: u32| if length == u32::MAX { Some(0) } else { bits.checked_sub(length) };
    match address {
        IpAddr::V4(address) => match (block.parse::<Ipv4Addr>(), within(32)) {
            (Ok(block), Some(rest)) => address.to_bits() >> rest == block.to_bits() >> rest,
            _ => false,
        },
        IpAddr::V6(address) => match (block.parse::<Ipv6Addr>(), within(128)) {
            (Ok(block), Some(rest)) => address.to_bits() >> rest == block.to_bits() >> rest,
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    /// What curl 7.88.1 was seen to do; of blocks of IPv6, of which it matches none, what its manual says.
    const DIRECT: &str = "
        *|example.com
        example.com|example.com
        example.com|www.example.com
        example.com|EXAMPLE.com
        EXAMPLE.com|a.b.example.com
        .example.com|example.com
        .example.com|www.example.com
        example.com.|example.com
        example.com|example.com.
        a.example,example.com|example.com
        a.example , example.com|example.com
        ,,example.com|example.com
        192.0.2.1|192.0.2.1
        192.0.2.0/24|192.0.2.77
        192.0.2.77/32|192.0.2.77
        10.0.0.0/8|10.255.1.1
        2001:db8::1|[2001:db8::1]
        2001:db8::/32|[2001:db8:1::1]
    ";
    const BY_PROXY: &str = "
        |example.com
        example.com|nonexample.com
        www.example.com|example.com
        *.example.com|www.example.com
        *,a.example|example.com
        example.com:443|example.com
        192.0.2.1|192.0.2.10
        192.0.2.0/24|192.0.3.1
        192.0.2.0/0|198.51.100.1
        192.0.2.0/33|192.0.2.0
        192.0.2.1|x192.0.2.1.example
        0.2.1|192.0.2.1
        [2001:db8::1]|[2001:db8::1]
        2001:db8::/32|[2001:db9::1]
        2001:db8::1|192.0.2.1
        .|example.com
    ";

    fn covers(line: &str) -> bool {
        let (list, host) = line.split_once('|').unwrap();
        let url = Url::parse(&format!("https://{host}/")).unwrap();
        NoProxy::parse(list).covers(&url.host().unwrap())
    }

    #[test]
    fn the_list_is_read_as_curl_reads_it() {
        for line in DIRECT.lines().map(str::trim).filter(|line| !line.is_empty()) {
            assert!(covers(line), "{line}");
        }
        for line in BY_PROXY.lines().map(str::trim).filter(|line| !line.is_empty()) {
            assert!(!covers(line), "{line}");
        }
    }
}
