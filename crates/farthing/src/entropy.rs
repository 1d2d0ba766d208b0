//! Randomness: the operating system's.

use farthing_gateway::entropy::Entropy;

/// The operating system's random bytes.
pub(crate) struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        #[expect(clippy::expect_used, reason = "a system without randomness must not go on making secrets")]
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}
