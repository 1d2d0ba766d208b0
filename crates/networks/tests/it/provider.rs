//! Providers that answer wrongly, late or not at all, and pools of several of them.

use farthing_networks::{
    network::{Identity, NetworkError},
    provider::{
        CallError, Node, NodeAnswer, Usage,
        http::{HttpNode, Limits, NodeClient},
        json_rpc::{Call, JsonRpc},
        node_url::NodeUrl,
        pool::{Patience, Pool},
    },
};
use farthing_peers::{
    fault_proxy::{Fault, FaultProxy},
    stand_in::StandIn,
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

const LIMITS: Limits =
    Limits { connect: Duration::from_secs(20), total: Duration::from_secs(20), answer_bytes_max: 100_000 };
/// For an answer that never comes.
const IMPATIENT: Limits = Limits { total: Duration::from_millis(500), ..LIMITS };
/// Nobody is left alone for long enough to be noticed.
const NONE: Patience = Patience {
    first: Duration::ZERO,
    longest: Duration::ZERO,
    quarantine: Duration::ZERO,
    identity: Duration::from_secs(600),
};
/// Whoever fails once is left alone for the rest of the test.
const LONG: Patience = Patience {
    first: Duration::from_secs(600),
    longest: Duration::from_secs(600),
    quarantine: Duration::from_secs(600),
    identity: Duration::from_secs(600),
};

fn http(url: &str) -> HttpNode {
    HttpNode::new(NodeClient::new(LIMITS).unwrap(), NodeUrl::parse(url).unwrap())
}

fn rpc(url: &str) -> JsonRpc {
    JsonRpc::new(http(url))
}

/// The client for a fault: one whose answer never comes is not waited for as long as for others.
fn rpc_for(fault: Option<&Fault>, url: &str) -> JsonRpc {
    let never = matches!(fault, Some(Fault::Hang | Fault::Drip));
    let client = NodeClient::new(if never { IMPATIENT } else { LIMITS }).unwrap();
    JsonRpc::new(HttpNode::new(client, NodeUrl::parse(url).unwrap()))
}

/// A node that repeats its first parameter, and is of a chain.
async fn echo(chain: &'static str) -> StandIn {
    StandIn::json_rpc(move |method, params| match method {
        "echo" => Ok(params[0].clone()),
        "chain" => Ok(json!(chain)),
        "nothing" => Ok(Value::Null),
        _ => Err((-32601, format!("the method {method} does not exist"))),
    })
    .await
    .unwrap()
}

fn echoes(numbers: &[u64]) -> Vec<Call> {
    numbers.iter().map(|number| Call::new("echo", json!([number]))).collect()
}

async fn batch(rpc: &JsonRpc, numbers: &[u64]) -> Result<Vec<u64>, CallError> {
    let results = rpc.batch(&echoes(numbers)).await?;
    Ok(results.into_iter().map(|result| result.unwrap().get().parse().unwrap()).collect())
}

struct Echo(JsonRpc);

impl Node for Echo {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn identity(&self) -> NodeAnswer<'_, Identity> {
        Box::pin(async { Ok(Identity { chain: self.0.call("chain", json!([])).await?, genesis: "0x00".to_owned() }) })
    }

    fn usage(&self) -> Usage {
        self.0.usage()
    }
}

fn pool(urls: &[String], patience: Patience) -> Pool<Echo> {
    let node = |(index, url): (usize, &String)| {
        let url = NodeUrl::parse(url).unwrap().named(format!("node {index}"));
        Echo(JsonRpc::new(HttpNode::new(NodeClient::new(LIMITS).unwrap(), url)))
    };
    Pool::new(urls.iter().enumerate().map(node).collect(), patience)
}

/// Asks for a seven; who answered it.
async fn ask(pool: &Pool<Echo>) -> Result<String, NetworkError> {
    let question = |node: Arc<Echo>| async move { Ok(node.0.call::<u64>("echo", json!([7])).await?) };
    let answered = pool.ask_from_first(question).await?;
    assert_eq!(answered.value, 7);
    Ok(answered.provider)
}

