//! The description of the API, for programs and for people.

use crate::native::Shop;

#[tokio::test]
async fn the_document_is_openapi_3_1_and_describes_what_a_client_needs() {
    let shop = Shop::open().await;
    let document = shop.ask("GET", "/openapi.json", &[], "").await;
    assert_eq!(document.status, 200);
    assert!(
        document.json["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")),
        "{}",
        document.json["openapi"]
    );
    assert_eq!(document.json["servers"][0]["url"], "http://127.0.0.1:8080");
    assert_eq!(document.json["components"]["securitySchemes"]["X-API-Key"]["name"], "X-API-Key");
    let create = &document.json["paths"]["/api/v1/invoices"]["post"];
    assert_eq!(create["operationId"], "createInvoice");
    for status in ["200", "201", "400", "401", "403", "413", "415", "422", "429", "500", "503"] {
        assert!(create["responses"][status].is_object(), "{status}");
    }
    assert_eq!(create["responses"]["201"]["content"]["application/json"]["example"]["data"]["status"], "pending");
    assert!(create["requestBody"]["content"]["application/json"]["example"]["amount"].is_string());
}

#[tokio::test]
async fn the_document_changes_only_when_somebody_means_it_to() {
    let shop = Shop::open().await;
    insta::assert_snapshot!(shop.ask("GET", "/openapi.json", &[], "").await.text);
}

#[tokio::test]
async fn the_page_shows_every_route_and_loads_nothing_from_anybody() {
    let shop = Shop::open().await;
    let page = shop.ask("GET", "/docs", &[], "").await;
    assert_eq!(page.status, 200);
    let document = shop.ask("GET", "/openapi.json", &[], "").await;
    for (path, item) in document.json["paths"].as_object().unwrap() {
        assert!(page.text.contains(path), "{path}: {:.3000}", page.text);
        for operation in item.as_object().unwrap().values() {
            assert!(page.text.contains(&format!("id=\"{}\"", operation["operationId"].as_str().unwrap())));
        }
    }
    assert!(page.header("content-security-policy").starts_with("default-src 'none'; style-src 'self';"));
    assert!(!page.text.contains("<script") && !page.text.contains("style=") && !page.text.contains("src="));
    for part in page.text.split("href=\"").skip(1) {
        assert!(part.starts_with(['/', '#']), "{part:.40}");
        if let Some(anchor) = part.strip_prefix('#').and_then(|part| part.split('"').next()) {
            assert!(page.text.contains(&format!("id=\"{anchor}\"")), "{anchor}");
        }
    }
    assert_eq!(shop.ask("GET", "/docs/docs.css", &[], "").await.header("content-type"), "text/css; charset=utf-8");
}
