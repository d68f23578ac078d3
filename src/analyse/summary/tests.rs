use super::*;

const FIRST: &str = "(GLO) - Sáng 21/11, Tỉnh ủy tổ chức hội nghị đánh giá một năm thực hiện nghị quyết về phát triển đảng viên ở thôn, làng. \
    Theo đó, toàn tỉnh đã kết nạp 2.114 đảng viên, vượt 6,3% kế hoạch năm. \
    Ông cho biết thêm các chi bộ thôn đã chọn được nhiều quần chúng ưu tú từ phong trào ở cơ sở. \
    Ảnh: Minh Nguyệt. \
    Hội nghị biểu dương 35 chi bộ không còn để thôn, làng trắng đảng viên. \
    Tuy nhiên, một số nơi nguồn kết nạp còn ít vì người trẻ đi làm ăn xa.";
const SECOND: &str = "Tỉnh ủy vừa sơ kết một năm thực hiện nghị quyết về phát triển đảng viên ở thôn, làng. \
    Năm qua, toàn tỉnh kết nạp 2.114 đảng viên, trong đó hơn một nửa là người dân tộc thiểu số. \
    Hội nghị giao các đảng ủy xã phân công cấp ủy viên giúp từng chi bộ thôn tạo nguồn kết nạp.";

fn event() -> [Source<'static>; 2] {
    [
        Source {
            title: "Sơ kết nghị quyết về phát triển đảng viên ở thôn, làng",
            lead: "",
            body: FIRST,
        },
        Source {
            title: "Phát triển đảng viên ở thôn, làng: một năm nhìn lại",
            lead: "",
            body: SECOND,
        },
    ]
}

fn texts(sources: &[Source<'static>], budget: Budget) -> Vec<&'static str> {
    summarise(sources, budget)
        .into_iter()
        .map(|c| c.text)
        .collect()
}

#[test]
fn a_summary_is_verbatim_within_its_budget_and_says_nothing_twice() {
    for words in [20, 40, 60, 90, 200] {
        let chosen = summarise(&event(), Budget::about(words));
        let said: usize = chosen
            .iter()
            .map(|c| c.text.split_whitespace().count())
            .sum();
        assert!(said <= words + words / 10, "{said} words of {words}");
        for c in &chosen {
            assert_eq!(&event()[c.source].body[c.span.clone()], c.text);
        }
        let openings = chosen
            .iter()
            .filter(|c| c.text.contains("một năm thực hiện nghị quyết"))
            .count();
        assert!(openings <= 1, "{chosen:#?}");
    }
}

#[test]
fn datelines_captions_and_headlines_are_not_quoted() {
    let sources = [Source {
        title: "Xã Cồn Dừa ra mắt tổ dân vận ở các ấp",
        lead: "",
        body: "Xã Cồn Dừa ra mắt tổ dân vận ở các ấp\n(TTXVN) - Chiều 20/11, xã Cồn Dừa ra mắt chín tổ dân vận ở các ấp ven biển.\n\
               Ảnh: Các tổ dân vận nhận quyết định thành lập tại hội trường xã.\nBài, ảnh: Thu Cúc\n\
               Mỗi tổ có một đảng viên làm tổ trưởng và giúp ít nhất mười hộ dân.",
    }];
    assert_eq!(
        texts(&sources, Budget::about(200)),
        [
            "Chiều 20/11, xã Cồn Dừa ra mắt chín tổ dân vận ở các ấp ven biển.",
            "Mỗi tổ có một đảng viên làm tổ trưởng và giúp ít nhất mười hộ dân.",
        ]
    );
}

#[test]
fn a_sentence_that_leans_follows_the_one_it_leans_on() {
    for words in 15..120 {
        let chosen = summarise(&event(), Budget::about(words));
        for (i, c) in chosen.iter().enumerate() {
            if c.text.starts_with("Theo đó") {
                assert!(
                    i > 0 && chosen[i - 1].text.starts_with("Sáng 21/11"),
                    "{words}: {chosen:#?}"
                );
            }
        }
        let nameless = chosen
            .iter()
            .position(|c| c.text.starts_with("Ông cho biết"));
        assert!(nameless.is_none_or(|i| i > 0 && chosen[i - 1].text.starts_with("Theo đó")));
    }
}

#[test]
fn an_article_alone_is_told_by_its_sapo() {
    let body: String = (1..9)
        .map(|n| format!("Ở ấp {n}, chi bộ phân công đảng viên giúp từng hộ làm ăn, cuối quý cùng bà con xem lại cách làm. "))
        .collect();
    let sources = [Source {
        title: "Chi bộ xã Cồn Dừa giúp dân làm ăn",
        lead: "Sau một năm phân công đảng viên giúp hộ, xã Cồn Dừa giảm được 64 hộ nghèo. Cách làm này được nhân ra chín xã ven biển.",
        body: &body,
    }];
    let budget = Budget {
        sentences: 2,
        ..Budget::about(70)
    };
    let said: Vec<&str> = summarise(&sources, budget)
        .into_iter()
        .map(|c| c.text)
        .collect();
    assert_eq!(
        said,
        [
            "Sau một năm phân công đảng viên giúp hộ, xã Cồn Dừa giảm được 64 hộ nghèo.",
            "Cách làm này được nhân ra chín xã ven biển."
        ]
    );
}

#[test]
fn limits_hold() {
    let budget = Budget {
        words: 500,
        most_words: 500,
        longest: 18,
        sentences: 2,
    };
    let chosen = texts(&event(), budget);
    assert!(chosen.len() <= 2 && chosen.iter().all(|t| t.split_whitespace().count() <= 18));
    assert!(summarise(&[], Budget::about(100)).is_empty());
    assert!(summarise(&event(), Budget::about(3)).is_empty());
}

#[test]
fn the_weights_can_be_learned_anew() {
    let first = learn::Example {
        sources: event().to_vec(),
        references: vec![FIRST.split(". ").nth(1).unwrap()],
    };
    let second = learn::Example {
        sources: event().to_vec(),
        references: vec![SECOND.split(". ").next().unwrap()],
    };
    let weights = learn::fit(&[&first, &second], &[true; features::FEATURES]);
    assert!(weights.iter().all(|w| w.is_finite()));
    let rouge = learn::cross_validate(&[first, second], 2, &[true; features::FEATURES]);
    assert!((0.0..=100.0).contains(&rouge.one) && rouge.two <= rouge.one);
}

proptest::proptest! {
    #[test]
    fn never_panics_and_stays_inside(
        title in "\\PC{0,60}",
        lead in "[\\PC\n.“”]{0,200}",
        body in "(?:Sáng nay |đảng viên |Theo đó, |[A-ZĐa-zđ]{1,6} |[.!?…] |\n|\\PC){0,80}",
        words in 0_usize..150
    ) {
        let sources = [Source { title: &title, lead: &lead, body: &body }; 2];
        let budget = Budget::about(words);
        let chosen = summarise(&sources, budget);
        let said: usize = chosen.iter().map(|c| c.text.split_whitespace().count()).sum();
        proptest::prop_assert!(said <= budget.most_words);
        for c in chosen {
            let part = if c.place == Place::Lead { &lead } else { &body };
            proptest::prop_assert_eq!(part.get(c.span.clone()), Some(c.text));
        }
    }
}
