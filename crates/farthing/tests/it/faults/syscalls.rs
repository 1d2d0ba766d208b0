//! Every system call of the store's writer, in three flows, as the last one or as one that fails.
//!
//! `strace` is attached to the writer's thread of a running server just before a flow: creating an invoice, applying a payment,
//! writing down a delivery. At the n-th call of a kind the process is killed, or the call answers `EIO` or `ENOSPC`; for every n
//! that the flow reaches. Then the server either goes on or has ended by itself, and what the shop was told, or asks again, is
//! there once. The other threads' calls are in [`others`], those of a start, an end and a restore in [`starts`].

mod others;
mod starts;

use super::{
    books::{Books, all, text, the_feed_has_no_gap},
    receiver::Receiver,
    rounds, run,
    server::{Installation, Server, signal},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fmt::Debug,
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, sleep},
};

/// Cases in the test run; `cargo xtask syscalls` takes all.
const CASES: usize = 110;
/// Cases at the same time.
const AT_ONCE: usize = 3;
/// The calls that change a disk, or read it. `write` is none of SQLite's: the thread wakes others with it.
const CALLS: &str = "pwrite64,pread64,fsync,fdatasync,ftruncate,rename,unlink,openat";
const POLLS: usize = 12_000;
/// Looks whether `strace` has let go: it always does, but for what `Strace::detach` says.
const POLLS_OF_STRACE: usize = 1500;
const PAUSE: Duration = Duration::from_millis(10);
/// How long a flow may take in which a call failed: it ends before, or never.
const FLOW_MAX: Duration = Duration::from_secs(300);
const WRITER: &str = "store-writer";

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Flow {
    Create,
    Block,
    Deliver,
    /// The marks beside the database follow what was handed out.
    Marks,
}

/// Whose system calls are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Whom {
    /// The store's writer's.
    Writer,
    /// Every thread's; those on these places in the data folder only, if there are any.
    All(Vec<&'static str>),
}

#[derive(Debug, Clone)]
struct Case {
    flow: Flow,
    whom: Whom,
    call: String,
    number: usize,
    fault: &'static str,
}

/// Says which case it was that failed.
struct Told(String);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("the case that failed: {}", self.0);
        }
    }
}

/// Runs about as many cases as are wanted, a few at the same time; what each came to. They are evenly spread, and by no step that a
/// number of `faults` divides: every fault is among them, and each call's first and last when there are enough.
async fn run_some<C: Debug, F: Future<Output: Send> + Send + 'static>(
    cases: Vec<C>,
    wanted: usize,
    faults: &[usize],
    inject: impl Fn(C) -> F,
) -> Vec<F::Output> {
    let step = cases.len().div_ceil(wanted.max(1)).max(1);
    let step = (step..).find(|step| *step == 1 || !faults.iter().any(|count| step.is_multiple_of(*count))).unwrap();
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    for case in cases.into_iter().step_by(step) {
        let (room, told) = (Arc::clone(&room), Told(format!("{case:?}")));
        let injected = inject(case);
        running.spawn(async move {
            let _permit = room.acquire().await.unwrap();
            let _told = told;
            injected.await
        });
    }
    running.join_all().await
}

/// How often each of these came about.
fn counted<E: Ord>(ends: impl IntoIterator<Item = E>) -> BTreeMap<E, usize> {
    let mut counts = BTreeMap::new();
    for end in ends {
        *counts.entry(end).or_default() += 1;
    }
    counts
}

#[test]
fn every_system_call_of_the_writer_may_fail_or_be_the_last() {
    run(every_call(rounds("FARTHING_SYSCALLS", CASES)));
}

async fn every_call(cases_max: usize) {
    let template = Arc::new(template().await);
    let mut cases = Vec::new();
    for flow in [Flow::Create, Flow::Block, Flow::Deliver] {
        let counts = counts(&template, flow).await;
        println!("system calls of {flow:?}: {counts:?}");
        for (call, count) in counts {
            for (number, fault) in
                (1..=count).flat_map(|number| ["signal=KILL", "error=EIO", "error=ENOSPC"].map(|fault| (number, fault)))
            {
                cases.push(Case { flow, whom: Whom::Writer, call: call.clone(), number, fault });
            }
        }
    }
    let possible = cases.len();
    let injected = |case: Case| {
        let template = Arc::clone(&template);
        async move { inject(&template, &case).await }
    };
    let ended = run_some(cases, cases_max, &[3], injected).await;
    let longest = ended.iter().map(|(_, took)| *took).max().unwrap_or_default();
    let (count, ends) = (ended.len(), counted(ended.into_iter().map(|(end, _)| end)));
    println!("system calls: {count} of {possible} cases, {ends:?}; ended by itself within {} ms", longest.as_millis());
}

