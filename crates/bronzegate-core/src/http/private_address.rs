//! Which addresses are not of the public internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is not of the public internet (IANA special-purpose registries, RFC 6890), or leads to one
/// that is not.
pub(super) fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            PRIVATE_V4.iter().any(|(block, length)| within(v4.to_bits(), block.to_bits(), *length))
        }
        IpAddr::V6(v6) => {
            let inner = translated_v4(v6.octets());
            let is_nat64 = v6.to_bits() >> 32 == NAT64.to_bits() >> 32;
            inner.is_some_and(|v4| is_private(v4.into())) || !is_nat64 && !is_global(v6)
        }
    }
}

/// Whether a name is known to lead into the machine that calls it: loopback (RFC 6761), or the metadata of a cloud's
/// machines, which hold their credentials.
pub(super) fn is_own_name(name: &str) -> bool {
    const METADATA: [&str; 6] = [
        "metadata",
        "metadata.google.internal",
        "metadata.goog",
        "metadata.azure.internal",
        "instance-data",
        "instance-data.ec2.internal",
    ];
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost") || METADATA.contains(&name.as_str())
}

/// What is not public of IPv4.
const PRIVATE_V4: [(Ipv4Addr, u32); 15] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    // Shared by carriers (RFC 6598).
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    // Protocol assignments, documentation (RFC 5737), and what were relays of 6to4 (RFC 7526).
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Multicast, reserved and broadcast.
    (Ipv4Addr::new(224, 0, 0, 0), 3),
    // The platform of an Azure virtual machine, which hands out its secrets there.
    (Ipv4Addr::new(168, 63, 129, 16), 32),
];

/// What is not public within the global unicast addresses of IPv6.
const PRIVATE_V6: [(Ipv6Addr, u32); 3] = [
    // Protocol assignments, such as Teredo (RFC 4380) and benchmarking.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    // Documentation (RFC 3849, RFC 9637).
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Where a network translates (RFC 6052): the last 32 bits are the IPv4 address.
const NAT64: Ipv6Addr = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0);

/// Whether an address is a global unicast one, `2000::/3`. Nothing else is public: `fec0::/10`, `100::/64` and
/// `64:ff9b:1::/48` are not, nor are the ways to write an IPv4 address that are no longer in use (`::a.b.c.d`).
fn is_global(v6: Ipv6Addr) -> bool {
    let bits = v6.to_bits();
    bits >> 125 == 1
        && !PRIVATE_V6
            .iter()
            .any(|(block, length)| bits >> (128 - length) == block.to_bits() >> (128 - length))
}

fn within(address: u32, block: u32, length: u32) -> bool {
    address >> (32 - length) == block >> (32 - length)
}

/// The IPv4 address inside a NAT64 (RFC 6052), 6to4 (RFC 3056) or ISATAP (RFC 5214) one.
fn translated_v4(v6: [u8; 16]) -> Option<Ipv4Addr> {
    match v6 {
        [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d]
        | [0x20, 0x02, a, b, c, d, ..]
        | [0x20..0x40, _, _, _, _, _, _, _, 0 | 2, 0, 0x5e, 0xfe, a, b, c, d] => Some([a, b, c, d].into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIVATE: &str = "
        127.0.0.1 10.0.0.1 172.16.5.5 172.31.255.255 192.168.1.1 169.254.169.254
        100.64.0.1 100.127.255.255 0.0.0.0 192.0.0.192 192.0.2.1 192.88.99.1
        198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.255 224.0.0.1 240.0.0.1
        255.255.255.255 168.63.129.16 :: ::1 ::10.0.0.1 ::8.8.8.8
        ::ffff:10.0.0.1 ::ffff:0:10.0.0.1 ::ffff:0:8.8.8.8 64:ff9b::a00:1 64:ff9b:1::808:808 100::1
        100:0:0:1::1 2001::1 2001:0:5ef5:79fd::1 2001:2::1 2001:20::1 2001:db8::1
        2002:a00:1::1 2002:c058:6301::1 2606:4700::5efe:a00:1 2001:db8::5efe:808:808 2606:4700::200:5efe:7f00:1 3fff:fff::1
        4000::1 5f00::1 fd00:ec2::254 fe80::1 fec0::1 feff::1
        ff02::1
    ";
    const PUBLIC: &str = "
        8.8.8.8 172.32.0.1 100.128.0.1 192.0.1.1 192.88.98.1 198.20.0.1
        223.255.255.255 168.63.129.17 2606:4700::1111 2001:200::1 2001:4860:4860::8888 2a00:1450::200e
        2002:808:808::1 64:ff9b::808:808 ::ffff:8.8.8.8
    ";

    #[test]
    fn knows_which_addresses_are_not_public() {
        for private in PRIVATE.split_whitespace() {
            assert!(is_private(private.parse().unwrap()), "{private}");
        }
        for public in PUBLIC.split_whitespace() {
            assert!(!is_private(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn knows_the_names_of_the_machine_itself() {
        for own in [
            "localhost",
            "LOCALHOST.",
            "a.localhost",
            "metadata.google.internal.",
            "instance-data",
            "Metadata",
        ] {
            assert!(is_own_name(own), "{own}");
        }
        for other in ["localhost.example.com", "metadata.example.com", "api.metadata", "notlocalhost"] {
            assert!(!is_own_name(other), "{other}");
        }
    }
}
