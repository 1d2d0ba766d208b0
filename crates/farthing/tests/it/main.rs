//! The built program, spoken to as an operator would.
#![cfg(test)]

mod coinspaid;
mod commands;
mod contract;
mod demo;
mod dialects;
mod eventually;
mod faults;
mod hostile;
mod live;
mod payhubix;
mod program;
mod txcash;
mod txnpro;
