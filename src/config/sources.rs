//! `feeds.toml`: the newspapers and sites, and their feeds.

use super::places::Places;
use super::problem::{Wrong, quoted, words, wrong};
use super::raw::{At, Section};
use super::{address, settings, value};
use crate::model::{FeedKey, FeedKind, FeedSpec, ListRules, PageRules, Source, SourceKey};
use std::collections::HashMap;
use url::Url;

/// The key of a feed that has neither `key` nor `section`: the paper's general feed.
pub(super) const GENERAL: &str = "chung";
/// Where a paper stands among others that have a story too; the central press has smaller numbers.
const PROVINCIAL_RANK: u16 = 500;
const CENTRAL_RANK: u16 = 100;
/// No paper needs a longer selector; some parsers are slow on long ones.
const SELECTOR_MAX_CHARS: usize = 300;

/// What was met so far: nothing may be met twice.
#[derive(Default)]
struct Met {
    sources: HashMap<String, String>,
    hosts: HashMap<String, String>,
    feeds: HashMap<String, String>,
    urls: HashMap<String, String>,
}

/// All sources of the file, in its order.
pub(super) fn sources(root: &Section<'_>, places: &Places) -> Vec<Source> {
    let mut met = Met::default();
    let mut out = Vec::new();
    let sections = root.sections("source");
    let none = sections.is_empty();
    for section in sections {
        out.extend(source(&section, places, &mut met));
        section.close(&[]);
    }
    if none {
        root.warn(
            &root.key_span("source"),
            wrong(
                words(
                    "this file has no source: nothing is read",
                    "tệp này chưa có nguồn nào: không có gì để đọc",
                ),
                words(
                    "add [[source]] sections, or delete the file to use the list that comes with the program",
                    "thêm các mục [[source]], hoặc xóa tệp để dùng danh sách có sẵn trong chương trình",
                ),
            ),
        );
    }
    out
}

fn source(section: &Section<'_>, places: &Places, met: &mut Met) -> Option<Source> {
    let key = section.need_text("key", "an-giang", value::key);
    let name = section.need_text("name", "Báo An Giang", value::line);
    let province = section.text("province", "an-giang", |text| places.read_key(text));
    let domain = section.need_text("domain", "baoangiang.com.vn", address::host);
    let aliases = section.list("aliases", "baokiengiang.vn", address::host);
    let rank = section.whole("rank", 0..=i64::from(u16::MAX));
    let publisher = section.text("publisher", "bao-an-giang", value::key);
    let user_agent = section.text("user_agent", "Mozilla/5.0 …", settings::header_line);
    let time_zone = section.text("time_zone", "Asia/Ho_Chi_Minh", |text| {
        value::time_zone(text).map(|_| text.to_owned())
    });
    let page_rules = section.section("page").map(page_rules);
    if let Some(key) = &key {
        once(section, &mut met.sources, key, &key.value, two_sources);
        for host in domain.iter().chain(aliases.iter().flatten()) {
            once(section, &mut met.hosts, host, &key.value, |host, other| {
                two_hosts(host, other, other == key.value)
            });
        }
    }
    let owner = key.as_ref().map_or("?", |key| key.value.as_str());
    let feeds = section.sections("feed");
    let feeds = feeds
        .into_iter()
        .filter_map(|feed| one_feed(feed, owner, met))
        .collect();
    let default_rank = match &province {
        Some(_) => PROVINCIAL_RANK,
        None => CENTRAL_RANK,
    };
    Some(Source {
        key: SourceKey(key?.value),
        name: name?.value,
        province: province.map(|at| at.value),
        domain: domain?.value,
        aliases: aliases
            .unwrap_or_default()
            .into_iter()
            .map(|at| at.value)
            .collect(),
        rank: rank
            .and_then(|at| u16::try_from(at.value).ok())
            .unwrap_or(default_rank),
        publisher: publisher.map(|at| at.value),
        page_rules: page_rules.unwrap_or_default(),
        user_agent: user_agent.map(|at| at.value),
        time_zone: time_zone.map(|at| at.value),
        feeds,
    })
}

