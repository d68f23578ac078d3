//! The whole way from articles to mail parts, through the real steps.

use super::{fixtures::*, *};
use crate::model::{Article, ArticleId, Change, Edition};

/// Numbers that stand before `word` in `text`.
fn number_before(text: &str, word: &str) -> Option<u32> {
    let head = text.split(word).next()?.trim_end();
    head.rsplit([' ', ' ', '|', '>', '/', '\n'])
        .next()?
        .replace('.', "")
        .parse()
        .ok()
}

fn assert_counts_agree(edition: &Edition) {
    let mail = mail(edition);
    let counts = &edition.counts;
    let listed: usize = edition.sections.iter().map(|s| s.stories.len()).sum();
    assert!(edition.stories.iter().filter(|s| s.lead).count() + listed <= edition.stories.len());
    assert_eq!(counts.stories as usize, edition.stories.len());
    assert_eq!(
        counts.articles as usize,
        edition
            .stories
            .iter()
            .map(|s| s.articles.len())
            .sum::<usize>()
    );
    assert_eq!(
        counts.provinces as usize,
        edition.coverage.provinces_with.len()
    );
    assert_eq!(
        counts.failing as usize,
        edition.coverage.sources_failing.len()
    );
    assert_eq!(
        edition.week.last().map(|d| d.articles),
        Some(counts.articles)
    );
    if counts.stories > 0 {
        assert_eq!(
            number_before(&mail.subject, " việc"),
            Some(counts.stories),
            "{}",
            mail.subject
        );
        assert_eq!(
            number_before(&mail.subject, " tỉnh"),
            Some(counts.provinces),
            "{}",
            mail.subject
        );
    }
    assert_eq!(number_before(&mail.text, " bài báo"), Some(counts.articles));
    assert_eq!(number_before(&mail.text, " sự việc"), Some(counts.stories));
    assert_eq!(
        number_before(&mail.text, " nguồn lỗi"),
        Some(counts.failing)
    );
    for count in [counts.articles, counts.stories, counts.failing] {
        assert!(
            mail.html.contains(&format!(">{count}</span>")),
            "{count} stands in the header"
        );
    }
    // What is not shown is counted: shown + hidden = all.
    let hidden: u32 = ["việc khác.", "việc trong kỳ."]
        .iter()
        .flat_map(|end| {
            mail.text
                .lines()
                .filter(move |l| l.starts_with("và ") && l.ends_with(end))
        })
        .filter_map(|l| l.split(' ').nth(1)?.parse::<u32>().ok())
        .sum();
    let shown = edition
        .stories
        .iter()
        .filter(|s| mail.text.contains(s.articles[0].url.as_str()))
        .count();
    assert_eq!(shown + hidden as usize, edition.stories.len());
    let data = to_json(edition);
    assert_eq!(
        data["counts"]["stories"],
        data["stories"].as_array().unwrap().len()
    );
    assert_eq!(
        data["counts"]["failing"],
        data["coverage"]["sources_failing"]
            .as_array()
            .unwrap()
            .len()
    );
}

#[test]
fn counts_agree_everywhere() {
    for n in [0, 1, 3, 17, 40, 450] {
        assert_counts_agree(&compose(&many(n)));
    }
    assert_counts_agree(&compose(&blind()));
}

#[test]
fn every_article_stands_once() {
    let material = many(120);
    let edition = compose(&material);
    let mut printed: Vec<i64> = edition
        .stories
        .iter()
        .flat_map(|s| &s.articles)
        .chain(&edition.related)
        .map(|a| a.id.0)
        .collect();
    printed.sort_unstable();
    let mut given: Vec<i64> = material.articles.iter().map(|a| a.id.0).collect();
    given.sort_unstable();
    assert_eq!(printed, given);
    let leads = edition.stories.iter().filter(|s| s.lead).count();
    let listed: usize = edition.sections.iter().map(|s| s.stories.len()).sum();
    assert_eq!((leads, leads + listed), (3, 30));
}