#[tokio::test]
async fn an_answer_is_only_what_answers_the_call() {
    let node = echo("a").await;
    let proxy = FaultProxy::before(&node.url()).await.unwrap();
    let rpc = rpc(&proxy.url());
    let broken: [(&str, Fault); 10] = [
        ("broken", Fault::Reset),
        ("broken", Fault::Truncate),
        ("malformed", Fault::HalfBody),
        ("malformed", Fault::HtmlPage),
        ("malformed", Fault::EmptyBody),
        ("malformed", Fault::WrongId),
        ("timeout", Fault::Hang),
        ("timeout", Fault::Drip),
        ("too_large", Fault::Endless(1 << 30)),
        ("node_error", Fault::ErrorInside(-32000, "header not found")),
    ];
    for (class, fault) in broken {
        let asking = rpc_for(Some(&fault), &proxy.url());
        proxy.set(fault);
        let error = asking.call::<Option<u64>>("echo", json!([1])).await.unwrap_err();
        assert_eq!(error.class(), class, "{error}");
        proxy.heal();
        assert_eq!(rpc.call::<u64>("echo", json!([1])).await, Ok(1), "after {class}");
    }
}

#[tokio::test]
async fn null_is_a_result_and_a_missing_result_is_not() {
    let node = StandIn::http(|_| (200, br#"{"jsonrpc":"2.0","id":1}"#.to_vec())).await.unwrap();
    let error = rpc(&node.url()).call::<Option<u64>>("echo", json!([])).await.unwrap_err();
    assert_eq!(error, CallError::Malformed("neither a result nor an error".to_owned()));
    let node = echo("a").await;
    assert_eq!(rpc(&node.url()).call::<Option<u64>>("nothing", json!([])).await, Ok(None));
}

#[tokio::test]
async fn an_overloaded_node_says_for_how_long_to_leave_it_alone() {
    let node = echo("a").await;
    let proxy = FaultProxy::before(&node.url()).await.unwrap();
    let rpc = rpc(&proxy.url());
    proxy.set(Fault::Status(429, Some(7)));
    let error = rpc.call::<u64>("echo", json!([1])).await.unwrap_err();
    assert_eq!(error, CallError::Status { status: 429, retry_after: Some(Duration::from_secs(7)) });
    assert_eq!(error.class(), "rate_limited");
    proxy.set(Fault::Status(500, None));
    let error = rpc.call::<u64>("echo", json!([1])).await.unwrap_err();
    assert_eq!(error, CallError::Status { status: 500, retry_after: None });
}

#[tokio::test]
async fn a_json_error_beside_a_status_of_failure_is_the_nodes_word() {
    // As Bitcoin Core answers.
    let body = br#"{"result":null,"error":{"code":-5,"message":"Block not found"},"id":1}"#;
    let node = StandIn::http(|_| (500, body.to_vec())).await.unwrap();
    let error = rpc(&node.url()).call::<Value>("getblock", json!([])).await.unwrap_err();
    assert_eq!(error, CallError::Node { code: -5, message: "Block not found".to_owned() });
}

#[tokio::test]
async fn a_batch_is_understood_in_any_order_and_refused_when_a_part_is_missing() {
    let node = echo("a").await;
    let proxy = FaultProxy::before(&node.url()).await.unwrap();
    let rpc = rpc(&proxy.url());
    let numbers: Vec<u64> = (0..50).collect();
    proxy.set(Fault::ShuffledBatch);
    assert_eq!(batch(&rpc, &numbers).await.unwrap(), numbers);
    proxy.set(Fault::ShortBatch);
    assert_eq!(batch(&rpc, &numbers).await.unwrap_err().class(), "malformed");
    proxy.set(Fault::WrongId);
    assert_eq!(batch(&rpc, &numbers).await.unwrap_err().class(), "malformed");
}

#[tokio::test]
async fn an_error_in_a_batch_is_that_calls_own() {
    let node = echo("a").await;
    let calls = [Call::new("echo", json!([1])), Call::new("typo", json!([])), Call::new("echo", json!([3]))];
    let results = rpc(&node.url()).batch(&calls).await.unwrap();
    assert_eq!(results[0].as_ref().unwrap().get(), "1");
    assert_eq!(results[1].as_ref().unwrap_err().class(), "node_error");
    assert_eq!(results[2].as_ref().unwrap().get(), "3");
}

#[tokio::test]
async fn a_node_that_refuses_batches_is_asked_one_by_one() {
    let node = echo("a").await;
    let proxy = FaultProxy::before(&node.url()).await.unwrap();
    let rpc = rpc(&proxy.url());
    proxy.set_times(1, Fault::Status(400, None));
    assert_eq!(batch(&rpc, &[1, 2, 3]).await.unwrap(), [1, 2, 3]);
    assert_eq!(proxy.requests(), 4);
    assert_eq!(batch(&rpc, &[4, 5]).await.unwrap(), [4, 5]);
    assert_eq!(proxy.requests(), 6, "and no batch is tried again");
}

#[tokio::test]
async fn a_url_with_a_password_is_used_and_never_repeated() {
    let node = StandIn::json_rpc(|_, _| Err((1, "no quota left for key 0123456789abcdef of hunter2".to_owned())));
    let node = node.await.unwrap();
    let proxy = FaultProxy::before(&node.url()).await.unwrap();
    let url = format!("{}/v3/0123456789abcdef", proxy.url().replace("http://", "http://user:hunter2@"));
    let rpc = rpc(&url);
    let mut seen = vec![format!("{rpc:?}"), rpc.name().to_owned()];
    for fault in [None, Some(Fault::Reset), Some(Fault::HtmlPage), Some(Fault::Hang), Some(Fault::Status(401, None))] {
        let asking = rpc_for(fault.as_ref(), &url);
        fault.map_or_else(|| proxy.heal(), |fault| proxy.set(fault));
        let error = asking.call::<Value>("echo", json!([])).await.unwrap_err();
        seen.extend([error.to_string(), format!("{error:?}")]);
    }
    for text in seen {
        assert!(!text.contains("hunter2") && !text.contains("0123456789abcdef"), "{text}");
    }
    assert_eq!(proxy.take_methods().len(), 5);
}

#[tokio::test]
async fn a_path_is_asked_below_the_url_and_only_200_is_an_answer() {
    let node = StandIn::http(|path| match path {
        "/api/blocks/tip/height" => (200, b"830000".to_vec()),
        "/api/away" => (302, Vec::new()),
        _ => (404, b"Block not found".to_vec()),
    });
    let node = node.await.unwrap();
    let http = http(&format!("{}/api", node.url()));
    assert_eq!(http.get("blocks/tip/height").await.unwrap(), b"830000");
    for (path, status) in [("block/00", 404), ("away", 302)] {
        assert_eq!(http.get(path).await.unwrap_err(), CallError::Status { status, retry_after: None });
    }
    assert_eq!(http.usage(), Usage { calls: 3, requests: 3, bytes: http.usage().bytes });
}

#[tokio::test]
async fn the_next_provider_is_asked_when_one_fails_and_the_first_again_when_it_is_well() {
    let node = echo("a").await;
    let proxy = FaultProxy::before(&node.url()).await.unwrap();
    let pool = pool(&[proxy.url(), node.url()], NONE);
    assert_eq!(ask(&pool).await.unwrap(), "node 0");
    proxy.set(Fault::HtmlPage);
    assert_eq!(ask(&pool).await.unwrap(), "node 1");
    let failed = &pool.states()[0];
    assert_eq!((failed.failures_in_row, failed.last_error.as_ref().unwrap().0), (1, "malformed"));
    proxy.heal();
    assert_eq!(ask(&pool).await.unwrap(), "node 0");
    assert_eq!(pool.states()[0].failures_in_row, 0);
}

#[tokio::test]
async fn a_provider_that_failed_is_left_alone_and_says_why() {
    let node = echo("a").await;
    let proxy = FaultProxy::before(&node.url()).await.unwrap();
    let pool = pool(&[proxy.url()], LONG);
    proxy.set(Fault::Status(503, None));
    assert!(matches!(ask(&pool).await, Err(NetworkError::Unreachable(_))));
    let requests = proxy.requests();
    let error = ask(&pool).await.unwrap_err().to_string();
    assert!(error.contains("left alone") && error.contains("503"), "{error}");
    assert_eq!(proxy.requests(), requests, "nothing was sent");
    assert!(!pool.states()[0].is_available);
}

#[tokio::test]
async fn a_provider_that_asks_for_it_is_left_alone_for_longer_than_usual() {
    let node = echo("a").await;
    let proxy = FaultProxy::before(&node.url()).await.unwrap();
    let pool = pool(&[proxy.url()], NONE);
    proxy.set(Fault::Status(429, None));
    assert!(ask(&pool).await.is_err());
    assert!(pool.states()[0].is_available, "it said nothing");
    proxy.set(Fault::Status(429, Some(60)));
    assert!(ask(&pool).await.is_err());
    let state = &pool.states()[0];
    assert_eq!((state.is_available, state.last_error.as_ref().unwrap().0), (false, "rate_limited"));
}

#[tokio::test]
async fn the_one_provider_of_another_chain_is_not_believed() {
    let (right, wrong) = (echo("a").await, echo("b").await);
    let pool = pool(&[wrong.url(), right.url(), right.url()], LONG);
    for _ in 0..3 {
        assert_eq!(ask(&pool).await.unwrap(), "node 1");
    }
    let state = &pool.states()[0];
    assert_eq!(
        state.quarantine.as_deref(),
        Some("it answers for b 0x00, most of the others for a 0x00"),
        "a finding that a person can act upon"
    );
    assert_eq!(pool.identity().await.unwrap().chain, "a");
}

#[tokio::test]
async fn where_two_providers_disagree_about_the_chain_nobody_is_believed() {
    let (one, other) = (echo("a").await, echo("b").await);
    let pool = pool(&[one.url(), other.url()], NONE);
    let error = ask(&pool).await.unwrap_err();
    assert!(matches!(error, NetworkError::Inconsistent(_)), "{error}");
    assert!(error.to_string().contains("node 0 for a 0x00; node 1 for b 0x00"), "{error}");
}

#[tokio::test]
async fn a_provider_that_was_away_at_the_start_is_checked_before_its_first_answer() {
    let (right, wrong) = (echo("a").await, echo("b").await);
    let proxy = FaultProxy::before(&wrong.url()).await.unwrap();
    proxy.set(Fault::Reset);
    let pool = pool(&[proxy.url(), right.url()], NONE);
    assert_eq!(ask(&pool).await.unwrap(), "node 1");
    proxy.heal();
    assert_eq!(ask(&pool).await.unwrap(), "node 1");
    assert!(pool.states()[0].quarantine.is_some());
}

#[tokio::test]
async fn a_second_opinion_is_another_providers() {
    let node = echo("a").await;
    let pool = pool(&[node.url(), node.url()], NONE);
    let question = |node: Arc<Echo>| async move { Ok(node.0.call::<u64>("echo", json!([7])).await?) };
    assert_eq!(pool.ask_another("node 0", question).await.unwrap().provider, "node 1");
    assert_eq!(pool.ask_another("node 1", question).await.unwrap().provider, "node 0");
    let calls: Vec<u64> = pool.states().iter().map(|state| state.usage.calls).collect();
    assert!(calls.iter().all(|calls| *calls >= 2), "{calls:?}");
}

#[tokio::test]
async fn without_providers_nothing_is_known() {
    assert!(matches!(ask(&pool(&[], NONE)).await, Err(NetworkError::Unreachable(_))));
}
