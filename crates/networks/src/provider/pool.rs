//! Several providers of one chain: who is asked, who is left alone for a while, and who is not trusted.
//!
//! A question goes to one provider; when it has no answer, to the next. An answer is always one provider's, never put
//! together from several. No provider is believed before it has shown that it answers for the same chain as the others.

use super::{CallError, Node, ProviderError, ProviderState};
use crate::network::{Identity, NetworkError};
use core::{
    future::Future,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use futures_util::future::join_all;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::time::Instant;

/// How long providers are left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// After a first failure; it doubles with each further one in a row.
    pub first: Duration,
    /// At most, however often it failed. A provider may itself ask for longer.
    pub longest: Duration,
    /// After it answered for another chain.
    pub quarantine: Duration,
    /// How long it is believed to be of the same chain before it is asked for its identity again.
    pub identity: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            longest: Duration::from_secs(30),
            quarantine: Duration::from_secs(300),
            identity: Duration::from_secs(600),
        }
    }
}

/// An answer, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered<T> {
    /// The provider's name.
    pub provider: String,
    /// What it answered.
    pub value: T,
}

/// The providers of one chain, in the order in which the operator prefers them.
pub struct Pool<N> {
    members: Vec<Member<N>>,
    patience: Patience,
    /// The chain that they agreed on. Asked anew at each start; whether it is the one of first contact, the scanner checks.
    agreed: Mutex<Option<Identity>>,
    /// Who answered last: asked first, because two providers may be on two branches.
    current: AtomicUsize,
}

struct Member<N> {
    node: Arc<N>,
    health: Mutex<Health>,
}

#[derive(Default)]
struct Health {
    failures_in_row: u32,
    left_alone_until: Option<Instant>,
    last_error: Option<(&'static str, String)>,
    quarantine: Option<String>,
    /// When it was last seen to be of the agreed chain; `None` again after each failure.
    verified_at: Option<Instant>,
    /// Failures since the start, by their class.
    failures: BTreeMap<&'static str, u64>,
}

impl Health {
    fn count(&mut self, class: &'static str) {
        let failures = self.failures.entry(class).or_default();
        *failures = failures.saturating_add(1);
    }
}

impl<N: Node> Pool<N> {
    /// A pool of these providers, the preferred one first. Without any, every question fails.
    #[must_use]
    pub fn new(nodes: Vec<N>, patience: Patience) -> Self {
        let members = nodes.into_iter().map(|node| Member { node: Arc::new(node), health: Mutex::default() }).collect();
        Self { members, patience, agreed: Mutex::default(), current: AtomicUsize::new(0) }
    }

    /// Every provider, whether it is asked at this moment or not: for `doctor`.
    pub fn nodes(&self) -> impl Iterator<Item = &Arc<N>> {
        self.members.iter().map(|member| &member.node)
    }

    /// How each provider is.
    #[must_use]
    pub fn states(&self) -> Vec<ProviderState> {
        let now = Instant::now();
        self.members.iter().map(|member| member.state(now)).collect()
    }

    /// Asks the provider that answered last, and the others in their order when it has no answer.
    ///
    /// # Errors
    /// When nobody has an answer: [`NetworkError::Lagging`] when somebody might have one later.
    pub async fn ask<T, F, Fut>(&self, question: F) -> Result<Answered<T>, NetworkError>
    where
        F: Fn(Arc<N>) -> Fut + Send,
        Fut: Future<Output = Result<T, ProviderError>> + Send,
        T: Send,
    {
        self.ask_from(self.current.load(Ordering::Relaxed), question).await
    }

    /// Asks the preferred provider, and the others in their order when it has no answer: for a question after which the next
    /// ones go to whoever answered it.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub async fn ask_from_first<T, F, Fut>(&self, question: F) -> Result<Answered<T>, NetworkError>
    where
        F: Fn(Arc<N>) -> Fut + Send,
        Fut: Future<Output = Result<T, ProviderError>> + Send,
        T: Send,
    {
        self.ask_from(0, question).await
    }

    /// Asks one other provider than the named one, for a second opinion. `None`: there is none that answers.
    pub async fn ask_another<T, F, Fut>(&self, than: &str, question: F) -> Option<Answered<T>>
    where
        F: Fn(Arc<N>) -> Fut + Send,
        Fut: Future<Output = Result<T, ProviderError>> + Send,
        T: Send,
    {
        for member in self.members.iter().filter(|member| member.node.name() != than) {
            if let Ok(value) = self.ask_one(member, &question).await {
                return Some(Answered { provider: member.node.name().to_owned(), value });
            }
        }
        None
    }