#[test]
fn what_an_earlier_edition_had_is_listed_apart_and_told_no_second_time() {
    let mut material = material(vec![
        article(1),
        reprint(0, 90, 5),
        reprint(0, 91, 7),
        reprint(2, 92, 7),
    ]);
    material.reprints = [(90, 286), (91, 286), (92, 287)]
        .map(|(id, number)| (ArticleId(id), number))
        .into();
    let edition = compose(&material);
    assert_eq!((edition.counts.stories, edition.counts.articles), (1, 1));
    let listed: Vec<_> = edition
        .reprints
        .iter()
        .map(|r| (r.article.id.0, r.number))
        .collect();
    assert_eq!(listed, [(92, 287), (90, 286), (91, 286)]);
    assert_eq!(to_json(&edition)["reprints"][0]["number"], 287);
    let mail = mail(&edition);
    for part in [&mail.html, &mail.text] {
        assert!(part.contains("Đã điểm ở số 287") && part.contains("Đã điểm ở số 286"));
        assert!(part.contains("/tin-90.html") && !part.contains("Theo báo bạn"));
    }
    material.articles.reverse();
    assert_eq!(compose(&material), edition);
}

#[test]
fn copies_are_one_story_that_names_all_papers() {
    let edition = compose(&material(vec![
        article(1),
        article(0),
        reprint(0, 90, 5),
        reprint(0, 91, 7),
    ]));
    assert_eq!(
        (
            edition.counts.stories,
            edition.counts.articles,
            edition.counts.provinces
        ),
        (2, 4, 4)
    );
    let papers: Vec<_> = edition.stories[0]
        .articles
        .iter()
        .map(|a| (a.source.as_str(), a.copy))
        .collect();
    assert_eq!(
        papers,
        [
            ("Báo An Giang", false),
            ("Báo Đồng Tháp", true),
            ("Báo Huế", true)
        ]
    );
    let mail = mail(&edition);
    assert!(
        mail.text
            .contains("3 báo đưa tin. Trích Báo An Giang, 08:00 ngày 22/11. Cùng đưa tin:"),
        "{}",
        mail.text
    );
    assert!(
        mail.text.contains("Một báo đưa tin. Trích Báo Cà Mau"),
        "{}",
        mail.text
    );
}

#[test]
fn a_higher_or_a_second_paper_weighs_more_than_a_score() {
    let mut strong = article(7);
    strong.verdict = Some(verdict(2, "to_chuc", 99.0));
    let edition = compose(&material(vec![
        strong,
        article(6),
        article(2),
        reprint(2, 50, 9),
    ]));
    let order: Vec<_> = edition
        .stories
        .iter()
        .map(|s| s.articles[0].source.as_str())
        .collect();
    assert_eq!(order, ["Báo Cao Bằng", "Báo Hà Tĩnh", "Báo Huế"]);
}

#[test]
fn levels_decide_the_place() {
    let mut articles: Vec<Article> = (0..4).map(article).collect();
    articles[1].verdict = Some(verdict(1, "to_chuc", 0.2));
    articles[2].verdict = Some(verdict(0, "to_chuc", 0.0));
    articles[3].backfill = true;
    let edition = compose(&material(articles.clone()));
    assert_eq!((edition.stories.len(), edition.related.len()), (1, 1));
    assert!(mail(&edition).text.contains("TIN LIÊN QUAN"));
    let mut low = material(articles);
    low.digest.min_level = 1;
    let edition = compose(&low);
    assert_eq!((edition.stories.len(), edition.related.len()), (2, 0));
}

