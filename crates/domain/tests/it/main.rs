//! The domain's promises from outside: life cycles as text tables, properties, exact fractions, stored forms.
#![cfg(test)]
#![expect(clippy::arithmetic_side_effects, reason = "the profile of tests checks every overflow")]

mod by_coin;
mod fractions;
mod json;
mod life_cycles;
mod properties;
mod scenario;
mod world;
