//! An edition as a Word file, to be printed for a meeting or copied from: the mail's words and order, every address in
//! print, nothing cut.

use super::{
    RenderOptions,
    view::{self, DiscordLine, Lead, Limits, Paper, Story, Tail, View},
    word::{Piece, Stand, Word, WordError},
};
use crate::config::DocxConfig;
use crate::model::Edition;

/// The Word file of an edition. The same edition and letterhead give the same bytes.
///
/// # Errors
/// When the archive cannot be written; not because of any text.
pub fn docx(
    edition: &Edition,
    letterhead: &DocxConfig,
    options: &RenderOptions,
) -> Result<Vec<u8>, WordError> {
    let view = view::view(edition, options, Limits::NONE);
    let title = format!("{} · {}", view.title, view.date_short);
    let mut word = Word::new(&title, edition.composed_at);
    word.letterhead(letterhead, Some(edition.number), edition.date);
    let mut printer = Printer { word, view: &view };
    printer.opening();
    printer.leads();
    printer.figures();
    printer.corrections();
    printer.sections();
    printer.tails();
    printer.reprints();
    printer.provinces();
    printer.closing();
    printer.word.finish()
}

struct Printer<'v> {
    word: Word,
    view: &'v View,
}

impl Printer<'_> {
    fn say(&mut self, stand: Stand, text: &str) {
        self.word.say(stand, &[Piece::Plain(text)]);
    }

    fn opening(&mut self) {
        let view = self.view;
        self.word.title(&view.title);
        let day = format!("{} · {} {}", view.date_long, view.h.number, view.number);
        self.word.say(Stand::Centre, &[Piece::Italic(&day)]);
        let span = format!(
            "Tin báo chí từ {} đến {}.",
            view.covers_from, view.covers_to
        );
        self.say(Stand::Body, &span);
        let counts: Vec<String> = view
            .counts
            .iter()
            .map(|count| format!("{} {}", count.value, count.label))
            .collect();
        self.word
            .say(Stand::Body, &[Piece::Bold(&counts.join(" | "))]);
        self.say(Stand::Body, &view.day);
    }

    fn leads(&mut self) {
        if self.view.leads.is_empty() {
            return;
        }
        self.word.heading(1, &self.view.h.leads.to_uppercase());
        for (at, lead) in self.view.leads.iter().enumerate() {
            self.lead(at + 1, lead);
        }
    }

    fn lead(&mut self, number: usize, lead: &Lead) {
        self.word.heading(2, &format!("{number}. {}", lead.title));
        for quote in &lead.quotes {
            for sentence in &quote.sentences {
                self.word.say(Stand::Quote, &[Piece::Italic(sentence)]);
            }
            if let Some(paper) = &quote.paper {
                self.say(Stand::Note, &format!("— {paper}"));
            }
        }
        let mut carried = format!("{}.", lead.carried);
        if let Some(continues) = &lead.continues {
            carried += &format!(" {continues}.");
        }
        let time = lead.paper.time.as_ref();
        let time = time.map(|time| format!(", {time}")).unwrap_or_default();
        let quoted = lead.quotes.first();
        carried += match quoted.is_some_and(|quote| quote.paper.is_none()) {
            true => " Trích ",
            false => " Nguồn: ",
        };
        carried += &format!("{}{time}. ", named(&lead.paper));
        let mut pieces = vec![Piece::Plain(&carried)];
        pieces.extend(lead.paper.url.iter().map(|url| Piece::Link(url)));
        self.word.say(Stand::Note, &pieces);
        self.papers(&lead.others, lead.hidden);
        self.discords(&lead.discords);
    }

    /// Papers, a line each, with their addresses.
    fn papers(&mut self, papers: &[Paper], hidden: usize) {
        for paper in papers {
            let name = format!("{}: ", named(paper));
            let mut pieces = vec![Piece::Plain(&name)];
            pieces.extend(paper.url.iter().map(|url| Piece::Link(url)));
            self.word.say(Stand::Note, &pieces);
        }
        if hidden > 0 {
            self.say(Stand::Note, &format!("và {hidden} báo khác"));
        }
    }

    fn discords(&mut self, discords: &[DiscordLine]) {
        for discord in discords {
            let claims: Vec<String> = discord
                .claims
                .iter()
                .map(|claim| match &claim.paper {
                    Some(paper) => format!("{} ({paper})", claim.text),
                    None => claim.text.clone(),
                })
                .collect();
            let line = format!(
                "{} ({}): {}.",
                self.view.h.discords,
                discord.what,
                claims.join("; ")
            );
            self.word.say(Stand::Note, &[Piece::Bold(&line)]);
        }
    }

    fn figures(&mut self) {
        if self.view.figures.is_empty() {
            return;
        }
        self.word.heading(1, &self.view.h.figures.to_uppercase());
        let mut rows = vec![["Số liệu", "Nội dung", "Nguồn"].map(str::to_owned).to_vec()];
        for figure in &self.view.figures {
            let place = figure.place.as_ref();
            let place = place.map(|place| format!(" ({place})")).unwrap_or_default();
            let source = figure.source.clone().unwrap_or_default();
            rows.push(vec![
                figure.text.clone(),
                format!("{}{place}", figure.label),
                source,
            ]);
        }
        self.word.table(&rows, &[3, 6, 3]);
    }

    fn corrections(&mut self) {
        if self.view.corrections.is_empty() {
            return;
        }
        self.word
            .heading(1, &self.view.h.corrections.to_uppercase());
        for line in &self.view.corrections {
            let what = format!("– {}", line.what);
            let mut text = format!(
                " (số {}, {}): {}",
                line.number, line.paper, line.mailed_title
            );
            if let Some(title) = &line.title {
                text += &format!(" → {title}");
            }
            if let Some((was, now)) = line.was.as_ref().zip(line.now.as_ref()) {
                text += &format!(": “{was}” → “{now}”");
            }
            self.word
                .say(Stand::Item, &[Piece::Bold(&what), Piece::Plain(&text)]);
            if let Some(url) = &line.url {
                self.word.say(Stand::Note, &[Piece::Link(url)]);
            }
        }
    }

    fn sections(&mut self) {
        if self.view.sections.is_empty() {
            return;
        }
        self.word.heading(1, &self.view.h.topics.to_uppercase());
        for section in &self.view.sections {
            let heading = format!(
                "{} ({} {})",
                section.name, section.total, self.view.h.stories
            );
            self.word.heading(2, &heading);
            section.stories.iter().for_each(|story| self.story(story));
        }
    }

    fn story(&mut self, story: &Story) {
        let notes = match story.notes.is_empty() {
            true => String::new(),
            false => format!(" ({})", story.notes.join("; ")),
        };
        let title = format!("– {}", story.title);
        self.word
            .say(Stand::Item, &[Piece::Plain(&title), Piece::Italic(&notes)]);
        self.papers(&story.papers, story.hidden);
        self.discords(&story.discords);
    }

    fn tails(&mut self) {
        let view = self.view;
        for (heading, tail) in [
            (view.h.others, &view.others),
            (view.h.related, &view.related),
        ] {
            let Tail { total, stories, .. } = tail;
            if *total > 0 {
                self.word.heading(1, &heading.to_uppercase());
                stories.iter().for_each(|story| self.story(story));
            }
        }
    }

    fn reprints(&mut self) {
        if self.view.reprints.is_empty() {
            return;
        }
        self.word.heading(1, &self.view.h.reprints.to_uppercase());
        for earlier in &self.view.reprints {
            self.say(Stand::Item, &format!("– Đã điểm ở số {}", earlier.number));
            self.papers(&earlier.papers, earlier.hidden);
        }
    }

    fn provinces(&mut self) {
        let (view, h) = (self.view, self.view.h);
        self.word.heading(1, &h.provinces.to_uppercase());
        let with: Vec<String> = view
            .provinces_with
            .iter()
            .map(|place| format!("{} {}", place.name, place.stories))
            .collect();
        let groups = [
            (h.provinces_with, &with),
            (h.provinces_without, &view.provinces_without),
            (h.provinces_unread, &view.provinces_unread),
            (h.provinces_unwatched, &view.provinces_unwatched),
        ];
        for (heading, names) in groups {
            if !names.is_empty() {
                let heading = format!("{heading} ({}): ", names.len());
                let names = format!("{}.", names.join(", "));
                let pieces = [Piece::Bold(&heading), Piece::Plain(&names)];
                self.word.say(Stand::Body, &pieces);
            }
        }
        let heading = format!("{}: ", h.sources);
        let read = match view.failing_total {
            0 => format!(
                "đọc được {} nguồn, không nguồn nào bị lỗi.",
                view.sources_ok
            ),
            failing => format!(
                "đọc được {} nguồn; không đọc được {failing} nguồn:",
                view.sources_ok
            ),
        };
        self.word
            .say(Stand::Body, &[Piece::Bold(&heading), Piece::Plain(&read)]);
        for trouble in &view.failing {
            let line = format!(
                "– {}: {} · {}",
                trouble.source, trouble.reason, trouble.when
            );
            self.say(Stand::Note, &line);
        }
    }

    fn closing(&mut self) {
        let (view, h) = (self.view, self.view.h);
        if !view.week.is_empty() {
            self.word
                .heading(1, &format!("{} {}", h.week, h.week_unit).to_uppercase());
            let bars: Vec<(String, u32, String)> = view
                .week
                .iter()
                .map(|bar| (bar.label.clone(), bar.percent, bar.articles.clone()))
                .collect();
            self.word.bars(&bars);
        }
        let mut made = format!(
            "Bản tin do phần mềm lập tự động từ nguồn tin công khai của các báo; câu trích dẫn giữ nguyên văn. Lập lúc {}.",
            view.made_at
        );
        if let Some(contact) = &view.contact {
            made += &format!(" Góp ý, phản ánh sai sót: {contact}.");
        }
        self.word.say(Stand::Note, &[Piece::Italic(&made)]);
    }
}

/// "Báo An Giang (tin đến muộn)".
fn named(paper: &Paper) -> String {
    match paper.marks.is_empty() {
        true => paper.name.clone(),
        false => format!("{} ({})", paper.name, paper.marks.join(", ")),
    }
}