#[test]
fn late_and_retouched_articles_say_so() {
    let mut articles = vec![article(0), article(1), article(2)];
    articles[0].published = Some(at("2026-11-22T05:31"));
    articles[1].published = Some(at("2026-11-22T05:29"));
    articles[2].first_title = Some("Tiêu đề lúc đầu".to_owned());
    let edition = compose(&material(articles));
    assert_eq!(edition.coverage.late, 1);
    let text = mail(&edition).text;
    assert!(
        text.contains("Trích Báo Cà Mau (tin đến muộn), 05:29 ngày 22/11."),
        "{text}"
    );
    assert!(
        text.contains("Trích Báo Cao Bằng (đã sửa tiêu đề)"),
        "{text}"
    );
    assert!(!text.contains("Báo An Giang (tin đến muộn)"));
}

#[test]
fn coverage_tells_silence_from_blindness() {
    let edition = compose(&material(vec![article(0)]));
    assert_eq!(edition.coverage.provinces_unread, ["Lai Châu"]);
    assert_eq!(edition.coverage.provinces_unwatched, ["Vĩnh Long"]);
    assert_eq!(edition.coverage.provinces_without.len(), 10);
    let text = mail(&edition).text;
    assert!(
        text.contains("Báo Lai Châu: máy chủ không trả lời kịp · lỗi từ 21:10 ngày 22/11"),
        "{text}"
    );

    let nothing = mail(&compose(&blind()));
    assert!(nothing.subject.ends_with("không đọc được nguồn tin"));
    let words = nothing
        .text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    assert!(words.contains("chưa biết có tin hay không"), "{words}");
    let quiet = mail(&compose(&material(Vec::new())));
    assert!(quiet.subject.ends_with("không có tin"));
    assert!(quiet.text.contains("Đã đọc 11 nguồn tin, không có bài nào"));
}

#[test]
fn a_long_heading_leaves_room_for_date_and_counts() {
    let mut m = many(17);
    m.digest.title =
        "Điểm báo công tác xây dựng Đảng và hệ thống chính trị của tỉnh nhà".to_owned();
    let subject = mail(&compose(&m)).subject;
    assert!(
        subject.chars().count() <= 78
            && subject.ends_with("… · thứ Hai 23/11/2026 · 15 việc, 12 tỉnh"),
        "{subject}"
    );
}

#[test]
fn numbering_goes_on() {
    let mut m = material(Vec::new());
    assert_eq!(compose(&m).number, 288);
    m.last_number = Some(288);
    assert_eq!(compose(&m).number, 289);
    m.last_number = Some(3);
    assert_eq!(compose(&m).number, 288);
}

#[test]
fn every_quoted_sentence_stands_in_its_article() {
    let mut first = article(0);
    first.sapo = Some(
        "(TTXVN) - Sáng nay, PGS.TS. Trần Văn Bình dự họp tại TP. Vinh. Ông nêu ba việc".to_owned(),
    );
    first.body = Some(format!(
        "(TTXVN) - Sáng nay, PGS.TS. Trần Văn Bình dự họp tại TP. Vinh.\n\nTiêu đề phụ\n\n{}",
        body(0)
    ));
    let source = format!(
        "{} {}",
        first.sapo.clone().unwrap(),
        first.body.clone().unwrap()
    );
    let edition = compose(&material(vec![first]));
    let quotes: Vec<&str> = edition.stories[0]
        .summary
        .iter()
        .map(|q| q.text.as_str())
        .collect();
    assert_eq!(
        quotes[0],
        "(TTXVN) - Sáng nay, PGS.TS. Trần Văn Bình dự họp tại TP. Vinh."
    );
    assert_eq!(quotes.len(), 3);
    assert!(quotes.iter().all(|q| source.contains(q)), "{quotes:?}");
}

#[test]
fn hostile_articles_are_inert() {
    let mail = mail(&compose(&hostile()));
    for bad in [
        "<script",
        "onerror=\"",
        "javascript:",
        "{{",
        "{%",
        "\u{202e}",
        "\u{200b}",
        "\u{feff}",
        "\u{1b}",
        "\r",
        "\nBcc",
    ] {
        assert!(!mail.html.contains(bad), "{bad:?} in the html");
        assert!(!mail.text.contains(bad), "{bad:?} in the text");
    }
    assert!(mail.subject.chars().all(|c| !c.is_control()));
    assert!(mail.text.contains("Đảng bộ xã họp (NFD)"));
}

