//! The checksum of parts: CRC-64/NVME, which S3 computes too, so a part can be compared without reading it.

use crc_fast::{CrcAlgorithm, Digest};

/// A checksum that grows with the bytes it is shown.
#[derive(Debug)]
pub struct Checksum(Digest);

impl Default for Checksum {
    fn default() -> Self {
        Self(Digest::new(CrcAlgorithm::Crc64Nvme))
    }
}

impl Checksum {
    /// The checksum of `content`, as receipts write it.
    pub fn of(content: &[u8]) -> String {
        let mut checksum = Self::default();
        checksum.update(content);
        checksum.to_hex()
    }

    /// Adds the next bytes.
    pub fn update(&mut self, content: &[u8]) {
        self.0.update(content);
    }

    /// As a number.
    pub fn value(&self) -> u64 {
        self.0.finalize()
    }

    /// As receipts write it: 16 hexadecimal digits.
    pub fn to_hex(&self) -> String {
        format!("{:016x}", self.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_crc_64_nvme_whatever_the_pieces() {
        // The check value of CRC-64/NVME in the catalogue of parametrised CRC algorithms.
        assert_eq!(Checksum::of(b"123456789"), "ae8b14860a799888");
        let mut pieces = Checksum::default();
        pieces.update(b"1234");
        pieces.update(b"56789");
        assert_eq!(pieces.to_hex(), "ae8b14860a799888");
    }
}