fn one_feed(section: Section<'_>, owner: &str, met: &mut Met) -> Option<FeedSpec> {
    let kinds = [
        ("feed", FeedKind::Feed),
        ("sitemap", FeedKind::Sitemap),
        ("page", FeedKind::Page),
    ];
    let written_key = section.text("key", "xay-dung-dang", value::key);
    let url = section.need_text(
        "url",
        "https://baoangiang.com.vn/rss/home.rss",
        address::web_address,
    );
    let topic = section.text("section", "xay-dung-dang", value::key);
    let kind = section.text("kind", "feed", value::one_of(&kinds));
    let list = section.section("list").map(list_rules);
    let list = for_kind(&section, kind.as_ref().map(|at| at.value), list);
    let enabled = section.flag("enabled").unwrap_or(true);
    let verified = section.flag("verified").unwrap_or(false);
    let own_key = written_key.as_ref().or(topic.as_ref());
    let key = own_key.map_or_else(
        || At {
            value: GENERAL.to_owned(),
            span: section.span.clone(),
        },
        Clone::clone,
    );
    let full = format!("{owner}/{}", key.value);
    once(
        &section,
        &mut met.feeds,
        &At {
            value: full.clone(),
            span: key.span,
        },
        &full,
        |_, _| two_feeds(&full),
    );
    if let Some(url) = &url {
        let same = At {
            value: same_address(&url.value),
            span: url.span.clone(),
        };
        once(&section, &mut met.urls, &same, &full, |_, other| {
            two_urls(other)
        });
    }
    section.close(&[]);
    Some(FeedSpec {
        key: FeedKey(full),
        url: url?.value,
        kind: kind.map_or(FeedKind::Feed, |at| at.value),
        section: topic.map(|at| at.value),
        enabled,
        verified,
        list: list?,
    })
}

/// The selectors of a list page, where they are due; `None` where they are missing or cannot be read.
fn for_kind(
    section: &Section<'_>,
    kind: Option<FeedKind>,
    list: Option<Option<ListRules>>,
) -> Option<Option<ListRules>> {
    match (kind, list) {
        (Some(FeedKind::Page), None) => {
            section.error(&section.key_span("kind"), list_missing());
            None
        }
        (Some(FeedKind::Page), Some(list)) => list.map(Some),
        (_, Some(_)) => {
            section.error(&section.key_span("list"), list_unwanted());
            None
        }
        (_, None) => Some(None),
    }
}

fn list_rules(section: Section<'_>) -> Option<ListRules> {
    let one = |key, example| section.text(key, example, selector).map(|at| at.value);
    let item = section.need_text("item", "article.story", selector);
    let rules = item.map(|item| ListRules {
        item: item.value,
        link: one("link", "h3 a"),
        title: one("title", "h3"),
        time: one("time", ".time"),
        summary: one("summary", ".sapo"),
    });
    section.close(&["link", "title", "time", "summary"]);
    rules
}

fn page_rules(section: Section<'_>) -> PageRules {
    let one = |key, example| section.text(key, example, selector).map(|at| at.value);
    let rules = PageRules {
        title: one("title", "h1.title"),
        lead: one("lead", ".sapo"),
        body: one("body", ".article-body"),
        author: one("author", ".author"),
        published: one("published", "time"),
        remove: section
            .list("remove", ".related", selector)
            .unwrap_or_default()
            .into_iter()
            .map(|at| at.value)
            .collect(),
    };
    section.close(&[]);
    rules
}

fn selector(text: &str) -> Result<String, Wrong> {
    let sound = !text.trim().is_empty()
        && text.chars().count() <= SELECTOR_MAX_CHARS
        && !text.chars().any(char::is_control)
        && dom_query::Matcher::new(text.trim()).is_ok();
    sound.then(|| text.trim().to_owned()).ok_or_else(|| {
        wrong(
            words(
                format!("{} is not a CSS selector", quoted(text)),
                format!("{} không phải bộ chọn CSS", quoted(text)),
            ),
            words(
                "write a selector such as \"div.article-body\"",
                "viết bộ chọn, ví dụ \"div.article-body\"",
            ),
        )
    })
}