#[test]
fn the_text_part_keeps_to_72_columns_and_every_address_to_a_line_of_its_own() {
    for m in [many(40), hostile(), blind()] {
        let mail = mail(&compose(&m));
        for line in mail.text.lines() {
            let address = line.trim_start().starts_with("http");
            assert!(
                address || wrap::width(line) <= wrap::COLUMNS || !line.trim().contains(' '),
                "{line}"
            );
            assert!(address || !line.contains("http"), "{line}");
        }
        for link in mail
            .html
            .split("href=\"http")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
        {
            let link = format!("http{}", link.replace("&amp;", "&"));
            assert!(mail.text.lines().any(|line| line.trim() == link), "{link}");
        }
    }
}

#[test]
fn a_great_day_stays_under_the_size_where_mail_readers_cut() {
    let mut great = many(450);
    for article in &mut great.articles {
        article.url.push_str(&"x".repeat(200));
        article
            .title
            .push_str(&" và các nội dung liên quan".repeat(4));
    }
    let mail = mail(&compose(&great));
    assert!(mail.html.len() < 80 * 1024, "{}", mail.html.len());
    assert!(mail.html.contains("việc khác."));
    assert!(mail.html.trim_end().ends_with("</html>"));
}

#[test]
fn a_flood_of_news_is_cut_and_never_kept_from_printing() {
    let mut flood = many(4_000);
    for article in &mut flood.articles {
        article.url.push_str(&"x".repeat(700));
    }
    let mail = mail(&compose(&flood));
    assert!(mail.html.len() < 80 * 1024, "{}", mail.html.len());
    assert!(mail.html.contains("việc khác."));
}

#[test]
fn an_edition_renders_the_same_after_the_store() {
    let edition = compose(&many(17));
    let frozen = serde_json::to_string(&edition).unwrap();
    let thawed: Edition = serde_json::from_str(&frozen).unwrap();
    assert_eq!(thawed, edition);
    assert_eq!(mail(&thawed), mail(&edition));
}

#[test]
fn an_admins_template_is_tried_before_it_is_taken() {
    let (own, wrong) = Templates::of(None, Some("{{ title }}: {{ counts[1].value }} việc\n"));
    assert_eq!((own.are_own(), wrong), (true, vec![]));
    let edition = compose(&many(3));
    assert_eq!(
        render(&own, &edition, &options()).unwrap().text,
        "Điểm báo xây dựng Đảng: 3 việc\n"
    );

    let error = |text: &str| {
        let (templates, mut wrong) = Templates::of(Some(text), None);
        assert!(!templates.are_own(), "the built-in one takes its place");
        wrong.remove(0)
    };
    let wrong = error("a\n{% if title %}");
    assert_eq!((wrong.name.as_str(), wrong.line), ("digest.html.j2", 2));
    let wrong = error("\n\n{{ titel }}");
    assert_eq!((wrong.line, wrong.field.as_deref()), (3, Some("titel")));
    assert_eq!(
        wrong.reason_vi,
        "không có trường này; có phải định viết `title`?"
    );
    let wrong = error("{{ title }}\n{% if leds %}{% endif %}");
    assert_eq!((wrong.line, wrong.field.as_deref()), (2, Some("leds")));
    let wrong = error("{% for s in leads %}\n{{ s.carid }}{% endfor %}");
    assert_eq!((wrong.line, wrong.field.as_deref()), (2, Some("s.carid")));
    assert!(
        error("{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}")
            .reason
            .contains("too many steps")
    );
    assert!(
        error("{% for a in range(9999) %}{{ 'x' * 1000 }}{% endfor %}")
            .reason
            .contains("MiB")
    );
}

