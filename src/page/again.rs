//! An article's address asked again: does the article still stand there, or was it taken down?
//!
//! A server's 404 and 410 are plain. Many papers do otherwise: they lead to the home or section page, or answer 200 with
//! a notice. What is neither the article nor clearly one of these is left open: a wrong "taken down" harms a paper.

use super::{PageArticle, decode, extract, guard, meta, tree};
use crate::feed::canonical;
use crate::model::PageRules;
use crate::text::fold::fold;
use crate::text::shingle;
use dom_query::Document;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;
use url::Url;

/// What stands at the address now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Again {
    /// The article.
    Stands(Box<PageArticle>),
    /// The home page, a section, or a notice that there is nothing any more.
    Gone,
    /// Something else: a login page, another article, a page that cannot be read.
    Unclear,
}

/// What is known of the article.
#[derive(Debug, Clone, Default)]
pub struct Known<'a> {
    /// Its headlines: the feed's, the page's.
    pub titles: Vec<&'a str>,
    /// Its lead and text, as far as they were read.
    pub text: String,
}

/// A page as it came.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The address that was asked.
    pub asked: &'a Url,
    /// Where redirects led.
    pub at: &'a Url,
    /// The bytes.
    pub html: &'a [u8],
    /// The HTTP header.
    pub content_type: Option<&'a str>,
}

/// The share of words that two headlines of one article have in common at least.
const SAME_TITLE: f64 = 0.6;
/// The share of windows that two texts of one article have in common at least, of the longer one.
const SAME_TEXT: f64 = 0.25;
/// A line with more characters is prose that speaks of something else.
const NOTICE_CHARS: usize = 200;

/// Words of a notice that the page is gone, folded. Each names the page itself: that others' posts were taken down is news.
const NOTICES: [&str; 22] = [
    "bai viet da bi go",
    "bai viet da duoc go",
    "bai viet nay da bi go",
    "bai viet nay da duoc go",
    "bai viet khong ton tai",
    "bai viet khong con ton tai",
    "bai viet nay khong ton tai",
    "bai viet nay khong con",
    "bai viet ban tim khong",
    "bai viet ban dang tim khong",
    "khong tim thay bai viet",
    "khong tim thay noi dung",
    "khong tim thay trang",
    "noi dung khong ton tai",
    "noi dung nay khong con",
    "noi dung nay da bi go",
    "noi dung nay khong ton tai",
    "trang khong ton tai",
    "trang ban tim khong",
    "trang ban dang tim khong",
    "duong dan khong ton tai",
    "page not found",
];

/// Looks at what stands where the article was. Site rules and zone as for [`extract()`]; never fails.
pub fn look_again(
    answer: &Answer<'_>,
    known: &Known<'_>,
    rules: &PageRules,
    zone: &TimeZone,
) -> Again {
    let read = extract(
        answer.html,
        answer.content_type,
        Some(answer.at),
        rules,
        zone,
    );
    if let Ok(article) = read
        && is_same(&article, known)
    {
        return Again::Stands(Box::new(article));
    }
    let look = std::panic::AssertUnwindSafe(|| says_gone(answer.html, answer.content_type));
    let gone = leads_away(answer.asked, answer.at)
        || is_same_site(answer.asked, answer.at) && std::panic::catch_unwind(look).unwrap_or(false);
    if gone { Again::Gone } else { Again::Unclear }
}

fn is_same(article: &PageArticle, known: &Known<'_>) -> bool {
    let title = words(&article.title);
    let same_title = |other: &&str| {
        let other = words(other);
        let shared = title.intersection(&other).count() as f64;
        !other.is_empty() && 2.0 * shared >= SAME_TITLE * (title.len() + other.len()) as f64
    };
    if known.titles.iter().any(same_title) {
        return true;
    }
    let windows = |text: &str| shingle::shingles(&shingle::tokens(text));
    let now = format!(
        "{}\n\n{}",
        article.lead.as_deref().unwrap_or_default(),
        article.text
    );
    let (before, now) = (windows(&known.text), windows(&now));
    let longer = before.len().max(now.len()) as f64;
    longer > 0.0 && shingle::shared(&before, &now) as f64 >= SAME_TEXT * longer
}

fn words(title: &str) -> BTreeSet<String> {
    let tokens = shingle::tokens(title).into_iter();
    tokens.map(|token| token.text).collect()
}

/// Whether a redirect led to a page of the same site that is no article's: home, section, the site's own "404".
fn leads_away(asked: &Url, at: &Url) -> bool {
    let moved = canonical::canonical(asked.as_str()) != canonical::canonical(at.as_str());
    moved && is_same_site(asked, at) && is_front(at)
}

/// Addresses of articles carry a number nearly everywhere; those of home pages and sections do not.
fn is_front(url: &Url) -> bool {
    let path = url.path();
    let number = |segment: &str| segment.bytes().any(|b| b.is_ascii_digit());
    let not_found = |segment: &str| segment == "404" || segment.starts_with("404.");
    path.split('/').any(not_found) || !path.split('/').any(number)
}

