//! `SipHash`, the keyed hash of Aumasson and Bernstein (<https://www.aumasson.jp/siphash/>).
//!
//! Used with one round a word and three at the end, as Rust's own hash tables do. Not for
//! authentication.

/// SipHash-1-3 of the bytes under a 128-bit key.
pub(super) fn sip_hash_1_3(key: [u8; 16], bytes: &[u8]) -> u64 {
    sip_hash::<1, 3>(key, bytes)
}

struct State {
    v0: u64,
    v1: u64,
    v2: u64,
    v3: u64,
}

impl State {
    fn new(key: [u8; 16]) -> Self {
        let key = u128::from_le_bytes(key);
        let low = u64::try_from(key & u128::from(u64::MAX)).unwrap_or(0);
        let high = u64::try_from(key >> 64).unwrap_or(0);
        // "somepseudorandomlygeneratedbytes", as the paper has it.
        Self {
            v0: low ^ 0x736f_6d65_7073_6575,
            v1: high ^ 0x646f_7261_6e64_6f6d,
            v2: low ^ 0x6c79_6765_6e65_7261,
            v3: high ^ 0x7465_6462_7974_6573,
        }
    }

    fn round(&mut self) {
        self.v0 = self.v0.wrapping_add(self.v1);
        self.v1 = self.v1.rotate_left(13) ^ self.v0;
        self.v0 = self.v0.rotate_left(32);
        self.v2 = self.v2.wrapping_add(self.v3);
        self.v3 = self.v3.rotate_left(16) ^ self.v2;
        self.v0 = self.v0.wrapping_add(self.v3);
        self.v3 = self.v3.rotate_left(21) ^ self.v0;
        self.v2 = self.v2.wrapping_add(self.v1);
        self.v1 = self.v1.rotate_left(17) ^ self.v2;
        self.v2 = self.v2.rotate_left(32);
    }

    fn word<const ROUNDS: usize>(&mut self, word: u64) {
        self.v3 ^= word;
        for _ in 0..ROUNDS {
            self.round();
        }
        self.v0 ^= word;
    }
}

fn sip_hash<const WORD_ROUNDS: usize, const LAST_ROUNDS: usize>(key: [u8; 16], bytes: &[u8]) -> u64 {
    let mut state = State::new(key);
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        state.word::<WORD_ROUNDS>(u64::from_le_bytes(*word));
    }
    // The last word holds what is left over and, in its top byte, the length modulo 256.
    let mut last = [0_u8; 8];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    let [.., length] = &mut last;
    *length = u8::try_from(bytes.len() & 0xff).unwrap_or(0);
    state.word::<WORD_ROUNDS>(u64::from_le_bytes(last));
    state.v2 ^= 0xff;
    for _ in 0..LAST_ROUNDS {
        state.round();
    }
    state.v0 ^ state.v1 ^ state.v2 ^ state.v3
}

#[cfg(test)]
mod tests {
    use std::hash::{DefaultHasher, Hasher};

    use super::*;

    fn counting(length: u8) -> Vec<u8> {
        (0..length).collect()
    }

    #[test]
    fn sip_hash_2_4_agrees_with_the_published_vectors() {
        let key: [u8; 16] = counting(16).try_into().unwrap();
        let vectors = [
            (0, 0x726f_db47_dd0e_0e31),
            (1, 0x74f8_39c5_93dc_67fd),
            (2, 0x0d6c_8009_d9a9_4f5a),
            (3, 0x8567_6696_d7fb_7e2d),
            (4, 0xcf27_94e0_2771_87b7),
            (8, 0x93f5_f579_9a93_2462),
            (15, 0xa129_ca61_49be_45e5),
        ];
        for (length, expected) in vectors {
            assert_eq!(sip_hash::<2, 4>(key, &counting(length)), expected, "{length}");
        }
    }

    #[test]
    fn sip_hash_1_3_agrees_with_the_standard_library_under_its_zero_key() {
        for length in 0..200 {
            let mut hasher = DefaultHasher::new();
            hasher.write(&counting(length));
            assert_eq!(sip_hash_1_3([0; 16], &counting(length)), hasher.finish(), "{length}");
        }
    }
}
