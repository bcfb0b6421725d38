//! The answer of each path.

use birthmark_test_support as _;

mod support;

use birthmark::render::Format;
use support::{client, get, header, lasting, serve};

#[test]
fn each_format_has_a_path_with_its_media_type() {
    let server = serve();
    let tasks = lasting(1);
    for &format in Format::ALL {
        let response = get(&server, format.as_str());
        assert_eq!(response.status(), 200, "{format}");
        assert_eq!(header(&response, "content-type"), format.content_type());
        let name = format!("inline; filename=\"birthmark.{}\"", format.extension());
        assert_eq!(header(&response, "content-disposition"), name);
        assert!(!response.bytes().unwrap().is_empty());
    }
    assert!(Format::ALL.len() >= 6, "with pprof");
    drop(tasks);
}

#[test]
fn query_selects_tasks() {
    let server = serve();
    let tasks = lasting(3);
    let text = get(&server, "text?role=lasting::*&state=created&older=0s&name=")
        .text()
        .unwrap();
    assert!(text.contains(" UTC: 3 of "), "{text}");
    assert!(
        text.contains("\nselected by name=&role=lasting::*&state=created&older=0d\n"),
        "{text}"
    );
    assert_eq!(text.matches("\ntask ").count(), 3);
    for nobody in ["name=n%C3%B6body&state=running", "stack=nowhere+at"] {
        let none = get(&server, &format!("text?{nobody}")).text().unwrap();
        assert!(none.contains(" UTC: 0 of "), "{none}");
    }
    drop(tasks);
}

#[test]
fn query_selects_tasks_by_label() {
    let server = serve();
    let tasks = birthmark::with_label("tenant", "acme & sons", || lasting(2));
    let other = birthmark::with_label("tenant", "beta", || lasting(1));
    for (query, count) in [
        ("label=tenant", 3),
        ("label=tenant=acme+%26+sons", 2),
        ("label=tenant%3Dacme*", 2),
        ("label=tenant=nobody", 0),
    ] {
        let text = get(&server, &format!("text?{query}")).text().unwrap();
        assert!(
            text.contains(&format!(" UTC: {count} of ")),
            "{query}: {text}"
        );
        let json = get(&server, &format!("json?{query}")).text().unwrap();
        assert_eq!(json.matches("\"labels\":{\"tenant\":").count(), count);
    }
    let metrics = client().get(server.url().replace("debug/birthmark/", "metrics"));
    let metrics = metrics.send().unwrap().text().unwrap();
    assert!(metrics.contains("role=\"lasting::") && !metrics.contains("tenant"));
    drop((tasks, other));
}

#[test]
fn wrong_query_is_named_with_a_remedy() {
    let server = serve();
    for (path, start) in [
        (
            "text?state=asleep",
            "\"asleep\" is no state\nhelp: use running, ",
        ),
        ("json?older=10", "\"10\" is no time\nhelp: write "),
        (
            "tree?colour=red",
            "a filter has no key \"colour\"\nhelp: use name, ",
        ),
        (
            "groups?name=%FF",
            "\"%FF\" in a filter is not well encoded\n",
        ),
        (
            "diff?seconds=0",
            "invalid value \"0\" for `seconds`\nhelp: write ",
        ),
        ("diff?second=1", "a filter has no key \"second\"\n"),
        (
            "json?limit=many",
            "invalid value \"many\" for `limit`\nhelp: write ",
        ),
        (
            "json?waits=maybe",
            "invalid value \"maybe\" for `waits`\nhelp: use on or off",
        ),
        ("stuck?waits=on", "a filter has no key \"waits\"\n"),
        ("text?limit=1", "a filter has no key \"limit\"\n"),
    ] {
        let response = get(&server, path);
        assert_eq!(response.status(), 400, "{path}");
        let text = response.text().unwrap();
        assert!(text.starts_with(start), "{path}: {text}");
    }
}

