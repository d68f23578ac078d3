//! What tags, classes and ids mean, in the words that content management systems of the world use.

use super::tree::Role;
use aho_corasick::AhoCorasick;
use dom_query::NodeRef;
use std::sync::LazyLock;

/// Elements of AMP that are no article: they open beside it, or wait to be filled.
const JUNK_TAGS: &[&str] = &[
    "amp-ad",
    "amp-consent",
    "amp-list",
    "amp-sidebar",
    "amp-social-share",
    "amp-sticky-ad",
    "amp-user-notification",
];
/// Parts of class and id names of things that are not the article.
const JUNK_PARTS: &[&str] = &[
    "advert",
    "adsbox",
    "ads-",
    "-ads",
    "adzone",
    "quangcao",
    "quang-cao",
    "banner",
    "binhluan",
    "binh-luan",
    "breadcrumb",
    "comment",
    "cookie",
    "copyright",
    "cung-chuyen-muc",
    "dropdown",
    "disqus",
    "doc-them",
    "docthem",
    "feedback",
    "footer",
    "google-news",
    "googlenew",
    "lien-quan",
    "lienquan",
    "most-read",
    "mostread",
    "most-popular",
    "navbar",
    "navigation",
    "newsletter",
    "nextprev",
    "outbrain",
    "pagination",
    "popup",
    "print_page",
    "readmore",
    "read-more",
    "read-also",
    "recommend",
    "relate",
    "sharedaddy",
    "share-",
    "-share",
    "share_",
    "_share",
    "sharing",
    "sharelike",
    "sharemxh",
    "sidebar",
    "social",
    "sponsor",
    "subscribe",
    "subscription",
    "taboola",
    "taglist",
    "tags-",
    "-tags",
    "_tags",
    "tagdetail",
    "tin-khac",
    "tinkhac",
    "tin-lien",
    "tinmoi",
    "tin-moi",
    "toolbar",
    "tooltip",
    "topmore",
    "trending",
    "xem-them",
    "xemthem",
    "you-may",
    "skip-link",
    "screen-reader",
    "sr-only",
    "visually-hidden",
    "paywall-",
    "promo-",
    "-promo",
    "signup",
    "sign-up",
];
/// Whole words of class and id names of things that are not the article.
const JUNK_WORDS: &[&str] = &[
    "ad",
    "ads",
    "nav",
    "menu",
    "tag",
    "tags",
    "share",
    "modal",
    "toast",
    "rating",
    "vote",
    "poll",
    "login",
    "register",
    "search",
    "hotline",
    "reaction",
    "reactions",
    "promo",
    "weather",
    "toc",
    "menus",
    "submenu",
    "marquee",
    "ticker",
];
const CAPTION_PARTS: &[&str] = &[
    "caption",
    "chuthich",
    "chu-thich",
    "imgdesc",
    "img-desc",
    "image-desc",
    "photo-desc",
    "desc-img",
    "picdesc",
    "desc_cation",
    "photo-credit",
    "image-credit",
    "alt_img",
    "note-img",
    "image_desc",
    "img_desc",
];
const AUTHOR_PARTS: &[&str] = &[
    "author",
    "tacgia",
    "tac-gia",
    "tac_gia",
    "byline",
    "butdanh",
    "but-danh",
    "by-line",
    "writer",
    "nguoi-viet",
    "signature",
    "nguontin",
    "content_source",
    "news-source",
    "source-news",
    "article-source",
];
/// Whole words of class and id names of signatures.
const AUTHOR_WORDS: &[&str] = &["by", "sign", "signed", "createdby", "penname"];
const LEAD_PARTS: &[&str] = &[
    "sapo",
    "standfirst",
    "chapeau",
    "article-lead",
    "lead-text",
    "subheadline",
    "sub-headline",
    "article-summary",
    "post-summary",
    "article-desc",
    "detail-desc",
    "news-desc",
    "trichyeu",
    "trich-yeu",
    "tomtat",
    "tom-tat",
];
const LEAD_WORDS: &[&str] = &[
    "lead",
    "lede",
    "summary",
    "description",
    "desc",
    "dek",
    "deck",
    "intro",
    "excerpt",
    "chapo",
    "introtext",
    "leadtext",
    "headnote",
    "brief",
];
const DATE_WORDS: &[&str] = &[
    "time",
    "date",
    "pubdate",
    "datetime",
    "publishdate",
    "timestamp",
    "dateline",
    "ngay",
    "thoigian",
    "pdate",
    "ngaydang",
];

