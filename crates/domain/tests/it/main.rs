//! The domain's promises from outside: life cycles as text tables, properties, exact fractions, stored forms.
#![cfg(test)]

mod fractions;
mod json;
mod life_cycles;
mod properties;
mod scenario;
mod world;