#[test]
fn unknown_parameter_is_answered_with_the_known_ones() {
    let server = serve();
    for (path, known) in [
        (
            "json?first=7",
            "polls, woken-by or under; besides filters, this path takes threads=, awaits=, waits= and limit=\n",
        ),
        ("tree?first=7", "this path takes threads= and awaits=\n"),
        ("diff?first=7", "this path takes seconds=\n"),
        (
            "folded?first=7",
            "polls, woken-by or under; besides filters, this path takes awaits=\n",
        ),
    ] {
        let response = get(&server, path);
        assert_eq!(response.status(), 400);
        let text = response.text().unwrap();
        assert!(
            text.starts_with("a filter has no key \"first\"\nhelp: use name, ")
                && text.ends_with(known),
            "{path}: {text}"
        );
    }
}

#[test]
fn json_of_many_tasks_respects_the_limit() {
    let server = serve();
    let tasks = lasting(30);
    let json = get(&server, "json?limit=10&role=lasting::*")
        .text()
        .unwrap();
    let dump: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(dump["tasks"].as_array().unwrap().len(), 10);
    assert!(dump["selected"].as_u64().unwrap() >= 30, "{json}");
    assert_eq!(dump["groups"][0]["count"], dump["selected"]);
    drop(tasks);
}

#[test]
fn threads_are_shown_if_asked_for() {
    let server = serve();
    for format in ["text", "tree", "groups", "json"] {
        let silent = get(&server, format).text().unwrap();
        let asked = get(&server, &format!("{format}?threads=states&role=nobody"));
        assert_eq!(asked.status(), 200);
        let asked = asked.text().unwrap();
        let section = if format == "json" {
            "\"threads\":["
        } else {
            " OS threads, and "
        };
        assert!(
            asked.contains(section) && !silent.contains(section),
            "{asked}"
        );
    }
    let wrong = get(&server, "folded?threads=states").text().unwrap();
    assert!(
        wrong.starts_with("a filter has no key \"threads\"\n"),
        "{wrong}"
    );
    let wrong = get(&server, "text?threads=1").text().unwrap();
    assert!(
        wrong.starts_with("invalid value \"1\" for `threads`\nhelp: use "),
        "{wrong}"
    );
}

#[test]
fn native_stacks_are_shown_if_the_program_allows_it() {
    let refused = get(&serve(), "text?threads=stacks");
    assert_eq!(refused.status(), 403);
    assert!(
        refused
            .text()
            .unwrap()
            .contains("\nhelp: ask for threads=states")
    );
    let allowed = birthmark_http::Options::new().native_stacks();
    let server = birthmark_http::serve_with("127.0.0.1:0", allowed).unwrap();
    let text = get(&server, "text?threads=stacks").text().unwrap();
    assert!(
        text.contains("native_stacks_are_shown_if_the_program_allows_it"),
        "{text}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn await_stacks_are_shown_on_request() {
    let task = support::start_waiting();
    let server = serve();
    let text = |query: &str| get(&server, query).text().unwrap();
    let shown = text("text?awaits=debug-info&role=waiting*");
    assert!(
        shown.contains("core::future::pending::Pending [debug info]"),
        "{shown}"
    );
    let shown = text("json?awaits=debug-info&role=waiting*");
    assert!(
        shown.contains("\"name\":\"core::future::pending::Pending\""),
        "{shown}"
    );
    let plain = text("text?role=waiting*");
    assert!(!plain.contains("Pending"), "{plain}");
    let wrong = text("text?awaits=1");
    assert!(
        wrong.starts_with("invalid value \"1\" for `awaits`\nhelp: use "),
        "{wrong}"
    );
    let refused = get(&server, "text?awaits=locals");
    assert_eq!(refused.status(), 403);
    assert!(refused.text().unwrap().contains("Options::local_variables"));
    let allowed = birthmark_http::Options::new().local_variables();
    let server = birthmark_http::serve_with("127.0.0.1:0", allowed).unwrap();
    let shown = get(&server, "text?awaits=locals&role=waiting*")
        .text()
        .unwrap();
    assert!(shown.contains("| count = 7\n"), "{shown}");
    drop(task);
}

#[test]
fn waits_are_in_json_on_request() {
    let server = serve();
    let text = |query: &str| get(&server, query).text().unwrap();
    for without in ["json", "json?waits=off"] {
        assert!(!text(without).contains("\"stuck\":["), "{without}");
    }
    let with = text("json?waits=on&limit=1");
    assert!(
        with.contains("\n\"stuck\":[") && with.contains("\n\"resources\":["),
        "{with}"
    );
    let resources = text("resources?name=nobody");
    assert!(
        resources.starts_with("no task is known to wait for a shared thing, or to have one\n"),
        "{resources}"
    );
}

#[test]
fn two_dumps_are_compared() {
    let server = serve();
    let text = get(&server, "diff?seconds=1&role=lasting::*")
        .text()
        .unwrap();
    assert!(
        text.contains(" before, ") && text.contains(" unchanged"),
        "{text}"
    );
}

#[test]
fn head_is_answered_as_get_but_without_a_dump() {
    let server = serve();
    for path in ["", "text", "json", "diff?seconds=60", "metrics"] {
        let url = server.url() + path;
        let response = client().head(url).send().unwrap();
        assert_eq!(response.status(), 200, "{path}");
        assert!(!header(&response, "content-type").is_empty());
        assert_eq!(response.text().unwrap(), "");
    }
}

#[test]
fn other_methods_are_refused() {
    let server = serve();
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"] {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        for path in ["", "text", "metrics", "nothing"] {
            let request = client().request(method.clone(), server.url() + path);
            let response = request.send().unwrap();
            assert_eq!(response.status(), 405, "{method} {path}");
            assert_eq!(header(&response, "allow"), "GET, HEAD");
        }
    }
}