static JUNK: LazyLock<AhoCorasick> = LazyLock::new(|| automaton(JUNK_PARTS));
static CAPTION: LazyLock<AhoCorasick> = LazyLock::new(|| automaton(CAPTION_PARTS));
static AUTHOR: LazyLock<AhoCorasick> = LazyLock::new(|| automaton(AUTHOR_PARTS));
static LEAD: LazyLock<AhoCorasick> = LazyLock::new(|| automaton(LEAD_PARTS));

fn automaton(parts: &[&str]) -> AhoCorasick {
    AhoCorasick::new(parts).expect("a constant list")
}

/// What an element's tag, class and id say; [`Role::Plain`] for most.
pub(super) fn role(node: &NodeRef<'_>, tag: &str) -> Role {
    match tag {
        "nav" | "footer" | "form" | "button" | "aside" | "dialog" | "menu" | "legend" => {
            return Role::Junk;
        }
        tag if JUNK_TAGS.contains(&tag) => return Role::Junk,
        "figcaption" | "caption" => return Role::Caption,
        "body" | "html" | "main" => return Role::Plain,
        _ => {}
    }
    let mut names = String::new();
    for attribute in [
        "class",
        "id",
        "data-role",
        "itemprop",
        "rel",
        "role",
        "type",
    ] {
        if let Some(value) = node.attr(attribute) {
            let end = value
                .char_indices()
                .nth(400)
                .map_or(value.len(), |(i, _)| i);
            names.push(' ');
            names.push_str(&value[..end]);
        }
    }
    if names.trim().is_empty() {
        return if tag == "time" {
            Role::Date
        } else {
            Role::Plain
        };
    }
    by_names(&names, tag)
}

/// Whether an element is the place from which a report was written, set before the sapo without a sign between.
pub(super) fn is_place_stamp(node: &NodeRef<'_>) -> bool {
    node.attr("class")
        .is_some_and(|names| names.contains("location-stamp") || names.contains("locationstamp"))
}

/// Readers' comments, which may well be longer than the article and never are one.
pub(super) fn is_never_article(node: &NodeRef<'_>) -> bool {
    const NEVER: [&str; 4] = ["comment", "binhluan", "binh-luan", "disqus"];
    named(node, &NEVER)
}

/// Side columns and feet of pages: beside a short article they may hold most of the prose. A wrapper that is named after
/// the side column it holds as well ("content-sidebar-wrap") holds nearly all of it.
pub(super) fn is_beside(node: &NodeRef<'_>) -> bool {
    named(node, &["sidebar", "footer"])
}

fn named(node: &NodeRef<'_>, parts: &[&str]) -> bool {
    ["class", "id"]
        .iter()
        .filter_map(|a| node.attr(a))
        .map(|names| names.to_lowercase())
        .any(|names| parts.iter().any(|part| names.contains(part)))
}

fn by_names(names: &str, tag: &str) -> Role {
    let words = words(names);
    let names = names.to_lowercase();
    let word = |list: &[&str]| words.iter().any(|w| list.contains(&w.as_str()));
    // WordPress puts the article's tags, categories and state into the class of the article itself.
    let pictured = tag == "p" && word(&["image", "img", "photo", "pimage", "picture", "pic"]);
    if names.contains("articlebody") || names.contains("hentry") || names.contains("type-post") {
        Role::Plain
    } else if pictured || CAPTION.is_match(&names) {
        Role::Caption
    } else if tag != "article" && (JUNK.is_match(&names) || word(JUNK_WORDS)) {
        Role::Junk
    } else if tag == "article" {
        Role::Plain
    } else if AUTHOR.is_match(&names) || word(AUTHOR_WORDS) {
        Role::Author
    } else if LEAD.is_match(&names) || word(LEAD_WORDS) {
        Role::Lead
    } else if tag == "time" || word(DATE_WORDS) {
        Role::Date
    } else {
        Role::Plain
    }
}

/// `c-widget-tags postDate` → c, widget, tags, post, date.
fn words(names: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower_before = false;
    for c in names.chars() {
        if !c.is_ascii_alphanumeric() || (c.is_ascii_uppercase() && lower_before) {
            words.push(String::new());
        }
        if c.is_ascii_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.push(c.to_ascii_lowercase());
        }
        lower_before = c.is_ascii_lowercase();
    }
    words.retain(|w| !w.is_empty());
    words
}
