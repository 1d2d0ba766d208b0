//! What holds across the five APIs, spoken to one router over a real gateway.

mod apart;
mod merchant;
mod money;
mod overtaken;
mod schedules;
