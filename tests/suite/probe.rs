//! `probe`: journeys against real servers, good, broken and hostile; what is kept, and what is never shown.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::house::{House, Ran, fit_their_schemas, judge, python, repository};

/// A web server that ends with its test.
struct Web {
    child: Child,
    port: u16,
}

impl Web {
    fn start(certificate: Option<&[&std::path::Path]>) -> Option<Web> {
        let mut command = Command::new(python()?);
        command.arg(repository("tests/judges/web/serve"));
        command.args(certificate.unwrap_or_default());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        Some(Web { port: line.trim().parse().unwrap(), child })
    }

    /// What it was asked, a line each.
    fn asked(mut self) -> String {
        drop(self.child.stdin.take());
        let mut text = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        text
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn journey(house: &House, scheme: &str, port: u16, rest: &str) {
    house.write("j.yaml", format!("schema: probe/1\nname: shop\nbase: {scheme}://127.0.0.1:{port}\n{rest}"));
}

/// A document of one run.
fn document(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"))
}

/// The journey as Python's YAML reader has it.
fn read_by_another(house: &House) -> Value {
    let read = "import json, yaml; print(json.dumps(yaml.safe_load(open('j.yaml'))))";
    let output = Command::new(python().unwrap()).args(["-c", read]).current_dir(house.root()).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// One step to this path; its failure, as code.
fn failure(house: &House, web: &Web, request: &str, more: &str, expect: &str) {
    journey(house, "http", web.port, &format!("timeout: 700ms\nsteps:\n- {{name: one, request: {request}{more}}}\n"));
    let begun = std::time::Instant::now();
    let ran = house.run(&["probe", "run", "j.yaml", "--json"]).expect(1);
    let step = &document(&ran)["steps"][0];
    assert_eq!((&step["passed"], &step["failures"][0]["code"]), (&false.into(), &expect.into()), "{request}: {ran:?}");
    // Not how fast it is: that it ends at all, where the server would go on for ever.
    assert!(begun.elapsed().as_secs() < 20, "{request}");
}

const GOOD: &str = "variables: {shop: north}\nsecrets: {pin: {env: SHOP_PIN}, key: {file: key.txt}}\nsteps:\n\
    - name: login\n  request: {method: POST, url: /login, json: '{\"pin\": \"${pin}\", \"key\": \"${key}\"}'}\n  \
      extract: {token: {json: /data/token}, id: {json: /data/id}, trace: {header: x-trace}}\n  \
      expect: {status: [200, 201], latency: 5s, headers: {content-type: \"application/json*\"}, json: {/ok: true, /data/id: 7}}\n\
    - name: item\n  request: {url: \"/item/${id}\", headers: {X-Key: \"${token}\"}}\n  extract: {order: {regex: \"<b>([^<]+)</b>\"}}\n  \
      expect: {contains: \"Item ${id}\", matches: \"order .*A-\\\\d+\"}\n\
    - {name: order, request: {url: \"order/${order}\"}, expect: {status: 204}}\n\
    - {name: moved, request: {url: /moved}}\n";

/// Values travel from step to step; what is secret, extracted or in a body is shown nowhere; the samples are in the store.
#[test]
fn a_journey_passes_and_is_kept() {
    let house = House::initialised();
    let Some(web) = Web::start(None) else { return };
    journey(&house, "http", web.port, GOOD);
    house.write("key.txt", "k-secret-9\nnot this\n");
    let mut command = house.command(&["probe", "run", "j.yaml", "--json"]);
    let ran = Ran::of(command.env("SHOP_PIN", "p-secret-8").output().unwrap()).expect(0);
    let run = document(&ran);
    let check = document(&house.run(&["probe", "check", "j.yaml", "--json"]).expect(0));
    fit_their_schemas(&[run.clone(), check, read_by_another(&house)]);
    let names: Vec<&str> = run["steps"].as_array().unwrap().iter().map(|step| step["name"].as_str().unwrap()).collect();
    assert_eq!(
        (names, &run["passed"], &run["kept"]),
        (vec!["login", "item", "order", "moved"], &true.into(), &true.into())
    );
    assert_eq!((&run["steps"][3]["redirects"], &run["steps"][2]["status"]), (&1.into(), &204.into()));
    let phases = &run["steps"][0]["phases"];
    assert!(phases["connect_us"].as_u64() > Some(0) && phases["first_byte_us"].as_u64() > Some(0), "{phases}");
    assert_eq!(phases["tls_us"], 0);
    let human =
        Ran::of(house.command(&["probe", "run", "j.yaml", "-v"]).env("SHOP_PIN", "p-secret-8").output().unwrap());
    let audit = house.run(&["audit", "search", "--json", "--command", "probe"]).expect(0).stdout;
    assert!(audit.contains("probe.kept") && audit.contains("store_version"), "{audit}");
    for secret in ["p-secret-8", "k-secret-9", "t-4711", "abc-1", "A-99", "Ann"] {
        for text in [&ran.stdout, &ran.stderr, &human.stdout, &human.stderr, &audit] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
    let asked = web.asked();
    assert!(asked.contains("POST /login 127.0.0.1 - {\"pin\": \"p-secret-8\", \"key\": \"k-secret-9\"}\n"), "{asked}");
    assert!(asked.contains("GET /item/7 127.0.0.1 t-4711 \n"), "{asked}");
    house.run(&["audit", "verify"]).expect(0);
}

/// Objectives over the samples of a probe.
#[cfg(feature = "engine")]
#[test]
fn objectives_are_evaluated_over_probes() {
    let house = House::initialised();
    let Some(web) = Web::start(None) else { return };
    journey(
        &house,
        "http",
        web.port,
        "steps:\n- {name: one, request: {url: /login}}\n- {name: two, request: {url: /none}}\n",
    );
    for second in 0..4 {
        house.run(&["probe", "run", "j.yaml", "--time", &format!("2026-11-22T11:00:0{second}Z")]).expect(1);
    }
    assert_eq!(house.count("SELECT count(*) FROM metrics WHERE name = 'probe_success' AND value = 0"), 4);
    let source = |more: &str| {
        format!(
            "{{metricSource: {{type: probity, spec: {{table: metrics, where: \"name = 'probe_step_success'{more}\"}}}}}}"
        )
    };
    house.write(
        "slo.yaml",
        format!(
            "apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: shop}}\nspec:\n  description: Steps pass\n  service: shop\n  \
             indicator:\n    metadata: {{name: i}}\n    spec:\n      ratioMetric:\n        good: {}\n        total: {}\n  \
             timeWindow: [{{duration: 1d, isRolling: true}}]\n  budgetingMethod: Occurrences\n  \
             objectives: [{{displayName: goal, target: 0.5}}]\n",
            source(" AND value = 1"),
            source("")
        ),
    );
    let found = &house.json(&["evaluate", "--rule", "slo.yaml"], 0)["objectives"][0];
    assert_eq!((&found["good"], &found["total"]), (&4.into(), &8.into()), "{found}");
}

/// What a server does wrong ends the journey with a stable word; the steps after it are skipped.
#[test]
fn hostile_servers_end_in_time() {
    let house = House::new();
    let Some(web) = Web::start(None) else { return };
    let check = |request: &str, more: &str, code: &str| failure(&house, &web, request, more, code);
    check("{url: /none}", "", "assertion");
    check("{url: /endless}", ", body_limit: 64KiB", "too-large");
    check("{url: /drip}", "", "timeout");
    check("{url: /head-drip}", "", "timeout");
    check("{url: /silent}", "", "timeout");
    check("{url: /header-flood}", "", "bad-answer");
    check("{url: /garbage}", "", "bad-answer");
    check("{url: /short}", "", "bad-answer");
    check("{url: /loop}", "", "too-many-redirects");
    check("{url: /loop}", ", redirects: 0", "assertion");
    check("{method: POST, url: /post-elsewhere, body: secret}", "", "redirect-refused");
    check("{url: /late}", ", expect: {latency: 10ms}", "assertion");
    check("{url: /login}", ", expect: {certificate: 1d}", "assertion");
    check("{url: /login}", ", expect: {json: {/data/id: 8}}", "assertion");
    check("{url: /login}", ", expect: {json: {/data/none: 8}}", "assertion");
    check("{url: /login}", ", expect: {headers: {x-none: a}}", "assertion");
    check("{url: /login}", ", extract: {a: {regex: \"<b>(.*)</b>\"}}", "extraction");
    check("{url: \"http://127.0.0.1:1/\"}", "", "unreachable");
    check("{url: \"http://no.such.host.invalid/\"}", "", "unreachable");
    check("{url: \"file:///etc/passwd\"}", "", "bad-address");
    journey(
        &house,
        "http",
        web.port,
        "steps:\n- {name: a, request: {url: /none}}\n- {name: b, request: {url: /login}}\n",
    );
    let ran = house.run(&["probe", "run", "j.yaml", "--json"]).expect(1);
    assert_eq!(document(&ran)["steps"][1]["skipped"], true);
    fit_their_schemas(&[document(&ran)]);
    assert!(!web.asked().contains("POST /login"));
}

/// A jar for one journey: hosts, paths, what is for encrypted connections alone, what is over.
#[test]
fn cookies_go_back_to_whom_they_belong() {
    let Some(web) = Web::start(None) else { return };
    let house = House::initialised();
    let check = |cookies: &str, steps: &[(&str, &str)]| {
        let steps: String = steps
            .iter()
            .enumerate()
            .map(|(number, (url, sent))| {
                let url = url.replace("PORT", &web.port.to_string());
                format!("- {{name: s{number}, request: {{url: \"{url}\"}}, expect: {{contains: \"{sent}\"}}}}\n")
            })
            .collect();
        journey(&house, "http", web.port, &format!("{cookies}steps:\n{steps}"));
        house.run(&["probe", "run", "j.yaml", "--no-ingest", "--json"]).expect(0)
    };
    check("", &[("/cookies", ""), ("/who", "[]")]);
    let ran = check(
        "cookies: true\n",
        &[
            ("/cookies", ""),
            ("/who", "[sid=a]"),
            ("/shop/who", "[deep=b; sid=a]"),
            ("/shopping/who", "[sid=a]"),
            ("http://localhost:PORT/who", "[]"),
            ("/leave", "[new=f]"),
            ("/shop/who", "[deep=b; new=f]"),
        ],
    );
    assert!(!ran.stdout.contains("sid") && !ran.stdout.contains("deep"), "{ran:?}");
    // Another run knows nothing of it.
    check("cookies: true\n", &[("/who", "[]")]);
}

/// Another origin gets no header of a step; attempts are counted; runs repeat.
#[test]
fn redirects_retries_and_repeats() {
    let house = House::new();
    let Some(web) = Web::start(None) else { return };
    let steps = "secrets: {key: {file: key}}\nsteps:\n- {name: away, request: {url: /elsewhere, headers: {X-Key: \"${key}\"}}}\n\
                 - {name: flaky, request: {url: /flaky}, retries: 2}\n";
    house.write("key", "k-5\n");
    journey(&house, "http", web.port, steps);
    let ran = house.run(&["probe", "run", "j.yaml", "--json"]).expect(0);
    assert_eq!(document(&ran)["steps"][1]["attempts"], 3, "{ran:?}");
    let ran = house.run(&["probe", "run", "j.yaml", "--json", "--repeat", "3", "--interval", "10ms"]).expect(0);
    assert_eq!(ran.stdout.lines().count(), 3, "{ran:?}");
    let asked = web.asked();
    assert!(asked.contains("GET /elsewhere 127.0.0.1 k-5") && asked.contains("GET /login localhost - "), "{asked}");
}

/// A journey that is wrong is told with its place, and nothing is sent.
#[test]
fn journeys_are_read_strictly() {
    let house = House::new();
    let check = |rest: &str, code: &str, place: &str| {
        house.write("j.yaml", format!("schema: probe/1\nname: shop\n{rest}"));
        for verb in ["check", "run"] {
            let ran = house.run(&["probe", verb, "j.yaml"]).expect(7).code(code);
            assert!(ran.stderr.contains(place), "{place}: {ran:?}");
        }
    };
    check("steps: []\n", "bad-journey", "j.yaml:1");
    check("steps:\n- {name: a, request: {url: \"/${b}\"}}\n", "unknown-value", "j.yaml:4");
    check("variables: {item: 7}\nsteps:\n- {name: a, request: {url: \"/${itme}\"}}\n", "unknown-value", "${item}");
    check("steps:\n- {name: a, request: {ulr: /}}\n", "unknown-key", "j.yaml:4");
    check("steps:\n- {name: a, request: {url: /, body: a, json: b}}\n", "bad-journey", "j.yaml:4");
    check("steps:\n- {name: a, request: {url: /}, extract: {b: {regex: \"(\"}}}\n", "bad-pattern", "j.yaml:4");
    check("steps:\n- {name: a, request: {url: /}, extract: {b: {json: data.id}}}\n", "bad-pointer", "/data/id");
    check("steps:\n- {name: a, request: {url: /}, expect: {status: 99}}\n", "wrong-type", "j.yaml:4");
    check("steps:\n- {name: a, request: {url: /}}\n- {name: a, request: {url: /}}\n", "duplicate-name", "j.yaml:5");
    check("steps:\n- {name: a, request: {url: /}, redirects: 99}\n", "bad-journey", "j.yaml:4");
    check("steps:\n- {name: a, request: {url: /}, timeout: soon}\n", "bad-span", "j.yaml:4");
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
    let more: String = ('b'..='i')
        .zip('a'..)
        .map(|(name, of)| format!("{name}: &{name} [{}]\n", vec![format!("*{of}"); 10].join(",")))
        .collect();
    check(&format!("{bomb}{more}"), "yaml-too-large", "j.yaml");
    house.write(
        "j.yaml",
        "schema: probe/1\nname: a\nsecrets: {s: {env: NOT_THERE}}\nsteps: [{name: a, request: {url: /}}]\n",
    );
    house.run(&["probe", "check", "j.yaml"]).expect(0);
    house.run(&["probe", "run", "j.yaml"]).expect(7).code("no-secret");
}

/// Certificates for this server: good, expired, for another host; and the authority that issued them.
fn certificates(house: &House) {
    let leaf = |name: &str, host: &str, when: &str| {
        format!(
            "openssl req -newkey rsa:2048 -nodes -keyout {name}.key -subj /CN={name} -out {name}.csr 2>/dev/null\n\
             faketime '{when}' openssl x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -days 60 -CAcreateserial -out {name}.pem \
             -extfile <(printf 'subjectAltName={host}\\nbasicConstraints=CA:FALSE\\n') 2>/dev/null\n"
        )
    };
    let ca = "set -e\nfaketime '2020-01-01' openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 36500 -subj /CN=ca 2>/dev/null\n";
    let today = "1 day ago";
    let script = [
        ca.to_owned(),
        leaf("good", "IP:127.0.0.1", today),
        leaf("old", "IP:127.0.0.1", "2021-01-01"),
        leaf("other", "DNS:example.org", today),
    ]
    .concat();
    house.shell(&script).expect(0);
}

/// TLS is timed and its certificate looked at; one that is expired, of somebody else, or of nobody known is refused.
#[test]
fn certificates_are_judged() {
    if !judge("faketime") || python().is_none() {
        return;
    }
    let house = House::new();
    certificates(&house);
    let run = |name: &str, trusted: bool, expect: &str, exit: i32| {
        let web =
            Web::start(Some(&[&house.path(&format!("{name}.pem")), &house.path(&format!("{name}.key"))])).unwrap();
        journey(
            &house,
            "https",
            web.port,
            &format!("steps: [{{name: one, request: {{url: /login}}, expect: {{certificate: {expect}}}}}]\n"),
        );
        // The certificates are of the machine's own time, and so is what they are held against.
        let now = Command::new("date").args(["-u", "+%Y-%m-%dT%H:%M:%SZ"]).output().unwrap().stdout;
        let now = String::from_utf8(now).unwrap();
        let mut command = house.command(&["probe", "run", "j.yaml", "--json", "--time", now.trim()]);
        command.env("SSL_CERT_FILE", house.path(if trusted { "ca.pem" } else { "other.pem" }));
        document(&Ran::of(command.output().unwrap()).expect(exit))["steps"][0].clone()
    };
    let good = run("good", true, "14d", 0);
    assert!(good["phases"]["tls_us"].as_u64() > Some(0) && good["certificate_expires"].is_string(), "{good}");
    let soon = run("good", true, "90d", 1);
    assert!(soon["failures"][0]["message"].as_str().unwrap().contains("too soon"), "{soon}");
    for (name, trusted, why) in [("old", true, "expired"), ("other", true, "other names"), ("good", false, "nobody")] {
        let step = run(name, trusted, "1d", 1);
        assert_eq!(step["failures"][0]["code"], "certificate", "{name}: {step}");
        assert!(step["failures"][0]["message"].as_str().unwrap().contains(why), "{name}: {step}");
    }
}

/// A server that asks who we are lets in whom its authority knows; the certificate goes to nobody but the base.
#[test]
fn a_certificate_of_ours_is_shown_to_the_base() {
    if !judge("faketime") || python().is_none() {
        return;
    }
    let house = House::new();
    certificates(&house);
    let server = [house.path("good.pem"), house.path("good.key"), house.path("ca.pem")];
    let start = || Web::start(Some(&[&server[0], &server[1], &server[2]])).unwrap();
    let (web, elsewhere) = (start(), start());
    let now = Command::new("date").args(["-u", "+%Y-%m-%dT%H:%M:%SZ"]).output().unwrap().stdout;
    let now = String::from_utf8(now).unwrap();
    let run = |client: &str, url: &str, exit: i32| {
        journey(
            &house,
            "https",
            web.port,
            &format!("{client}redirects: 1\nsteps: [{{name: one, request: {{url: \"{url}\"}}}}]\n"),
        );
        let mut command = house.command(&["probe", "run", "j.yaml", "--json", "--time", now.trim()]);
        command.env("SSL_CERT_FILE", house.path("ca.pem"));
        Ran::of(command.output().unwrap()).expect(exit)
    };
    let ours = "client: {certificate: other.pem, key: other.key}\n";
    run(ours, "/login", 0);
    run("", "/login", 1);
    run(ours, &format!("https://127.0.0.1:{}/login", elsewhere.port), 1);
    for (client, code) in [
        ("client: {certificate: other.pem, key: good.key}\n", "bad-client-certificate"),
        ("client: {certificate: other.key, key: other.key}\n", "bad-client-certificate"),
        ("client: {certificate: other.pem, key: other.pem}\n", "bad-client-certificate"),
        ("client: {certificate: other.pem}\n", "missing-key"),
    ] {
        run(client, "/login", 7).code(code);
    }
    run("client: {certificate: none.pem, key: other.key}\n", "/login", 6);
}
