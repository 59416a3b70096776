//! Buckets and APIs with evil in mind.

use crate::kit::{Asked, ends, ok, serve_http, status};

fn api(pages: &str, answer: impl Fn(&str) -> String + Clone + Send + 'static) -> Asked {
    Asked::of("http", serve_http(answer)).pages(pages)
}

const CURSOR: &str = "{by: cursor, parameter: after, next: next}";

#[test]
fn pages_that_come_again_end() {
    let round = |path: &str| {
        let next = if path.ends_with("after=a") { "b" } else { "a" };
        ok(&format!(r#"{{"rows":[{{"id":1}}],"next":"{next}"}}"#))
    };
    ends(api(CURSOR, round).rows(), "store-endless", "came before");
    ends(api(CURSOR, round).scan(), "store-endless", "came before");
    let same = |_: &str| ok(r#"{"rows":[{"id":1}],"time":"2026-01-01"}"#);
    ends(api("{by: number, parameter: page}", same).rows(), "store-endless", "came before");
    ends(api("{by: offset, parameter: from}", same).rows(), "store-endless", "came before");
    let link = |_: &str| status("200 OK", "Link: </people?p=2>; rel=\"next\"\r\n", r#"{"rows":[{"id":1}]}"#);
    ends(api("{by: link}", link).rows(), "store-endless", "came before");
}

#[test]
fn pages_without_rows_have_an_end() {
    let fresh = |path: &str| {
        let at: u64 = path.rsplit('=').next().unwrap().parse().unwrap_or(0);
        ok(&format!(r#"{{"rows":[],"next":"{}"}}"#, at + 1))
    };
    ends(api(CURSOR, fresh).rows(), "store-endless", "nothing in it");
}

#[test]
fn redirects_are_not_followed_and_secrets_stay() {
    for word in ["301 Moved", "302 Found", "307 Again", "308 Ever"] {
        let round = move |path: &str| status(word, &format!("Location: {path}\r\n"), "");
        ends(api(CURSOR, round).rows(), "store-refused", "status 30");
        ends(Asked::of("s3", serve_http(round)).open().map(drop), "store-refused", "30");
    }
    let away = |_: &str| status("200 OK", "Link: <http://127.0.0.2:1/x>; rel=\"next\"\r\n", r#"{"rows":[]}"#);
    ends(api("{by: link}", away).rows(), "store-refused", "another server");
}

#[test]
fn answers_that_would_fill_the_memory_are_refused() {
    let deep = |_: &str| ok(&"[".repeat(1 << 20));
    ends(api(CURSOR, deep).rows(), "store-refused", "no JSON");
    let many = |_: &str| ok(&format!("{{\"rows\":[{}0]}}", "0,".repeat(3 << 20)));
    ends(api(CURSOR, many).rows(), "store-refused", "no JSON");
    let promised = |_: &str| "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{".to_owned();
    let fault = api(CURSOR, promised).rows().unwrap_err();
    assert!(["store-timeout", "store-unreachable"].contains(&fault.code()), "{fault}");
    let chunks = |_: &str| {
        let part = format!("10000\r\n{}\r\n", " ".repeat(1 << 16));
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}", part.repeat(1_100))
    };
    let fault = api(CURSOR, chunks).rows().unwrap_err();
    assert!(["store-timeout", "store-unreachable"].contains(&fault.code()), "{fault}");
    let headers = |_: &str| format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(100_000));
    let fault = api(CURSOR, headers).rows().unwrap_err();
    assert!(["store-timeout", "store-unreachable"].contains(&fault.code()), "{fault}");
}

#[test]
fn a_server_that_always_says_later_is_left() {
    ends(api(CURSOR, |_| status("429 Later", "Retry-After: 0\r\n", "")).rows(), "store-busy", "429");
    ends(api(CURSOR, |_| status("503 Later", "Retry-After: 99999999\r\n", "")).rows(), "store-busy", "503");
    ends(api(CURSOR, |_| status("429 Later", "Retry-After: \u{fc}x\r\n", "")).rows(), "store-busy", "429");
}

/// With an API that wants a token of its own server.
fn with_token(answer: impl Fn(&str) -> String + Clone + Send + 'static) -> Asked {
    let asked = api(CURSOR, answer);
    let place = asked.access.folder.join("api.yaml");
    let described = std::fs::read_to_string(&place).unwrap();
    std::fs::write(&place, format!("{described}oauth2: {{token: /token}}\n")).unwrap();
    asked
}

#[test]
fn a_token_that_lives_longer_than_any_clock_is_taken() {
    for life in ["18446744073709551615", "9223372036854775807", "-1", "\"soon\"", "1e400"] {
        let token = move |path: &str| match path.ends_with("/token") {
            true => ok(&format!(r#"{{"access_token":"t","expires_in":{life}}}"#)),
            false => ok(r#"{"rows":[{"id":1}]}"#),
        };
        assert_eq!(with_token(token).rows().unwrap(), ["1"], "{life}");
    }
    ends(with_token(|_| ok(&"[".repeat(1 << 19))).rows(), "store-login-refused", "gives no token");
}

/// A bucket whose listings are `answer` of the query.
fn bucket(answer: impl Fn(&str) -> String + Clone + Send + 'static) -> Asked {
    Asked::of(
        "s3",
        serve_http(move |path| match path.contains("versioning") {
            true => ok("<VersioningConfiguration/>"),
            false => ok(&answer(path)),
        }),
    )
}

fn listing(rest: &str) -> String {
    format!("<?xml version=\"1.0\"?><ListBucketResult>{rest}</ListBucketResult>")
}

#[test]
fn listings_that_go_round_end() {
    let item = "<Contents><Key>a.csv</Key><Size>1</Size></Contents>";
    for token in ["NextContinuationToken", "NextKeyMarker"] {
        let round = move |_: &str| listing(&format!("<IsTruncated>true</IsTruncated><{token}>t</{token}>{item}"));
        let fault = bucket(round).describe().unwrap_err();
        assert!(["store-endless", "store-refused"].contains(&fault.code()), "{fault}");
    }
    let open_end = move |_: &str| listing(&format!("<IsTruncated>true</IsTruncated>{item}"));
    ends(bucket(open_end).describe(), "store-refused", "without saying where");
}

#[test]
fn a_listing_of_empty_pages_ends() {
    let fresh = |path: &str| {
        let marked = |word: &str| word.split_once("token=").or(word.split_once("key-marker="))?.1.parse().ok();
        let next = path.split(['&', '?']).find_map(marked).unwrap_or(0_u64) + 1;
        listing(&format!(
            "<IsTruncated>true</IsTruncated><NextContinuationToken>{next}</NextContinuationToken><NextKeyMarker>{next}</NextKeyMarker>"
        ))
    };
    let fault = bucket(fresh).describe().unwrap_err();
    assert_eq!(fault.code(), "store-endless", "{fault}");
}

#[test]
fn xml_that_grows_or_fetches_is_refused() {
    let bomb = "<!DOCTYPE r [<!ENTITY a \"aaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]>";
    for body in [
        format!("{bomb}{}", listing("<Contents><Key>&b;</Key></Contents>")),
        format!("<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>{}", listing("<Name>&x;</Name>")),
        "<a>".repeat(1 << 18),
        "<ListBucketResult><Contents>".to_owned(),
        "{}".to_owned(),
        String::new(),
    ] {
        let fault = bucket(move |_| body.clone()).describe().unwrap_err();
        assert_eq!(fault.code(), "store-refused", "{fault}");
    }
    ends(
        Asked::of("s3", serve_http(|_| status("403 No", "", "<Error><Code>\u{1b}[2J</Code></Error>"))).open().map(drop),
        "store-permission",
        "403",
    );
}