/// A stopped installation with one invoice that waits for its payment.
async fn template() -> (Installation, String) {
    let installation = Installation::new();
    let server = installation.start().await;
    let answer = Books::default().create(&mut server.connect().await, "template").await.unwrap().expect(&[201]);
    server.terminate().await;
    (installation, text(answer.data(), "id"))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// One flow on one copy of the template.
struct Scene {
    installation: Installation,
    books: Books,
    receiver: Receiver,
    /// The template's invoice.
    invoice: String,
    /// The deliveries' list, when they are what it is about.
    deliveries: Option<String>,
}

impl Scene {
    /// A running server, just before the flow.
    async fn begin((template, invoice): &(Installation, String), flow: Flow) -> (Self, Server) {
        let installation = template.copied(copy);
        let server = installation.start().await;
        let receiver = Receiver::start().await;
        let mut scene =
            Self { installation, books: Books::default(), receiver, invoice: invoice.clone(), deliveries: None };
        if flow == Flow::Marks {
            assert!(scene.do_marks_know(&server, 1).await, "the template's invoice");
        }
        if flow == Flow::Deliver {
            scene.receiver.hold(true);
            let body = json!({"url": scene.receiver.url("/"), "events": ["invoice.created"]});
            let mut connection = server.connect().await;
            let endpoint = connection.post("/api/v1/webhook-endpoints", &body).await.unwrap().expect(&[201]);
            let id = text(endpoint.data(), "id");
            scene.deliveries = Some(format!("/api/v1/webhook-endpoints/{id}/deliveries"));
            scene.books.create(&mut connection, "told").await.unwrap().expect(&[201]);
            scene.receiver.arrived(1).await;
        }
        (scene, server)
    }

    /// The flow itself; answers whether all of it is done.
    async fn flow(&self, server: &mut Server, flow: Flow) -> bool {
        let Ok(mut connection) = server.try_connect().await else { return false };
        match flow {
            Flow::Create => {
                self.books.create(&mut connection, "asked").await.is_some_and(|answer| answer.status == 201)
            }
            Flow::Block => {
                let answer = self.books.pay(&mut connection, &self.invoice).await;
                answer.is_some_and(|answer| answer.status == 201) && self.shows_payment(server).await
            }
            Flow::Deliver => {
                self.receiver.hold(false);
                self.is_attempted(server).await
            }
            Flow::Marks => {
                let answer = self.books.create(&mut connection, "asked").await;
                answer.is_some_and(|answer| answer.status == 201) && self.do_marks_know(server, 2).await
            }
        }
    }

    /// Polls until the payment shows; false when the server is gone.
    async fn shows_payment(&self, server: &mut Server) -> bool {
        let path = format!("/api/v1/invoices/{}", self.invoice);
        poll(server, &path, |invoice| invoice["data"]["payments"].as_array().is_some_and(|all| !all.is_empty())).await
    }

    async fn is_delivered(&self, server: &mut Server) -> bool {
        let Some(path) = &self.deliveries else { return true };
        poll(server, path, |list| list["data"].as_array().is_some_and(|all| all.iter().all(is_delivered))).await
    }

    /// Polls until the delivery's attempt is written down, whatever came of it; false when the server is gone.
    async fn is_attempted(&self, server: &mut Server) -> bool {
        let Some(path) = &self.deliveries else { return true };
        let is_written = |delivery: &Value| delivery["attempts"].as_array().is_some_and(|all| !all.is_empty());
        poll(server, path, |list| list["data"].as_array().is_some_and(|all| all.iter().all(is_written))).await
    }

    /// Everything that was told, or is asked again, is there once, and nothing else.
    async fn compare(&self, server: &mut Server, flow: Flow) {
        self.books.ask_again(server).await;
        if flow == Flow::Block && self.books.paid() == 0 {
            // Mining answers when the chain was scanned to its tip: what the cut-off call left on the chain shows then.
            let mine = json!({"count": 1});
            let mut connection = server.connect().await;
            connection.post("/api/v1/test/networks/bitcoin/blocks", &mine).await.unwrap().expect(&[200, 201]);
            let path = format!("/api/v1/invoices/{}", self.invoice);
            let shown = server.connect().await.get(&path).await.unwrap().expect(&[200]);
            if shown.data()["payments"].as_array().unwrap().is_empty() {
                self.books.pay(&mut server.connect().await, &self.invoice).await.unwrap().expect(&[201]);
            }
        }
        if flow == Flow::Block {
            assert!(self.shows_payment(server).await, "a payment that was told is not applied");
        }
        assert!(self.is_attempted(server).await, "an event is not attempted");
        self.redeliver(server).await;
        assert!(self.is_delivered(server).await, "an event is not delivered");
        let invoices = all(server, "/api/v1/invoices?limit=100&offset=", |_, seen| seen).await;
        let expected = if flow == Flow::Block { 1 } else { 2 };
        assert_eq!(invoices.len(), expected, "one key makes one invoice: {invoices:?}");
        for invoice in &invoices {
            let payments = invoice["payments"].as_array().unwrap().len();
            assert_eq!(payments, usize::from(flow == Flow::Block), "a payment counts once: {invoice}");
        }
        let by_id = invoices.into_iter().map(|invoice| (text(&invoice, "id"), invoice)).collect();
        let feed = the_feed_has_no_gap(server, &by_id).await;
        if flow == Flow::Deliver {
            let told = feed
                .iter()
                .map(|event| text(event, "id"))
                .filter(|id| self.receiver.look(|received| received.iter().any(|got| got.header("webhook-id") == id)));
            assert_eq!(told.count(), 1, "exactly the event since the subscription is told");
        }
    }
}

fn is_delivered(delivery: &Value) -> bool {
    delivery["status"] == "delivered"
}

/// Asks until the answer is as it should be; false when the server is gone.
async fn poll(server: &mut Server, path: &str, is_it: impl Fn(&Value) -> bool) -> bool {
    for _ in 0..POLLS {
        let Ok(mut connection) = server.try_connect().await else { return false };
        let Ok(answer) = connection.get(path).await else { return false };
        if answer.status == 200 && is_it(&answer.body) {
            return true;
        }
        if answer.status != 200 && server.has_ended().is_some() {
            return false;
        }
        sleep(PAUSE).await;
    }
    panic!("{path} never was as it should be");
}

/// How often the writer makes each call in a flow.
async fn counts(template: &(Installation, String), flow: Flow) -> BTreeMap<String, usize> {
    let (scene, mut server) = Scene::begin(template, flow).await;
    let strace = Strace::attach(&scene.installation, &server, &Whom::Writer, &[format!("--trace={CALLS}")]);
    assert!(scene.flow(&mut server, flow).await, "{flow:?} fails without a fault");
    let mut counts = BTreeMap::new();
    for (_, call) in strace.detach(false).await.lines().filter_map(called) {
        *counts.entry(call.to_owned()).or_default() += 1;
    }
    counts
}

/// The thread, where `strace` names it, and the call that a line tells of.
fn called(line: &str) -> Option<(&str, &str)> {
    let (before, _) = line.split_once('(')?;
    let (thread, call) = before.rsplit_once(' ').unwrap_or(("", before));
    let is_call = !call.is_empty() && call.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit());
    is_call.then_some((thread.trim(), call))
}