    /// Asks this provider first from now on, as if it had answered last.
    pub fn turn_to(&self, provider: &str) {
        if let Some(index) = self.members.iter().position(|member| member.node.name() == provider) {
            self.current.store(index, Ordering::Relaxed);
        }
    }

    /// Leaves a provider alone for as long as after one more failure: it answers, but not so that it can be relied on.
    pub fn distrust(&self, provider: &str, error: &ProviderError) {
        for member in self.members.iter().filter(|member| member.node.name() == provider) {
            member.note_failure(error, self.patience);
        }
    }

    /// The chain that the providers answer for.
    ///
    /// # Errors
    /// When nobody answers, or they disagree.
    pub async fn identity(&self) -> Result<Identity, NetworkError> {
        self.ask(|node| async move { node.identity().await }).await.map(|answered| answered.value)
    }

    async fn ask_from<T, F, Fut>(&self, start: usize, question: F) -> Result<Answered<T>, NetworkError>
    where
        F: Fn(Arc<N>) -> Fut + Send,
        Fut: Future<Output = Result<T, ProviderError>> + Send,
        T: Send,
    {
        let mut failures = Vec::new();
        let first = core::iter::once(start);
        for index in first.chain((0..self.members.len()).filter(|index| *index != start)) {
            let Some(member) = self.members.get(index) else { continue };
            match self.ask_one(member, &question).await {
                Ok(value) => {
                    self.current.store(index, Ordering::Relaxed);
                    return Ok(Answered { provider: member.node.name().to_owned(), value });
                }
                Err(error) => failures.push((member.node.name(), error)),
            }
        }
        Err(summary(failures))
    }

    async fn ask_one<T, F, Fut>(&self, member: &Member<N>, question: &F) -> Result<T, ProviderError>
    where
        F: Fn(Arc<N>) -> Fut + Send,
        Fut: Future<Output = Result<T, ProviderError>> + Send,
        T: Send,
    {
        if let Some(error) = member.left_alone(Instant::now()) {
            return Err(error);
        }
        let answer = match self.verify(member).await {
            Ok(()) => question(Arc::clone(&member.node)).await,
            Err(error) => Err(error),
        };
        match &answer {
            Ok(_) => member.note_success(),
            Err(ProviderError::Lagging { .. }) => member.note_lag(),
            Err(error) => member.note_failure(error, self.patience),
        }
        answer
    }

    /// Whether a provider is of the agreed chain; agrees on one first where that was not done since the start.
    async fn verify(&self, member: &Member<N>) -> Result<(), ProviderError> {
        if member.is_verified(self.patience.identity) {
            return Ok(());
        }
        let agreed = self.agreed().clone();
        let Some(agreed) = agreed else { return self.agree(member).await };
        let identity = member.node.identity().await?;
        if identity != agreed {
            return Err(ProviderError::OtherChain(format!("it answers for {identity}, the others for {agreed}")));
        }
        member.note_verified();
        Ok(())
    }

    /// Asks everybody which chain they are of. What most say is agreed; where no side has more, nobody is believed.
    async fn agree(&self, asking: &Member<N>) -> Result<(), ProviderError> {
        let answers = join_all(self.members.iter().map(|member| member.node.identity())).await;
        let mut sides: Vec<(Identity, Vec<&Member<N>>)> = Vec::new();
        let mut own = None;
        for (member, answer) in self.members.iter().zip(answers) {
            let is_asking = core::ptr::eq(member, asking);
            match answer {
                Ok(identity) => match sides.iter_mut().find(|(side, _)| *side == identity) {
                    Some((_, on_it)) => on_it.push(member),
                    None => sides.push((identity, vec![member])),
                },
                Err(error) if is_asking => own = Some(error),
                Err(error) => member.note_failure(&error, self.patience),
            }
        }
        sides.sort_by_key(|(_, on_it)| core::cmp::Reverse(on_it.len()));
        let mut sides = sides.into_iter();
        let Some((agreed, believed)) = sides.next() else { return own.map_or(Ok(()), Err) };
        let others: Vec<(Identity, Vec<&Member<N>>)> = sides.collect();
        if others.first().is_some_and(|(_, on_it)| on_it.len() == believed.len()) {
            return Err(ProviderError::Inconsistent(disagreement(&agreed, &believed, &others)));
        }
        for (identity, member) in others.iter().flat_map(|(side, on_it)| on_it.iter().map(move |one| (side, one))) {
            let error =
                ProviderError::OtherChain(format!("it answers for {identity}, most of the others for {agreed}"));
            if core::ptr::eq(*member, asking) {
                own = Some(error);
            } else {
                member.note_failure(&error, self.patience);
            }
        }
        *self.agreed() = Some(agreed);
        for member in believed {
            member.note_verified();
        }
        own.map_or(Ok(()), Err)
    }

