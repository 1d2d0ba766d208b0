//! Bitcoin, Litecoin and Dogecoin: blocks as bytes, and a real Bitcoin Core node on a private chain.

mod blocks;
mod bytes;
mod descriptors;
mod faults;
mod forgery;
mod inspect;
mod kin;
mod mempool;
mod node;
mod reorganisations;
