//! Copies: articles that print the same report. A judgement on texts, never on titles.
//!
//! Two texts are copies when most of the shorter one's five-syllable windows stand in the other and where their
//! wording agrees their figures and names do: papers reprint agency reports with new titles, cuts and captions,
//! but a monthly report from the neighbouring commune has the same words with other figures.

use crate::{
    model::{Article, ArticleId, SourceKey},
    text::shingle::{self, Token},
};
use std::{
    borrow::Borrow,
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

/// Share of the shorter text's windows that must stand in the longer.
const CONTAINED: f64 = 0.6;
/// The same for a text so short that a quotation could fill it.
const CONTAINED_SHORT: f64 = 0.8;
/// Below this many windows a text is short…
const SHORT: usize = 40;
/// …and below this it is only a copy of one about as short: a single sentence proves nothing about a long report.
const TINY: usize = 16;
/// How many times longer a text may be without its opening being asked for.
const MUCH_LONGER: f64 = 1.4;
/// Syllables of a text that open it: where the news is.
const OPENING: usize = 64;
/// Share of a much longer text's opening that must stand in the shorter: a follow-up opens with its own news and quotes
/// the first report as background, a cut reprint keeps the opening.
const OPENING_SHARED: f64 = 0.25;
/// Below this no text is compared at all.
const NOTHING: usize = 6;
/// How many texts are looked at for one window. Windows in more are boilerplate, or belong to copies that are
/// already joined: this keeps the work linear.
const MAX_HOLDERS: usize = 48;

/// One text to compare.
#[derive(Debug, Clone, Default)]
pub struct NearText {
    tokens: Vec<Token>,
    shingles: Vec<u64>,
    opening: Vec<u64>,
    figures: Filled,
    names: Filled,
}

impl NearText {
    /// Prepares the sapo and body of an article. The title is left out: papers write their own, and equal
    /// titles stand over different reports every month.
    pub fn new(sapo: &str, body: &str) -> Self {
        let mut tokens = shingle::tokens(sapo);
        let lead = shingle::shingles(&tokens);
        let body = shingle::tokens(body);
        let shingles = shingle::shingles(&body);
        // Many feeds print the sapo as the first paragraph again.
        let repeated = !lead.is_empty() && shingle::shared(&lead, &shingles) * 10 >= lead.len() * 9;
        if repeated {
            tokens = body;
        } else {
            tokens.extend(body);
            tokens.truncate(shingle::MAX_SYLLABLES);
        }
        let shingles = shingle::shingles(&tokens);
        let opening = shingle::shingles(&tokens[..tokens.len().min(OPENING)]);
        Self {
            figures: figures_by_wording(&tokens),
            names: names_by_wording(&tokens),
            tokens,
            shingles,
            opening,
        }
    }
}

/// What stands in the windows of one wording; `None` where several things do.
type Filled = HashMap<u64, Option<u64>>;

/// Windows with their figures and capitalised words masked, to the figures that stand there. Names are masked too,
/// since a form that is filled in anew has other names beside its figures.
fn figures_by_wording(tokens: &[Token]) -> Filled {
    filled(tokens, |window| {
        let figures: Vec<&str> = texts(window, |t| t.number);
        (1..=2).contains(&figures.len()).then_some(figures)
    })
}

/// Windows without figures, their capitalised words masked, to the words that stand there.
fn names_by_wording(tokens: &[Token]) -> Filled {
    filled(tokens, |window| {
        let names: Vec<&str> = texts(window, |t| t.capital);
        let plain = window.iter().all(|t| !t.number);
        (plain && (1..=2).contains(&names.len())).then_some(names)
    })
}

fn texts(window: &[Token], wanted: impl Fn(&Token) -> bool) -> Vec<&str> {
    let wanted = window.iter().filter(|t| wanted(t));
    wanted.map(|t| t.text.as_str()).collect()
}

fn filled<'a>(tokens: &'a [Token], values: impl Fn(&'a [Token]) -> Option<Vec<&'a str>>) -> Filled {
    let mut out = Filled::new();
    for window in tokens.windows(shingle::WINDOW) {
        let Some(values) = values(window) else {
            continue;
        };
        let wording = window.iter().map(|t| match (t.number, t.capital) {
            (true, _) => "#",
            (_, true) => "@",
            _ => t.text.as_str(),
        });
        let value = shingle::hash_of(values.into_iter());
        out.entry(shingle::hash_of(wording))
            .and_modify(|known| {
                if *known != Some(value) {
                    *known = None;
                }
            })
            .or_insert(Some(value));
    }
    out
}

/// Whether two texts print the same report.
pub fn is_copy(a: &NearText, b: &NearText) -> bool {
    let (short, long) = if a.shingles.len() <= b.shingles.len() {
        (a, b)
    } else {
        (b, a)
    };
    let size = short.shingles.len();
    if size < NOTHING {
        return false;
    }
    let shared = shingle::shared(&short.shingles, &long.shingles) as f64;
    let contained = shared / size as f64;
    let wanted = if size < SHORT {
        CONTAINED_SHORT
    } else {
        CONTAINED
    };
    if contained < wanted {
        return false;
    }
    if size < TINY && shared / (long.shingles.len() as f64) < CONTAINED_SHORT {
        return false;
    }
    opens_alike(short, long)
        && agree(&short.figures, &long.figures)
        && agree(&short.names, &long.names)
}

fn opens_alike(short: &NearText, long: &NearText) -> bool {
    let much_longer = long.shingles.len() as f64 > MUCH_LONGER * short.shingles.len() as f64;
    let shared = shingle::shared(&long.opening, &short.shingles) as f64;
    !much_longer || shared >= OPENING_SHARED * long.opening.len() as f64
}

/// Whether, where the wording is the same, nearly always the same stands in it.
fn agree(a: &Filled, b: &Filled) -> bool {
    let (small, large) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let (mut same, mut other) = (0u32, 0u32);
    for (wording, value) in small {
        if let (Some(x), Some(Some(y))) = (value, large.get(wording)) {
            if x == y {
                same += 1;
            } else {
                other += 1;
            }
        }
    }
    other < 2 || other * 4 <= same + other
}

/// The group of each text: equal numbers are copies of one another. The grouping depends on the set of texts
/// only, not on their order; the number is the place of the group's first text.
pub fn group(texts: &[NearText]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..texts.len()).collect();
    // Longest first, so that the full report is what the cut ones are found by; then by content.
    order.sort_by_cached_key(|&i| {
        let text = &texts[i];
        let content = shingle::hash_of(text.tokens.iter().map(|t| t.text.as_str()));
        (Reverse(text.shingles.len()), content)
    });
    let mut parent: Vec<usize> = (0..texts.len()).collect();
    let mut holders: HashMap<u64, Vec<usize>> = HashMap::new();
    for &i in &order {
        let mut meets: BTreeMap<usize, usize> = BTreeMap::new();
        for window in &texts[i].shingles {
            let known = holders.entry(*window).or_default();
            for &j in known.iter() {
                *meets.entry(j).or_default() += 1;
            }
            if known.len() < MAX_HOLDERS {
                known.push(i);
            }
        }
        // Half of what is_copy asks for leaves room for windows whose list of holders was full.
        let enough = texts[i].shingles.len() as f64 * CONTAINED / 2.0;
        for (j, _) in meets
            .into_iter()
            .filter(|&(_, count)| count as f64 >= enough)
        {
            let (a, b) = (root(&mut parent, i), root(&mut parent, j));
            if a != b && is_copy(&texts[i], &texts[j]) {
                parent[a.max(b)] = a.min(b);
            }
        }
    }
    (0..texts.len()).map(|i| root(&mut parent, i)).collect()
}

