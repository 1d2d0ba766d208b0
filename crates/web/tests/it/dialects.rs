//! What holds across the five APIs, spoken to one router over a real gateway.

mod apart;
mod bodies;
mod doors;
mod members;
mod merchant;
mod money;
mod numbers;
mod overtaken;
mod schedules;
mod signed;