#[test]
fn a_template_that_fails_on_a_real_edition_gives_way_to_the_built_in_one() {
    // Neither sample has so many stories: it fails only here.
    let (own, wrong) = Templates::of(None, Some("{{ sections[3].name }}\n"));
    assert!(!own.are_own() && !wrong.is_empty());
    let deep = "{% if sections|length > 1 %}{{ sections[0].stories[0].nothing }}{% endif %}\n";
    let (own, wrong) = Templates::of(None, Some(deep));
    assert_eq!((own.are_own(), wrong), (true, vec![]));
    let (rendered, failed) = render_somehow(&own, &compose(&many(40)), &options()).unwrap();
    let failed = failed.unwrap();
    assert_eq!((failed.name.as_str(), failed.line), ("digest.txt.j2", 1));
    for part in [&rendered.html, &rendered.text] {
        assert!(part.contains("dùng mẫu có sẵn"), "it says so");
    }
}

#[test]
fn a_day_with_three_stories_reads_like_this() {
    let mut m = material(vec![
        article(0),
        reprint(0, 70, 5),
        article(4),
        article(9),
        article(5),
    ]);
    m.digest.leads = 1;
    m.articles[4].verdict = Some(verdict(1, "to_chuc", 0.3));
    m.articles[3].published = Some(at("2026-11-21T16:45"));
    let mail = mail(&compose(&m));
    insta::assert_snapshot!("three_stories_subject", mail.subject);
    insta::assert_snapshot!("three_stories_text", mail.text);
    insta::assert_snapshot!("three_stories_html", mail.html);
}

#[test]
fn an_empty_day_reads_like_this() {
    let mail = mail(&compose(&material(Vec::new())));
    insta::assert_snapshot!("empty_day_text", mail.text);
    insta::assert_snapshot!("empty_day_html", mail.html);
}

#[test]
fn edition_json_keeps_its_contract() {
    let data = to_json(&compose(&many(4)));
    let keys = |value: &serde_json::Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    let has = |value: &serde_json::Value, wanted: &[&str]| {
        let keys = keys(value);
        assert!(
            wanted.iter().all(|w| keys.iter().any(|k| k == w)),
            "{keys:?}"
        );
    };
    has(
        &data,
        &[
            "digest", "number", "date", "covers", "counts", "stories", "coverage",
        ],
    );
    has(
        &data["counts"],
        &["articles", "stories", "provinces", "failing"],
    );
    has(
        &data["stories"][0],
        &[
            "title",
            "lead",
            "topics",
            "provinces",
            "articles",
            "summary",
            "figures",
        ],
    );
    has(
        &data["stories"][0]["articles"][0],
        &["title", "url", "source", "published", "copy", "late"],
    );
    has(&data["stories"][0]["summary"][0], &["text", "url"]);
    has(
        &data["coverage"]["sources_failing"][0],
        &["source", "reason", "since"],
    );
    assert_eq!(data["date"], "2026-11-23");
    assert_eq!(data["covers"]["to"], "2026-11-23T06:30:00+07:00");
    assert!(
        data["coverage"]["provinces_without"].is_array()
            && data["coverage"]["sources_ok"].is_number()
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(12))]
    #[test]
    fn the_order_of_arrival_does_not_matter(seed in proptest::prelude::any::<u64>()) {
        let straight = many(25);
        let mut mixed = straight.clone();
        mixed.stories.reverse();
        let mut state = seed | 1;
        mixed.articles.sort_by_cached_key(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        });
        proptest::prop_assert_eq!(compose(&mixed), compose(&straight));
    }

    #[test]
    fn nothing_a_paper_prints_breaks_the_mail(title in "\\PC{0,120}", sapo in "\\PC{0,300}", url in "\\PC{0,60}") {
        let mut hostile = article(0);
        hostile.title = title;
        hostile.sapo = Some(sapo);
        hostile.url = format!("https://bao.example/{url}");
        let mail = mail(&compose(&material(vec![hostile, article(1)])));
        proptest::prop_assert!(mail.html.matches("<a ").count() <= 8 && !mail.html.contains("<script"));
        proptest::prop_assert!(mail.text.lines().all(|l| !l.contains('\t') && l.trim_end() == l));
    }
}

