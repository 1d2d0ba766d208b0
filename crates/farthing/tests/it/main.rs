//! The built program, spoken to as an operator would.
#![cfg(test)]

mod commands;
mod demo;
mod kill;
mod program;