/// What became of the server.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Killed,
    WentOn,
    EndedByItself,
}

async fn inject(template: &(Installation, String), case: &Case) -> (End, Duration) {
    let Case { flow, whom, call, number, fault } = case;
    let (scene, mut server) = Scene::begin(template, *flow).await;
    let trace = [format!("--trace={call}"), format!("--inject={call}:{fault}:when={number}")];
    let writer = server.thread(WRITER).to_string();
    let strace = Strace::attach(&scene.installation, &server, whom, &trace);
    let began = Instant::now();
    let is_done = tokio::select! {
        is_done = scene.flow(&mut server, *flow) => is_done,
        () = sleep(FLOW_MAX) => panic!("{case:?}: neither done nor ended"),
    };
    // A process with a tracer cannot be waited for until the tracer let it go.
    let said = strace.detach(is_killed(case) && !is_done).await;
    let (end, took) = if still_commits(&server, &scene.receiver).await {
        (End::WentOn, Duration::ZERO)
    } else {
        let status = server.ended().await.unwrap_or_else(|| panic!("{case:?}: ill, and does not end"));
        if status.code() == Some(1) { (End::EndedByItself, began.elapsed()) } else { (End::Killed, Duration::ZERO) }
    };
    let log = || scene.installation.log();
    if is_killed(case) {
        assert!(
            end == End::Killed || (end == End::WentOn && is_done),
            "{case:?}: {end:?}, {is_done}: {said} {}",
            log()
        );
    } else {
        assert!(end != End::Killed, "{case:?}: {}", log());
        assert!(is_done || said.contains("(INJECTED)"), "{case:?}: not reached, and yet the flow is not done: {said}");
    }
    // After a failed sync nobody knows what is on the disk, whatever the next one says.
    let is_of_writer = |line: &str| *whom == Whom::Writer || line.starts_with(&writer);
    let is_failed_sync =
        said.lines().any(|line| line.contains("sync(") && line.contains("(INJECTED)") && is_of_writer(line));
    assert!(!is_failed_sync || end == End::EndedByItself, "{case:?}: it went on");
    if end != End::WentOn {
        server = scene.installation.start().await;
    }
    scene.compare(&mut server, *flow).await;
    scene.installation.audit_finds_nothing();
    (end, took)
}