#[test]
fn sentences_and_figures_of_a_story_name_the_paper_they_stand_in() {
    let (first, second) = (article(0), article(1));
    let said = |article: &Article, text: &str| Said {
        article: article.id,
        text: text.to_owned(),
    };
    let figure = crate::model::Figure {
        text: "74 đảng viên".to_owned(),
        value: 74.0,
        unit: "đảng viên".to_owned(),
        subject: Some("kết nạp".to_owned()),
        sentence: "Xã đã kết nạp 74 đảng viên.".to_owned(),
    };
    let mut material = material(vec![first.clone(), second.clone()]);
    let stranger = article(2);
    let told = |article: &Article, text: &str| Told {
        article: article.id,
        figure: crate::model::Figure {
            text: text.to_owned(),
            ..figure.clone()
        },
        place: None,
    };
    material.stories = vec![StoryGroup {
        copies: vec![vec![first.id], vec![second.id]],
        summary: vec![
            said(&first, "Xã đã kết nạp 74 đảng viên."),
            said(&second, "Các chi bộ thôn giữ nếp sinh hoạt."),
            said(&stranger, "Câu này không có trong việc."),
        ],
        figures: vec![Told {
            article: second.id,
            figure: figure.clone(),
            place: Some("Cà Mau".to_owned()),
        }],
        continues: Some(287),
        discords: vec![
            Differing {
                what: "đảng viên được kết nạp".to_owned(),
                claims: vec![told(&first, "74 đảng viên"), told(&second, "47 đảng viên")],
            },
            Differing {
                what: "chi bộ".to_owned(),
                claims: vec![told(&first, "9 chi bộ"), told(&stranger, "8 chi bộ")],
            },
        ],
    }];
    let edition = compose(&material);
    let story = &edition.stories[0];
    let urls: Vec<&str> = story.summary.iter().map(|q| q.url.as_str()).collect();
    assert_eq!(urls, [first.url.as_str(), second.url.as_str()]);
    assert_eq!(story.figures[0].url, second.url);
    assert_eq!(
        (story.continues, story.discords.len()),
        (Some(287), 1),
        "one paper alone differs with nobody"
    );

    let text = mail(&edition).text;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let papers: Vec<&str> = story.articles.iter().map(|a| a.source.as_str()).collect();
    assert!(
        line.contains(&format!("“Xã đã kết nạp 74 đảng viên.” — {}", papers[0])),
        "{line}"
    );
    assert!(line.contains(&format!("— {}", papers[1])), "{line}");
    assert!(
        line.contains(&format!("74 đảng viên: kết nạp · Cà Mau · {}", papers[1])),
        "{line}"
    );
}

#[test]
fn what_papers_count_differently_stands_side_by_side_and_continued_stories_say_so() {
    let mut edition = compose(&material(vec![
        article(0),
        article(1),
        article(2),
        article(3),
    ]));
    edition.stories.iter_mut().for_each(|story| {
        let claim = |text: &str, url: &str| crate::model::FigureView {
            figure: crate::model::Figure {
                text: text.to_owned(),
                value: 1.0,
                unit: "đảng viên".to_owned(),
                subject: None,
                sentence: format!("Có {text}."),
            },
            url: url.to_owned(),
            place: None,
        };
        let url = story.articles[0].url.clone();
        story.continues = Some(287);
        story.discords = vec![crate::model::Discord {
            what: "đảng viên mới".to_owned(),
            claims: vec![claim("74 đảng viên", &url), claim("47 đảng viên", &url)],
        }];
    });
    let mail = mail(&edition);
    for part in [&mail.html, &mail.text] {
        let part = part.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(part.contains("Tiếp theo số 287.") && part.contains("tiếp theo số 287"));
        assert!(part.contains("Số liệu các báo đưa khác nhau (đảng viên mới):"));
        assert!(part.contains("74 đảng viên") && part.contains("47 đảng viên"));
        assert!(part.contains("một báo đưa"));
    }
}