fn root(parent: &mut [usize], mut i: usize) -> usize {
    while parent[i] != i {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    i
}

/// Articles in groups of copies. Within a group the lead copy stands first: that of the highest-ranked
/// paper (smallest `rank`), then the fullest text, then the earliest ingested; the others follow in the same order.
/// Groups stand in the order of their lead copies' ingest numbers.
pub fn copies<A: Borrow<Article>>(
    articles: &[A],
    rank: impl Fn(&SourceKey) -> u16,
) -> Vec<Vec<ArticleId>> {
    let texts: Vec<NearText> = articles.iter().map(|a| near_text(a.borrow())).collect();
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (i, group) in group(&texts).into_iter().enumerate() {
        groups.entry(group).or_default().push(i);
    }
    let mut groups: Vec<Vec<usize>> = groups.into_values().collect();
    for group in &mut groups {
        group.sort_by_key(|&i| {
            let article: &Article = articles[i].borrow();
            (
                rank(&article.source),
                Reverse(texts[i].tokens.len()),
                article.ingest,
                article.id,
            )
        });
    }
    groups.sort_by_key(|group| {
        let lead: &Article = articles[group[0]].borrow();
        (lead.ingest, lead.id)
    });
    groups
        .into_iter()
        .map(|group| group.into_iter().map(|i| articles[i].borrow().id).collect())
        .collect()
}

/// Which of `articles` print again a report that an earlier edition had, and the number of the first such edition.
pub fn reprints<A: Borrow<Article>>(
    articles: &[A],
    earlier: &[(Article, u32)],
) -> BTreeMap<ArticleId, u32> {
    let known = earlier.iter().map(|(article, _)| article);
    let new = articles.iter().map(Borrow::borrow);
    let texts: Vec<NearText> = known.chain(new).map(near_text).collect();
    let groups = group(&texts);
    let mut first: HashMap<usize, u32> = HashMap::new();
    for (group, (_, number)) in groups.iter().zip(earlier) {
        let least = first.entry(*group).or_insert(*number);
        *least = (*least).min(*number);
    }
    let new = articles.iter().zip(&groups[earlier.len()..]);
    new.filter_map(|(article, group)| Some((article.borrow().id, *first.get(group)?)))
        .collect()
}

fn near_text(article: &Article) -> NearText {
    NearText::new(
        article.sapo.as_deref().unwrap_or(""),
        article.body.as_deref().unwrap_or(""),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Ingest;

    const REPORT: &str = "Sáng 12/11, Ban Thường vụ Tỉnh ủy tổ chức hội nghị sơ kết ba năm thực hiện nghị quyết về nâng cao \
        chất lượng sinh hoạt chi bộ. Đến nay toàn tỉnh có 1.284 chi bộ thực hiện sinh hoạt chuyên đề mỗi quý, tăng 312 \
        chi bộ so với năm trước. Các đại biểu đã thảo luận về cách làm hay ở cơ sở và những việc còn chậm. Kết luận hội \
        nghị, đồng chí Bí thư Tỉnh ủy yêu cầu cấp ủy các cấp bám sát cơ sở, nói đi đôi với làm, không chạy theo hình thức.";

    fn group_of(texts: &[(&str, &str)]) -> Vec<usize> {
        group(
            &texts
                .iter()
                .map(|(sapo, body)| NearText::new(sapo, body))
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn a_reprint_with_other_spelling_and_a_cut_is_a_copy() {
        use unicode_normalization::UnicodeNormalization;
        let cut: String = REPORT[..REPORT.find("Các đại biểu").unwrap()]
            .nfd()
            .collect();
        assert_eq!(
            group_of(&[("", REPORT), ("(TTXVN) - Tin trong tỉnh", &cut)]),
            [0, 0]
        );
    }

    #[test]
    fn the_same_words_with_other_figures_are_another_report() {
        let other = REPORT
            .replace("1.284", "967")
            .replace("312", "45")
            .replace("12/11", "13/11");
        assert_eq!(group_of(&[("", REPORT), ("", &other)]), [0, 1]);
    }

    #[test]
    fn the_same_words_with_other_names_or_dates_are_another_report() {
        let form = |place: &str, who: &str, date: &str| {
            format!(
                "Ngày {date}, tại xã {place}, Đảng ủy tổ chức lớp bồi dưỡng cho cấp ủy viên chi bộ thôn, do đồng chí {who} trực tiếp \
                 đứng lớp. Học viên xã {place} nghe ba chuyên đề về nghiệp vụ và trao đổi với báo cáo viên {who} về cách ghi sổ."
            )
        };
        let one = form("Bến Mới", "Trần Hải", "21/10");
        let again = form("Bến Mới", "Trần Hải", "21-10");
        let moved = form("Bến Mới", "Trần Hải", "28-10");
        let other = form("Chợ Cũ", "Lê Sơn", "21/10");
        assert_eq!(
            group_of(&[("", &one), ("", &again), ("", &other)]),
            [0, 0, 2]
        );
        assert_eq!(group_of(&[("", &one), ("", &moved)]), [0, 1]);
    }

    #[test]
    fn a_follow_up_that_quotes_the_first_report_is_none_of_its_copies() {
        let news = "Hôm nay đoàn giám sát của Tỉnh ủy công bố kết luận đối với ba đảng ủy xã chậm sơ kết. Kết luận nêu rõ trách nhiệm \
            của từng tập thể, thời hạn khắc phục và cách theo dõi. Đảng ủy các xã nhận khuyết điểm, hứa sửa ngay trong tháng, có \
            phân công từng cấp ủy viên xuống dự sinh hoạt với chi bộ yếu. Trước đó, báo đã đưa tin về hội nghị.";
        let follow_up = format!("{news} {REPORT}");
        assert_eq!(group_of(&[("", REPORT), ("", &follow_up)]), [0, 1]);
    }

    #[test]
    fn one_shared_sentence_does_not_make_a_copy() {
        let sapo = "Các đại biểu đã thảo luận về cách làm hay ở cơ sở và những việc còn chậm.";
        assert_eq!(group_of(&[("", REPORT), (sapo, "")]), [0, 1]);
        assert_eq!(
            group_of(&[(sapo, ""), (sapo, "")]),
            [0, 0],
            "two feeds with the same sapo alone"
        );
        assert_eq!(
            group_of(&[("", ""), ("", "")]),
            [0, 1],
            "titles alone never merge"
        );
    }

    fn article(id: i64, source: &str, body: &str) -> Article {
        Article {
            id: ArticleId(id),
            source: source.into(),
            url: format!("https://{source}.example/{id}"),
            title: "Sơ kết ba năm".into(),
            first_title: None,
            sapo: None,
            body: Some(body.into()),
            author: None,
            section: None,
            published: None,
            seen: jiff::Timestamp::UNIX_EPOCH,
            ingest: Ingest(id),
            backfill: false,
            verdict: None,
        }
    }

    #[test]
    fn the_lead_copy_is_of_the_highest_paper_then_the_fullest_then_the_earliest() {
        let cut = &REPORT[..REPORT.find("Kết luận").unwrap()];
        let articles = [
            article(1, "huyen", REPORT),
            article(2, "tinh", cut),
            article(3, "tinh", REPORT),
            article(4, "tinh", REPORT),
        ];
        let rank = |source: &SourceKey| if source.as_str() == "tinh" { 10 } else { 20 };
        assert_eq!(copies(&articles, rank), [[3, 4, 2, 1].map(ArticleId)]);
    }

    #[test]
    fn what_an_earlier_edition_had_is_a_reprint_of_the_first_that_had_it() {
        let cut = &REPORT[..REPORT.find("Kết luận").unwrap()];
        let earlier = [
            (article(1, "tinh", REPORT), 288),
            (article(2, "huyen", REPORT), 287),
        ];
        let fresh = REPORT.replace("1.284", "967").replace("312", "45");
        let articles = [article(3, "xa", cut), article(4, "xa", &fresh)];
        assert_eq!(
            reprints(&articles, &earlier),
            BTreeMap::from([(ArticleId(3), 287)])
        );
        assert!(reprints(&articles, &[]).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn order_does_not_matter(seed in 0usize..720) {
            let variants = [
                REPORT.to_owned(),
                REPORT[..REPORT.find("Kết luận").unwrap()].to_owned(),
                REPORT.replace("1.284", "967").replace("312", "45"),
                "Đảng ủy xã phát động thi đua nước rút trong hai tháng cuối năm với 14 chỉ tiêu được giao cho từng chi bộ.".to_owned(),
                REPORT[REPORT.find("Các đại biểu").unwrap()..].to_owned(),
                "Đảng ủy xã phát động thi đua nước rút trong hai tháng cuối năm với 14 chỉ tiêu được giao cho từng chi bộ thôn.".to_owned(),
            ];
            let straight = group_of(&variants.each_ref().map(|v| ("", v.as_str())));
            let mut left: Vec<usize> = (0..6).collect();
            let mut seed = seed;
            let order: Vec<usize> = (1..=6).rev().map(|n| { let at = seed % n; seed /= n; left.remove(at) }).collect();
            let mixed = group_of(&order.iter().map(|&i| ("", variants[i].as_str())).collect::<Vec<_>>());
            for (a, &i) in order.iter().enumerate() {
                for (b, &j) in order.iter().enumerate() {
                    proptest::prop_assert_eq!(mixed[a] == mixed[b], straight[i] == straight[j]);
                }
            }
        }
    }
}