fn is_killed(case: &Case) -> bool {
    case.fault.contains("KILL")
}

/// Whether what is asked for now gets committed: after whatever the writer was at, which a look at the server's health might
/// come before.
async fn still_commits(server: &Server, receiver: &Receiver) -> bool {
    let Ok(mut connection) = server.try_connect().await else { return false };
    let of_nothing_here = json!({"url": receiver.url("/"), "events": ["invoice.expired"]});
    let asked = connection.post("/api/v1/webhook-endpoints", &of_nothing_here).await;
    asked.is_ok_and(|answer| answer.status == 201)
}

/// `strace` on some of the server's threads.
pub(super) struct Strace {
    process: Child,
    said: std::path::PathBuf,
}

impl Strace {
    pub(super) fn attach(installation: &Installation, server: &Server, whom: &Whom, arguments: &[String]) -> Self {
        let said = installation.beside("strace");
        let mut command = Command::new("strace");
        command.args(arguments);
        match whom {
            Whom::Writer => command.args(["-p", &server.thread(WRITER).to_string()]),
            Whom::All(places) => {
                for place in places {
                    command.arg("-P").arg(installation.data().join(place));
                }
                command.args(["-f", "-p", &server.id().to_string()])
            }
        };
        let mut process = command.arg("-o").arg(&said).stderr(Stdio::piped()).spawn().expect("strace is needed");
        let said_first = BufReader::new(process.stderr.as_mut().unwrap());
        // It says first which paths it takes for which.
        let attached = said_first.lines().map(Result::unwrap).find(|line| !line.contains("Requested path"));
        assert!(attached.as_ref().is_some_and(|line| line.contains("attached")), "{attached:?}");
        Self { process, said }
    }

    /// Lets go, and answers what was traced. `strace` never comes to its end when it is told to let go of threads that are just
    /// being killed: it gets time to see their end by itself, and is not asked twice.
    pub(super) async fn detach(mut self, is_killing: bool) -> String {
        if !(is_killing && self.has_ended().await) {
            signal(self.process.id(), "TERM");
            if !self.has_ended().await {
                self.process.kill().unwrap();
            }
            self.process.wait().unwrap();
        }
        fs::read_to_string(&self.said).unwrap()
    }

    async fn has_ended(&mut self) -> bool {
        for _ in 0..POLLS_OF_STRACE {
            if self.process.try_wait().unwrap().is_some() {
                return true;
            }
            sleep(PAUSE).await;
        }
        false
    }
}