/// Reports `at` if it was met before, with what `why` says of it and of who holds it; else notes it as `owner`'s.
fn once(
    section: &Section<'_>,
    met: &mut HashMap<String, String>,
    at: &At<String>,
    owner: &str,
    why: impl Fn(&str, &str) -> Wrong,
) {
    match met.get(&at.value) {
        Some(other) => section.error(&at.span, why(&at.value, other)),
        None => {
            met.insert(at.value.clone(), owner.to_owned());
        }
    }
}

/// One text for the spellings of one feed address: scheme, `www.` and a slash at the end make no difference.
pub fn same_address(url: &Url) -> String {
    let host = address::bare_host(url.host_str().unwrap_or_default());
    let port = url.port().map_or(String::new(), |port| format!(":{port}"));
    let path = url.path().trim_end_matches('/');
    let query = url
        .query()
        .map_or(String::new(), |query| format!("?{query}"));
    format!("{host}{port}{path}{query}")
}

fn list_missing() -> Wrong {
    wrong(
        words(
            "kind = \"page\" has no selectors: nothing says where the articles stand in the page",
            "kind = \"page\" chưa có bộ chọn: không biết các bài nằm ở đâu trên trang",
        ),
        words(
            "add [source.feed.list] below, with item = \"…\", the selector of each article in the list",
            "thêm mục [source.feed.list] ở dưới, với item = \"…\" là bộ chọn của từng bài trong danh mục",
        ),
    )
}

fn list_unwanted() -> Wrong {
    wrong(
        words(
            "[source.feed.list] is for kind = \"page\" only",
            "[source.feed.list] chỉ dùng cho kind = \"page\"",
        ),
        words(
            "write kind = \"page\" for this address, or take out its list section",
            "viết kind = \"page\" cho địa chỉ này, hoặc bỏ mục list của nó",
        ),
    )
}

fn two_sources(key: &str, _: &str) -> Wrong {
    wrong(
        words(
            format!("two sources have the key \"{key}\""),
            format!("có hai nguồn cùng khóa \"{key}\""),
        ),
        words(
            "give this one another key, or move its feeds to the other",
            "đặt khóa khác cho nguồn này, hoặc chuyển các nguồn tin của nó sang nguồn kia",
        ),
    )
}

fn two_hosts(host: &str, other: &str, own: bool) -> Wrong {
    let what = match own {
        true => words(
            format!("\"{host}\" stands here twice"),
            format!("\"{host}\" được ghi hai lần"),
        ),
        false => words(
            format!("\"{host}\" already belongs to the source \"{other}\""),
            format!("\"{host}\" đã thuộc nguồn \"{other}\""),
        ),
    };
    wrong(
        what,
        words(
            "take it out of one of the two places",
            "bỏ ở một trong hai nơi",
        ),
    )
}

fn two_feeds(key: &str) -> Wrong {
    wrong(
        words(
            format!("two feeds have the key \"{key}\""),
            format!("có hai nguồn tin cùng khóa \"{key}\""),
        ),
        words(
            "give this feed a key or section of its own, such as key = \"thoi-su\"",
            "đặt key hoặc section riêng cho nguồn tin này, ví dụ key = \"thoi-su\"",
        ),
    )
}

fn two_urls(other: &str) -> Wrong {
    wrong(
        words(
            format!("this address is already the feed \"{other}\""),
            format!("địa chỉ này đã có ở nguồn tin \"{other}\""),
        ),
        words(
            "take out one of the two feeds",
            "bỏ một trong hai nguồn tin",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_in_many_spellings() {
        let same = |a: &str, b: &str| {
            same_address(&Url::parse(a).unwrap()) == same_address(&Url::parse(b).unwrap())
        };
        for (a, b, due) in [
            (
                "https://www.baolaocai.vn/rss",
                "http://baolaocai.vn/rss/",
                true,
            ),
            (
                "https://BaoLaoCai.vn:443/rss",
                "https://baolaocai.vn/rss",
                true,
            ),
            (
                "https://baolaocai.vn/rss?a=1",
                "https://baolaocai.vn/rss?a=2",
                false,
            ),
            (
                "http://127.0.0.1:8001/rss",
                "http://127.0.0.1:8002/rss",
                false,
            ),
            (
                "https://baolaocai.vn/RSS",
                "https://baolaocai.vn/rss",
                false,
            ),
        ] {
            assert_eq!(same(a, b), due, "{a} {b}");
        }
    }
}