#[test]
fn unknown_path_is_answered_with_the_known_ones() {
    let server = serve();
    let elsewhere = format!("http://{}/elsewhere", server.local_addr());
    for url in [server.url() + "heap", server.url() + "text/more", elsewhere] {
        let response = client().get(&url).send().unwrap();
        assert_eq!(response.status(), 404, "{url}");
        let text = response.text().unwrap();
        for path in [
            "/debug/birthmark/\n",
            "/text\n",
            "/pprof\n",
            "/diff?seconds=5\n",
            "/metrics\n",
        ] {
            assert!(text.contains(path), "{text}");
        }
    }
}

#[test]
fn page_is_found_without_the_slash_and_from_the_root() {
    let server = serve();
    let root = format!("http://{}", server.local_addr());
    for path in ["", "/", "/debug/birthmark", "/debug/birthmark?x=1"] {
        let response = client().get(root.clone() + path).send().unwrap();
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.url().path(), "/debug/birthmark/");
        assert_eq!(
            header(&response, "content-type"),
            "text/html; charset=utf-8"
        );
        let policy = header(&response, "content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; connect-src 'self'; "),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
    }
}

#[test]
fn responses_forbid_caching_framing_and_sniffing() {
    let server = serve();
    for path in ["", "json", "nothing", "text?a", "metrics"] {
        let response = get(&server, path);
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(header(&response, name), value, "{path}");
        }
        assert!(header(&response, "content-security-policy").starts_with("default-src 'none'"));
        let open = response.headers().get("access-control-allow-origin");
        assert!(open.is_none(), "{path}");
    }
}

#[test]
fn dropped_server_frees_its_port() {
    let server = serve();
    let address = server.local_addr();
    let error = birthmark_http::serve(address).unwrap_err().to_string();
    let expected = format!("cannot serve birthmark on {address}: ");
    assert!(
        error.starts_with(&expected) && error.contains("another port"),
        "{error}"
    );
    drop(server);
    birthmark_http::serve(address).unwrap().detach();
    let url = format!("http://{address}/debug/birthmark/tree");
    assert_eq!(client().get(url).send().unwrap().status(), 200);
}

#[test]
fn addresses_that_cannot_be_served_are_told_apart() {
    for (address, start, remedy) in [
        ("127.0.0.1", "cannot resolve the address", "127.0.0.1:6060"),
        (
            "0.0.0.0:0",
            "cannot serve birthmark on 0.0.0.0:0 without a token: ",
            "`serve_with`",
        ),
        (
            "[::]:0",
            "cannot serve birthmark on [::]:0 without a token: ",
            "`serve_with`",
        ),
    ] {
        let error = birthmark_http::serve(address).unwrap_err().to_string();
        assert!(
            error.starts_with(start) && error.contains(remedy),
            "{error}"
        );
    }
}
