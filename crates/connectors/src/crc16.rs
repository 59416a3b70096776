//! CRC-16/XMODEM: what nkeys are checked by, and which slot of a Redis cluster a key lies in.

/// The checksum of `bytes`.
pub(crate) fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| match crc & 0x8000 {
            0 => crc << 1,
            _ => (crc << 1) ^ 0x1021,
        })
    })
}

#[cfg(test)]
mod tests {
    /// The check value of the catalogue of CRCs, which the specification of Redis clusters quotes too.
    #[test]
    fn the_check_value_is_met() {
        assert_eq!(super::crc16(b"123456789"), 0x31c3);
    }
}