#[test]
fn what_became_of_mailed_articles_is_told_once_and_apart() {
    let mut material = material(vec![article(0), article(1)]);
    let corrected = |i: usize, change| Corrected {
        article: article(i),
        number: 287,
        mailed_title: format!("Tiêu đề đã gửi {i}"),
        change,
        reworded: None,
    };
    material.corrections = vec![
        corrected(4, Change::Retitled),
        corrected(5, Change::Withdrawn),
        corrected(1, Change::Corrected),
    ];
    let edition = compose(&material);
    assert_eq!(
        edition.counts.articles, 1,
        "a notice is no story of its own"
    );
    let order: Vec<Change> = edition.corrections.iter().map(|c| c.change).collect();
    assert_eq!(
        order,
        [Change::Corrected, Change::Withdrawn, Change::Retitled]
    );
    assert_eq!(to_json(&edition)["corrections"][1]["change"], "withdrawn");
    let mail = mail(&edition);
    let text = mail.text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("ĐÍNH CHÍNH, GỠ BÀI"), "{text}");
    assert!(text.contains("- Gỡ bài · số 287, Báo Đồng Tháp: Tiêu đề đã gửi 5"));
    assert!(text.contains(&format!("Tiêu đề đã gửi 4 → {}", article(4).title)));
    assert!(mail.html.contains(&article(4).url) && !mail.html.contains(&article(5).url));
}

#[test]
fn headings_may_be_english_and_the_papers_words_stay() {
    let mut material = many(17);
    material.digest.language = crate::model::Language::En;
    let mail = mail(&compose(&material));
    assert!(mail.text.contains("LEAD STORIES") && mail.text.contains("BY PROVINCE"));
    assert!(mail.text.contains("Monday, 23 November 2026 · No. 288"));
    assert!(mail.text.contains(TITLES[0]));
}

#[test]
fn the_word_file_is_the_same_each_time_and_tells_the_same() {
    use crate::config::{DocxConfig, DocxHead};
    let edition = compose(&many(40));
    let head = |heading| DocxConfig {
        attach: true,
        heading,
        parent: Some("Tỉnh ủy An Giang".to_owned()),
        office: Some("Văn phòng".to_owned()),
        place: Some("An Giang".to_owned()),
    };
    let of = |heading| docx(&edition, &head(heading), &options()).unwrap();
    assert!(of(DocxHead::Dang) == of(DocxHead::Dang), "the same bytes");
    let text = |bytes: Vec<u8>, part: &str| {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut archive.by_name(part).unwrap(), &mut text).unwrap();
        text
    };
    let party = text(of(DocxHead::Dang), "word/document.xml");
    let state = text(of(DocxHead::HanhChinh), "word/document.xml");
    let none = text(of(DocxHead::Khong), "word/document.xml");
    assert!(party.contains("ĐẢNG CỘNG SẢN VIỆT NAM") && party.contains("TỈNH ỦY AN GIANG"));
    assert!(state.contains("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM") && state.contains("Số: 288"));
    assert!(!none.contains("VIỆT NAM") && none.contains("An Giang, ngày 23 tháng 11 năm 2026"));
    let counts = edition.counts;
    for document in [&party, &state, &none] {
        let header = format!(
            "{} bài báo | {} sự việc | {}/",
            counts.articles, counts.stories, counts.provinces
        );
        assert!(document.contains(&header), "{header}");
        assert!(document.contains("Heading1") && document.contains("Heading2"));
        for article in edition.stories.iter().flat_map(|story| &story.articles) {
            assert!(document.contains(&article.url), "every address is printed");
        }
    }
    let header = text(of(DocxHead::Dang), "word/header1.xml");
    assert!(
        header.contains("PAGE") || text(of(DocxHead::Dang), "word/header2.xml").contains("PAGE")
    );
}
