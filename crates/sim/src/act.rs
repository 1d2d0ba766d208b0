//! Doing what was chosen, and judging at once what was answered: a refusal that the contract foresees is an answer, anything
//! else is a failure of the run.

pub(crate) mod alter;
pub(crate) mod callbacks;
mod chain;
mod hooks;
mod permanent;
mod shop;
mod spite;
pub(crate) mod together;

use crate::{plan::Action, simulation::Simulation};
use std::fmt::Display;

/// An answer in words, or what went wrong.
pub type Outcome<T> = Result<T, String>;

impl Simulation {
    /// Does it. The answer becomes part of the trace.
    pub(crate) async fn perform(&mut self, action: Action) -> Outcome<String> {
        match action {
            Action::Create { owner, body, dialect } => self.create(owner, &body, dialect).await,
            Action::Repeat { merchant, key, is_same } => self.repeat(merchant, &key, is_same).await,
            Action::Activate { invoice, asset, by_page } => self.activate(invoice, asset, by_page).await,
            Action::TakePermanent { owner, asset, key } => self.take_permanent(owner, asset, key).await,
            Action::Cancel { invoice, by_page } => self.cancel(invoice, by_page).await,
            Action::Pay { network, outputs } => self.pay(network, outputs).await,
            Action::Replace { network, transaction, outputs } => self.replace(network, &transaction, outputs).await,
            Action::Mine { network, count } => self.mine(network, count).await,
            Action::Reorganise { network, depth, drop, to_mempool } => {
                self.reorganise(network, depth, &drop, to_mempool).await
            }
            Action::Scan(network) => self.scan(network).await,
            Action::ScanAll => self.scan_all().await,
            Action::Expire => self.expire().await,
            Action::MoveClock(seconds) => {
                self.move_clock(seconds);
                done()
            }
            Action::AdvanceTestClock(seconds) => self.advance(seconds).await,
            Action::Deliver => self.deliver().await,
            Action::DieDelivering => self.die_delivering().await,
            Action::Restart(seconds) => {
                self.move_clock(seconds);
                self.restart().await?;
                done()
            }
            Action::Lie(network, lie) => {
                self.races.set_lie(network, lie);
                done()
            }
            Action::Together(tasks, dies_after) => self.together(tasks, dies_after).await,
            Action::Snoop { owner, invoice } => self.snoop(owner, invoice).await,
            Action::Alter { invoice, what, meanwhile } => self.alter(invoice, what, meanwhile).await,
            Action::Reconfigure(configuration) => self.reconfigure(configuration).await,
            Action::Misbehave(network, faults) => {
                self.gateway()?.simulated(network).ok_or("no such network")?.set_faults(faults);
                done()
            }
            Action::Race(network, race) => {
                self.races.set(network, race);
                done()
            }
            Action::AddEndpoint(owner, events) => self.add_endpoint(owner, events).await,
            Action::ChangeEndpoint(id, events) => self.change_endpoint(id, events).await,
            Action::DeleteEndpoint(id) => self.delete_endpoint(id).await,
            Action::Rotate(id, overlap) => self.rotate(id, overlap).await,
            Action::SetMood(id, mood) => {
                let url = self.url_of(id)?;
                self.receivers.set_mood(&url, mood);
                done()
            }
            Action::SetCallbackMood(owner, dialect, mood) => self.set_callback_mood(owner, dialect, mood),
            Action::SendTestEvent(id) => self.send_test_event(id).await,
            Action::Redeliver(id) => self.redeliver(id).await,
            Action::Nothing => done(),
        }
    }

    fn move_clock(&mut self, seconds: i64) {
        self.clock.move_by_ms(seconds.saturating_mul(1000));
        self.set_back_seconds = self.set_back_seconds.saturating_sub(seconds.min(0));
    }
}

pub(crate) fn done() -> Outcome<String> {
    Ok("done".to_owned())
}

/// Whether an answer is one that a store gives when its disk fails.
pub(crate) fn is_of_the_disk(problem: &str) -> bool {
    ["the disk is full or failing", "a commit failed", "the store has failed", "disk I/O error"]
        .iter()
        .any(|words| problem.contains(words))
}

/// An error that nothing in the simulation gives a reason for.
pub(crate) fn unexpected(error: impl Display) -> String {
    format!("unexpected: {error}")
}