    fn agreed(&self) -> MutexGuard<'_, Option<Identity>> {
        self.agreed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<N: Node> Member<N> {
    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why it is not asked now, if so: its last failure.
    fn left_alone(&self, now: Instant) -> Option<ProviderError> {
        let health = self.health();
        let until = health.left_alone_until.filter(|until| *until > now)?;
        let seconds = until.saturating_duration_since(now).as_secs().saturating_add(1);
        let (_, words) = health.last_error.clone()?;
        Some(match &health.quarantine {
            Some(reason) => ProviderError::OtherChain(reason.clone()),
            None => CallError::Connect(format!("it is left alone for {seconds} s more after: {words}")).into(),
        })
    }

    fn is_verified(&self, patience: Duration) -> bool {
        self.health().verified_at.is_some_and(|at| at.elapsed() < patience)
    }

    fn note_verified(&self) {
        self.health().verified_at = Some(Instant::now());
    }

    fn note_success(&self) {
        let mut health = self.health();
        health.failures_in_row = 0;
        health.left_alone_until = None;
        health.quarantine = None;
    }

    fn note_lag(&self) {
        let mut health = self.health();
        health.count("lagging");
        health.last_error = Some(("lagging", "it had not seen as far as the others".to_owned()));
    }

    fn note_failure(&self, error: &ProviderError, patience: Patience) {
        let mut health = self.health();
        let doublings = health.failures_in_row.min(16);
        let backed_off = patience.first.saturating_mul(1_u32 << doublings).min(patience.longest);
        let pause = match error {
            ProviderError::Call(CallError::Status { retry_after: Some(asked), .. }) => backed_off.max(*asked),
            ProviderError::OtherChain(_) => patience.quarantine,
            ProviderError::Call(_) | ProviderError::Lagging { .. } | ProviderError::Inconsistent(_) => backed_off,
        };
        health.failures_in_row = health.failures_in_row.saturating_add(1);
        health.left_alone_until = Instant::now().checked_add(pause);
        health.verified_at = None;
        health.count(error.class());
        health.last_error = Some((error.class(), error.to_string()));
        health.quarantine = match error {
            ProviderError::OtherChain(reason) => Some(reason.clone()),
            ProviderError::Call(_) | ProviderError::Lagging { .. } | ProviderError::Inconsistent(_) => None,
        };
    }

    fn state(&self, now: Instant) -> ProviderState {
        let health = self.health();
        ProviderState {
            name: self.node.name().to_owned(),
            is_available: health.left_alone_until.is_none_or(|until| until <= now),
            failures_in_row: health.failures_in_row,
            last_error: health.last_error.clone(),
            quarantine: health.quarantine.clone(),
            usage: self.node.usage(),
            failures: health.failures.clone(),
        }
    }
}

fn disagreement<N: Node>(agreed: &Identity, believed: &[&Member<N>], others: &[(Identity, Vec<&Member<N>>)]) -> String {
    let names = |members: &[&Member<N>]| members.iter().map(|m| m.node.name()).collect::<Vec<_>>().join(", ");
    let mut text = format!("the providers disagree about the chain: {} for {agreed}", names(believed));
    for (identity, members) in others {
        text.push_str(&format!("; {} for {identity}", names(members)));
    }
    text
}

/// What nobody's having an answer comes to.
fn summary(failures: Vec<(&str, ProviderError)>) -> NetworkError {
    let farthest = failures.iter().filter_map(|(_, error)| match error {
        ProviderError::Lagging { head, asked } => Some((*head, *asked)),
        ProviderError::Call(_) | ProviderError::Inconsistent(_) | ProviderError::OtherChain(_) => None,
    });
    if let Some((head, asked)) = farthest.max() {
        return NetworkError::Lagging { head, asked };
    }
    let is_unreachable = |error: &ProviderError| matches!(error, ProviderError::Call(_));
    if let [(_, _)] | [] = failures.as_slice() {
        let mut failures = failures.into_iter();
        return failures.next().map_or_else(
            || NetworkError::Unreachable("no provider is configured".to_owned()),
            |(name, error)| error.named(name),
        );
    }
    let all: Vec<String> = failures.iter().map(|(name, error)| format!("{name}: {error}")).collect();
    if failures.iter().all(|(_, error)| is_unreachable(error)) {
        NetworkError::Unreachable(all.join("; "))
    } else {
        NetworkError::Inconsistent(all.join("; "))
    }
}