/// The same host but for `www.`, `m.` and `amp.`.
fn is_same_site(a: &Url, b: &Url) -> bool {
    let bare = |url: &Url| {
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        let prefixes = ["www.", "m.", "amp."].iter();
        let rest = prefixes.filter_map(|prefix| host.strip_prefix(prefix));
        rest.map(str::to_owned).next().unwrap_or(host)
    };
    bare(a) == bare(b)
}

/// Whether the page says in a line of its own, or in its title, that there is nothing.
fn says_gone(html: &[u8], content_type: Option<&str>) -> bool {
    let page = guard::bounded(&decode::decode(html, content_type).0);
    let document = Document::from(page.as_str());
    let says = |line: &str| {
        let line = fold(line);
        NOTICES.iter().any(|notice| line.contains(notice))
    };
    meta::document_title(&document).is_some_and(|title| says(&title))
        || tree::Tree::read(&document)
            .blocks
            .iter()
            .filter(|block| block.chars <= NOTICE_CHARS && block.link_share() < 0.5)
            .any(|block| says(&block.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TITLE: &str = "Đảng ủy xã Hòa Thuận kết nạp 21 đảng viên trẻ";
    const BODY: &str = "Sáng 20/11, Đảng ủy xã Hòa Thuận tổ chức lễ kết nạp 21 đảng viên trẻ tại hội trường xã. Bí thư Đảng ủy \
        trao quyết định và giao nhiệm vụ cho từng đảng viên mới. Các chi bộ ấp cử người giúp đỡ đảng viên dự bị trong một năm.";

    fn look(at: &str, html: &str) -> Again {
        let asked =
            Url::parse("https://baodongbung.example/xay-dung-dang/ket-nap-21-dang-vien-a1234.html")
                .unwrap();
        let at = asked.join(at).unwrap();
        let answer = Answer {
            asked: &asked,
            at: &at,
            html: html.as_bytes(),
            content_type: Some("text/html; charset=utf-8"),
        };
        let known = Known {
            titles: vec![TITLE],
            text: BODY.to_owned(),
        };
        look_again(&answer, &known, &PageRules::default(), &TimeZone::UTC)
    }

    fn page(title: &str, body: &str) -> String {
        format!(
            "<html><head><title>{title}</title></head><body><h1>{title}</h1><p>{body}</p></body></html>"
        )
    }

    fn home() -> String {
        let teasers: String = (0..30)
            .map(|n| format!("<li><a href=\"/tin-{n}.html\">Giá lúa vụ thu đông ở vùng {n} nhích lên trong tuần qua</a></li>"))
            .collect();
        format!(
            "<html><head><title>Báo Đồng Bưng điện tử</title></head><body><ul>{teasers}</ul></body></html>"
        )
    }

    #[test]
    fn the_article_stands_though_its_headline_or_its_text_or_its_address_changed() {
        let other = "Lễ trao quyết định cho những người con ưu tú của quê hương";
        for (at, html) in [
            ("", page(TITLE, BODY)),
            (
                "",
                page(
                    TITLE,
                    "Bài viết đang được cập nhật, mời bạn đọc quay lại sau ít phút nữa để xem toàn văn.",
                ),
            ),
            ("", page(other, BODY)),
            (
                "/xay-dung-dang/nhung-nguoi-con-uu-tu-a1234.html",
                page(other, BODY),
            ),
            (
                "https://m.baodongbung.example/xay-dung-dang/a1234.html",
                page(TITLE, BODY),
            ),
        ] {
            assert!(matches!(look(at, &html), Again::Stands(_)), "{at} {html}");
        }
    }

    #[test]
    fn front_pages_and_notices_in_its_place_mean_that_it_was_taken_down() {
        let notice = |text: &str| page("Báo Đồng Bưng", text);
        for (at, html) in [
            ("/", home()),
            ("/xay-dung-dang/", home()),
            ("/404.html", home()),
            (
                "",
                notice("Rất tiếc, bài viết đã bị gỡ hoặc không còn tồn tại trên hệ thống của báo."),
            ),
            (
                "",
                notice(
                    "Bài viết này không còn tồn tại. Mời bạn đọc quay về trang chủ để xem các tin khác.",
                ),
            ),
            (
                "",
                page("404 - Không tìm thấy trang", "Mời bạn về trang chủ."),
            ),
        ] {
            assert_eq!(look(at, &html), Again::Gone, "{at} {html}");
        }
    }

    #[test]
    fn what_may_be_anything_is_left_open() {
        let news = "Bài viết sai sự thật trên mạng xã hội đã bị gỡ sau khi cơ quan chức năng làm việc với chủ tài khoản; nội dung này \
            được đăng từ hôm trước và có hơn hai nghìn lượt chia sẻ, theo thông tin mà công an tỉnh cung cấp cho báo chí.";
        for (at, html) in [
            ("", home()),
            (
                "/kinh-te/gia-lua-b777.html",
                page("Giá lúa vụ thu đông nhích lên", news),
            ),
            ("", page("Gỡ bài sai sự thật trên mạng", news)),
            (
                "https://dangnhap.co-quan.example/",
                page("Đăng nhập mạng", "Mời đăng nhập"),
            ),
            ("", String::new()),
        ] {
            assert_eq!(look(at, &html), Again::Unclear, "{at} {html}");
        }
    }
}
