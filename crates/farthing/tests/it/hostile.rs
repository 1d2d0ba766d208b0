//! The running program against those who want its secrets or its network.

mod browser;
mod callbacks;
mod certificate;
mod https;
mod outgoing;
mod secrets;
mod served;
